import Synchronization
import WaybillCore
import WaybillLedger

/// Every policy set that was in force, by digest: entries of the log pin digests, and explanations need the files behind them.
///
/// One directory a set (`var/policy-sets/<digest>/`), complete or absent, with a list of its agreement versions. A file that reads as in the set
/// before is that file under a second name, so that one change of ten thousand documents costs what one document costs.
struct PolicyArchive: Sendable {
    static let listName = ".agreements"
    private static let listBytesMax = 64 << 20
    let path: String
    private let listed = Listed()

    init(path: String) { self.path = path }

    /// What the lists of sets hold that were looked at; a set never changes.
    private final class Listed: Sendable {
        let state = Mutex<(sets: Set<String>, versions: Set<Version>)>(([], []))
    }

    /// One agreement version as it once was in force.
    struct Version: Hashable, Sendable {
        var name: String
        var digest: String
    }

    /// Keeps a set before it comes into force. Does nothing if it is kept already. `earlier`: the digest of a set that is much like it.
    func keep(_ set: PolicySet, files: [String: [UInt8]], like earlier: String? = nil) throws(CommandFailure) {
        let final = Files.resolve(set.digest, against: path)
        try failing { () throws(SystemError) in
            if try Files.facts(final) != nil { return }
            let temporary = Files.resolve(".new-\(set.digest)", against: path)
            try Files.removeTree(temporary)
            var folders: Set<String> = []
            for (name, content) in files {
                let file = Files.resolve(name, against: temporary)
                let folder = Files.parent(of: file)
                if folders.insert(folder).inserted { try Files.makeDirectory(folder, mode: 0o700) }
                let former = earlier.map { Files.resolve(name, against: Files.resolve($0, against: path)) }
                if let former, try Files.facts(former) != nil, try Files.read(former, bytesMax: PolicyDirectory.fileBytesMax) == content {
                    try Files.hardLink(former, as: file)
                } else {
                    try PolicyArchive.write(content, to: file)
                }
            }
            let list = set.agreements.map { "\($0.versionName) \($0.digest)\n" }.sorted().joined()
            try Files.makeDirectory(temporary, mode: 0o700)
            try PolicyArchive.write(Array(list.utf8), to: Files.resolve(PolicyArchive.listName, against: temporary))
            for folder in folders { try Files.syncDirectory(folder) }
            try Files.rename(temporary, to: final)
        }
    }

    /// Its folder is nobody's yet, and is synced as a whole.
    private static func write(_ content: [UInt8], to path: String) throws(SystemError) {
        let file = try NewFile(path)
        try file.write(content)
        try file.finish()
    }

    /// Every agreement version of every set kept.
    func versions() throws(CommandFailure) -> Set<Version> {
        try failing { () throws(SystemError) in
            guard try Files.facts(path) != nil else { return [] }
            var (sets, versions) = listed.state.withLock { $0 }
            for digest in try Files.names(in: path) where !sets.contains(digest) {
                let list = Files.resolve(PolicyArchive.listName, against: Files.resolve(digest, against: path))
                guard try Files.facts(list) != nil else { continue }
                for line in String(decoding: try Files.read(list, bytesMax: PolicyArchive.listBytesMax), as: UTF8.self).split(
                    separator: "\n")
                {
                    let parts = line.split(separator: " ")
                    if parts.count == 2 { versions.insert(Version(name: String(parts[0]), digest: String(parts[1]))) }
                }
                sets.insert(digest)
            }
            let found = (sets: sets, versions: versions)
            listed.state.withLock { $0 = found }
            return versions
        }
    }

    /// The set that an entry pins; nil if it is not kept here as it was.
    func set(_ digest: String) throws -> PolicySet? {
        let directory = Files.resolve(digest, against: path)
        guard digest.allSatisfy({ $0.isHexDigit }), try Files.facts(directory) != nil else { return nil }
        let set = try PolicyDirectory(directory).load().set
        return set.digest == digest ? set : nil
    }
}

extension Agreement {
    /// `hubspot-newsletter@3`.
    var versionName: String { "\(id)@\(version)" }
}

/// Refuses a set in which an agreement version reads otherwise than when transfers were made under it.
struct AgreementHistory: Sendable {
    /// How much of the log is searched before a changed version counts as used, in entries.
    static let entriesSearchedMax: UInt64 = 2_000_000
    private static let commitsAtOnce = 256
    let archive: PolicyArchive
    let log: any LogReader
    /// Opens the earlier shards, oldest first. They are not kept open, so that they can be frozen.
    var older: @Sendable () throws -> [any LogReader] = { [] }

    func check(_ set: PolicySet) throws {
        let known = Dictionary(grouping: try archive.versions(), by: \.name)
        var problems: [PolicyProblem] = []
        for agreement in set.agreements {
            let others = (known[agreement.versionName] ?? []).map(\.digest).filter { $0 != agreement.digest }
            guard !others.isEmpty, try isInLog(others) else { continue }
            problems.append(
                PolicyProblem(
                    severity: .error, position: agreement.position, code: "agreement_version_changed",
                    message: "agreement `\(agreement.id)` version \(agreement.version) was changed after transfers were made under it",
                    remedy: "restore the file, and write the change as version \(agreement.version + 1)"))
        }
        if !problems.isEmpty { throw PolicyProblems(all: problems) }
    }

    /// Newest first, because a version is mostly changed soon after it was used.
    private func isInLog(_ digests: [String]) throws -> Bool {
        let needles = digests.map { Array("{\"h\":\"\($0)\"".utf8) }
        var left = AgreementHistory.entriesSearchedMax
        for shard in [log] + (try older().reversed()) {
            var end = try shard.head()?.size ?? 0
            while end > 0 {
                let commits = try shard.commits(before: end, limit: AgreementHistory.commitsAtOnce)
                for commit in commits where needles.contains(where: { Bytes.contain(commit.body, $0) }) { return true }
                let first = commits.map(\.first).min() ?? 0
                guard end - first <= left else { return true }
                left -= end - first
                end = first
            }
        }
        return false
    }
}

enum Bytes {
    /// Whether `needle` (not empty) occurs.
    static func contain(_ bytes: [UInt8], _ needle: [UInt8]) -> Bool {
        guard let first = needle.first, bytes.count >= needle.count else { return false }
        return bytes.withUnsafeBufferPointer { bytes in
            var at = 0
            while let found = bytes[at...].firstIndex(of: first) {
                guard found + needle.count <= bytes.count else { return false }
                if bytes[found..<found + needle.count].elementsEqual(needle) { return true }
                at = found + 1
            }
            return false
        }
    }
}
