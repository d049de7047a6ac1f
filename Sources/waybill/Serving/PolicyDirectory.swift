import WaybillCore
import WaybillLedger

/// A policy set on disk, and what was approved beside it: finds its files, reads them, and hands them to the loader.
struct PolicyDirectory: Sendable {
    static let fileBytesMax = 4 << 20
    static let filesMax = 50_000
    let path: String
    /// Approved documents join the files as if they stood in `console/`; nil: there are none.
    let store: (any PolicyLifeStore)?

    init(_ path: String, store: (any PolicyLifeStore)? = nil) {
        self.path = path
        self.store = store
    }

    /// What would have to change for the set to be another one. Cheap enough to be asked twice a second.
    struct Signature: Hashable, Sendable {
        var files: [String: Files.Facts]
        /// The last act in the store that changes what may be sent.
        var stored: Int64 = 0
    }

    func signature() throws(CommandFailure) -> Signature {
        var files: [String: Files.Facts] = [:]
        for name in try names() {
            files[name] = try failing { () throws(SystemError) in try Files.facts(Files.resolve(name, against: path)) }
        }
        return Signature(files: files, stored: try failingAsStore { try store?.lastBindingEvent() ?? 0 })
    }

    /// Path inside the set → bytes, of files and of what was approved beside them.
    func read() throws(CommandFailure) -> [String: [UInt8]] {
        var files = try readFiles()
        guard let store else { return files }
        if let name = files.keys.sorted().first(where: { $0.hasPrefix(PolicyDocumentName.storeFolder) }) {
            throw CommandFailure(
                "\(Files.resolve(name, against: path)) stands where the console's documents do", remedy: "move it to another folder")
        }
        let stored = try failingAsStore { try store.files(of: try store.lives(), at: SystemWallClock().now()) }
        files.merge(stored) { _, stored in stored }
        return files
    }

    private func failingAsStore<Value>(_ work: () throws -> Value) throws(CommandFailure) -> Value {
        do {
            return try work()
        } catch let problem as PolicyLifeProblem {
            throw CommandFailure(problem.message.withoutFullStop)
        } catch {
            throw CommandFailure("\(error)".withoutFullStop)
        }
    }

    /// Of the files alone.
    func readFiles() throws(CommandFailure) -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for name in try names() {
            files[name] = try failing { () throws(SystemError) in
                try Files.read(Files.resolve(name, against: path), bytesMax: PolicyDirectory.fileBytesMax)
            }
        }
        return files
    }

    /// One file of the set, by its path inside it; nil: there is none.
    func readFile(_ name: String) throws(CommandFailure) -> [UInt8]? {
        let file = Files.resolve(name, against: path)
        return try failing { () throws(SystemError) in
            try Files.facts(file) == nil ? nil : try Files.read(file, bytesMax: PolicyDirectory.fileBytesMax)
        }
    }

    /// Reads and compiles. Throws `PolicyProblems` for a broken set, `CommandFailure` where it cannot be read.
    func load() throws -> (set: PolicySet, warnings: [PolicyProblem]) { try PolicyLoader.load(files: try read()) }

    /// The same with everything a gate keeps of it. `signature`: taken before, so that a change meanwhile is noticed.
    /// `since`: the set before, so that what did not change is not read again.
    func loadAll(_ signature: Signature, since earlier: PolicySet? = nil) throws -> (policies: LoadedPolicies, warnings: [PolicyProblem]) {
        let files = try read()
        let (set, warnings) = try PolicyLoader.load(files: files, since: earlier)
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

extension Wiring {
    /// The policy set of an installation: its files, and what was approved in the control store, if there is one yet.
    static func policies(_ settings: Settings) throws(CommandFailure) -> PolicyDirectory {
        guard try failing({ () throws(SystemError) in try Files.facts(settings.controlStore) }) != nil else {
            return PolicyDirectory(settings.policies)
        }
        return PolicyDirectory(settings.policies, store: try control(settings))
    }
}
