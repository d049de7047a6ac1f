import WaybillCore

/// A policy set on disk: finds its files, reads them, and hands them to the loader.
struct PolicyDirectory: Sendable {
    static let fileBytesMax = 4 << 20
    static let filesMax = 50_000
    let path: String

    init(_ path: String) { self.path = path }

    /// What would have to change for the set to be another one. Cheap enough to be asked twice a second.
    struct Signature: Hashable, Sendable {
        var files: [String: Files.Facts]
    }

    func signature() throws(CommandFailure) -> Signature {
        var files: [String: Files.Facts] = [:]
        for name in try names() {
            files[name] = try failing { () throws(SystemError) in try Files.facts(Files.resolve(name, against: path)) }
        }
        return Signature(files: files)
    }

    /// Path inside the set → bytes.
    func read() throws(CommandFailure) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try names() {
            files[name] = try failing { () throws(SystemError) in
                try Files.read(Files.resolve(name, against: path), bytesMax: PolicyDirectory.fileBytesMax)
            }
        }
        return files
    }

    /// Reads and compiles. Throws `PolicyProblems` for a broken set, `CommandFailure` where it cannot be read.
    func load() throws -> (set: PolicySet, warnings: [PolicyProblem]) { try PolicyLoader.load(files: try read()) }

    /// The same with everything a gate keeps of it. `signature`: taken before, so that a change meanwhile is noticed.
    func loadAll(_ signature: Signature) throws -> (policies: LoadedPolicies, warnings: [PolicyProblem]) {
        let files = try read()
        let (set, warnings) = try PolicyLoader.load(files: files)
        return (LoadedPolicies(directory: self, signature: signature, files: files, set: set), warnings)
    }

    /// The same for commands that only need the set: problems end the command, named by file, line and column.
    func loadForCommand() throws -> PolicySet {
        do {
            return try load().set
        } catch let problems as PolicyProblems {
            throw failure(problems)
        }
    }

    func failure(_ problems: PolicyProblems) -> CommandFailure {
        let lines = problems.all.map { located($0) }
        return CommandFailure((["the policy set in \(path) is broken"] + lines).joined(separator: "\n"), status: .policyInvalid)
    }

    /// `policies/vendors/hubspot.yaml:3:1: …`, so that editors can jump there.
    func located(_ problem: PolicyProblem) -> String { Files.resolve(problem.description, against: path) }

    private func names() throws(CommandFailure) -> [String] {
        guard let facts = try failing({ () throws(SystemError) in try Files.facts(path) }), facts.isDirectory else {
            throw CommandFailure("there is no policy directory \(path)", remedy: "check the path, or make a set with `waybill init DIR`")
        }
        let names = try failing { () throws(SystemError) in try PolicyDirectory.names(path, prefix: "", depth: 0) }
        guard names.count <= PolicyDirectory.filesMax else {
            throw CommandFailure("\(path) holds more than \(PolicyDirectory.filesMax) policy files", remedy: "split the set")
        }
        return names
    }

    /// Every YAML file; other files (a README, editors' backups) are none of the set's.
    private static func names(_ directory: String, prefix: String, depth: Int) throws(SystemError) -> [String] {
        var found: [String] = []
        for name in try Files.names(in: directory) {
            let path = Files.resolve(name, against: directory)
            guard let facts = try Files.facts(path) else { continue }
            if facts.isDirectory {
                if depth < 4 { found += try names(path, prefix: "\(prefix)\(name)/", depth: depth + 1) }
            } else if name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
                found.append(prefix + name)
            }
        }
        return found
    }
}

/// A policy set and what it was read from.
struct LoadedPolicies: Sendable {
    var directory: PolicyDirectory
    var signature: PolicyDirectory.Signature
    var files: [String: [UInt8]]
    var set: PolicySet
}
