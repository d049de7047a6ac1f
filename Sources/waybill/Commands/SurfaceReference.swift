import FoundationEssentials
import Logging
import WaybillControl
import WaybillCore
import WaybillLedger

/// `docs/reference/openapi.json` and `docs/reference/permissions.md`, written from what a gate serves at its control listener: one is opened
/// for this in a directory of its own, listens nowhere, and the directory is removed.
struct SurfaceReference {
    private let surface: ControlSurface

    static func read() async throws -> Self {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("waybill-reference-\(UUID().uuidString)").path
        let result: Result<ControlSurface?, any Error>
        do {
            result = .success(try await surface(in: directory))
        } catch {
            result = .failure(error)
        }
        try failing { () throws(SystemError) in try Files.removeTree(directory) }
        guard let surface = try result.get() else { throw CommandFailure("a gate of this version serves nothing") }
        return Self(surface: surface)
    }

    private static func surface(in directory: String) async throws -> ControlSurface? {
        let skeleton = Skeleton(
            organisation: "Reference", id: "reference", country: "DE", token: "reference", today: SystemWallClock().now().day)
        for (name, content) in skeleton.files {
            let path = Files.resolve(name, against: directory)
            try failing { () throws(SystemError) in
                try Files.makeDirectory(Files.parent(of: path))
                try Files.create(path, content: Array(content.utf8), mode: 0o600)
            }
        }
        let settings = try await SettingsReader.read(file: Files.resolve("waybill.yaml", against: directory), flags: [:], environment: [:])
        let quiet = Logger(label: "waybill") { _ in SwiftLogNoOpLogHandler() }
        return try await Serving.surface(settings, logger: quiet)
    }

    /// As it is served, for people: two blanks a level.
    func openAPI() throws -> String { try OpenAPIDocument(surface.operations).value.pretty + "\n" }

    var permissions: String {
        """
        # Every operation, page and form, and who may use it

        <!-- Generated: waybill reference permissions > docs/reference/permissions.md -->

        Roles and permissions: [access.md](../access.md). Who may not is answered 403, who is unknown 401 by the API and led to the
        sign-in page by the console; nothing is done, and the log has an entry (`access.refused`). Who is bound to a vendor, an engagement
        or a caller finds nothing of others. `acceptance/checks/permissions.py` has these rights a second time, by hand, and asks a running
        gate for every row as every role.

        ## Operations of the API


        """
            + table(
                ["operation", "method", "path"],
                surface.operations.sorted { ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue) }.map { operation in
                    let right = operation.isSigned ? nil : operation.permission
                    return Row(names: [operation.id, operation.method.rawValue, operation.path], right: right)
                }, open: "signed")
                + """

                ## Pages and forms of the console


                """
            + table(
                ["method", "path"],
                surface.pages.sorted { ($0.path, $0.method.rawValue) < ($1.path, $1.method.rawValue) }.map { page in
                    Row(names: [page.method.rawValue, page.path], right: page.permission)
                }, open: "open")
    }

    private struct Row {
        var names: [String]
        var right: Permission?
    }

    /// `open`: what stands for the permission where none is asked for.
    private func table(_ head: [String], _ rows: [Row], open: String) -> String {
        let roles = Role.allCases
        let heading = head + ["permission"] + roles.map { $0.rawValue.replacing("_", with: " ") }
        let rule = head.map { _ in "---" } + ["---"] + roles.map { _ in ":-:" }
        let lines = rows.map { row in
            row.names.map { "`\($0)`" } + [row.right.map { "`\($0.rawValue)`" } ?? open]
                + roles.map { role in row.right.map { $0.roles.contains(role) } ?? true ? "yes" : "" }
        }
        return ([heading, rule] + lines).map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    }
}
