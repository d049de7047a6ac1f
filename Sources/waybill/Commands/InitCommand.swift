import ArgumentParser
import Crypto
import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger

struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a new installation: configuration, policies to start from, keys, CA.",
        discussion:
            "Prints the token of its first caller and the set-up code of its first administrator, once. The directory must be empty "
            + "or missing.")

    @Argument(help: "The directory to make.", completion: .directory)
    var directory: String

    @Option(name: .long, help: "The organisation's name.")
    var organisation = "Example Organisation"

    @Option(name: .long, help: ArgumentHelp("The organisation's id, part of the log's name.", valueName: "id"))
    var id = "example"

    @Option(name: .long, help: ArgumentHelp("Country where it is established, ISO 3166.", valueName: "region"))
    var country = "DE"

    func validate() throws {
        guard !id.isEmpty, id.utf8.count <= 64,
            id.utf8.allSatisfy({ $0 == 0x2d || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) })
        else {
            throw ValidationError("--id must be lower-case letters, digits and `-`, like acme-eu")
        }
        guard Region(country) != nil else { throw ValidationError("--country must be an ISO 3166 code, like DE or US-MA") }
        guard organisation.utf8.count <= 64, organisation.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0 != "\"" && $0 != "\\" }) else {
            throw ValidationError("--organisation must be a short text without quotes")
        }
    }

    func run() async throws {
        try makeRoom()
        let token =
            "wb_"
            + SymmetricKey(size: .bits256).withUnsafeBytes { Data($0) }.base64EncodedString()
            .map { ["+": "-", "/": "_", "=": ""][$0] ?? String($0) }.joined()
        let skeleton = Skeleton(organisation: organisation, id: id, country: country, token: token, today: SystemWallClock().now().day)
        for (name, content) in skeleton.files {
            let path = Files.resolve(name, against: directory)
            try failing { () throws(SystemError) in
                try Files.makeDirectory(Files.parent(of: path))
                try Files.create(path, content: Array(content.utf8), mode: 0o644)
            }
        }
        let settings = try await SettingsReader.read(file: Files.resolve("waybill.yaml", against: directory), flags: [:], environment: [:])
        try failing { () throws(SystemError) in try Files.makeDirectory(settings.stateDirectory, mode: 0o700) }
        let keys = try KeyDirectory(settings.keys, create: true)
        _ = try keys.masterKey(create: true)
        _ = try keys.logKey(create: true)
        let policies = try PolicyDirectory(settings.policies).loadForCommand()
        _ = try InterceptionCA.create(in: keys, organisation: policies.organisation.name, permit: policies.hosts)
        report(token, setUpCode: try firstAdministrator(settings))
    }

    /// The control store is made here, so that the first administrator's code is in it before anything listens.
    private func firstAdministrator(_ settings: Settings) throws -> String {
        keepFilesPrivate()
        let (code, record) = AccessDesk.firstSetUp(now: SystemWallClock().now())
        try stored { try AccessKeeping(Wiring.control(settings)).keep([.setUp(record)]) }
        return code
    }

    private func makeRoom() throws(CommandFailure) {
        let facts = try failing { () throws(SystemError) in try Files.facts(directory) }
        if let facts {
            guard facts.isDirectory else { throw CommandFailure("\(directory) is a file", remedy: "name a new directory") }
            let names = try failing { () throws(SystemError) in try Files.names(in: directory, hidden: true) }
            guard names.isEmpty else { throw CommandFailure("\(directory) is not empty", remedy: "name a new directory") }
        } else {
            try failing { () throws(SystemError) in try Files.makeDirectory(directory) }
        }
    }

    private func report(_ token: String, setUpCode: String) {
        StandardStreams.writeOutput(
            """
            Made an installation in \(directory).

            Token of the caller `crm`, shown only now (its SHA-256 stands in policies/callers/crm.yaml):
              \(token)

            Next:
              waybill test \(Files.resolve("policies", against: directory))
              waybill serve --config \(Files.resolve("waybill.yaml", against: directory))
            and send vendor calls to http://127.0.0.1:8080/to/mailer/… with the header `Waybill-Token: <token>`.

            The first administrator opens http://127.0.0.1:8081/console/set-up within an hour and enters this code, shown only now
            (`waybill account invite` prints another):
              \(setUpCode)

            """)
    }
}
