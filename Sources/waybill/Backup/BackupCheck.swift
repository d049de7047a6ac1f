import WaybillCore
import WaybillLedger
import WaybillStorage

/// Whether the parts of a backup are whole and fit together. Changes nothing.
struct BackupCheck {
    /// Commits of the last run that are searched for the newest consent they refer to; sequences hardly ever go back.
    private static let commitsSearchedMax = 4_096
    let folder: String
    let keyring: Keyring
    let logKeys: LogKeys

    /// Everything: signature, digests, pages, the log from its entries, and how the parts fit. Returns the manifest.
    func run(progress: (String, Int, Int) -> Void) throws -> BackupManifest {
        let manifest = try BackupManifest.read(folder, keys: logKeys)
        try files(manifest) { progress("bytes", $0, $1) }
        guard try consentSequence() == manifest.consentSequence else {
            throw BackupManifest.damaged("the consents are not those of the manifest")
        }
        let named = try manifest.shards.map { shard in (shard.file, try Self.half(shard)) }
        guard try shards(named) == manifest.shards else { throw BackupManifest.damaged("the log is not the one of the manifest") }
        try contents(manifest, verify: true) { progress("entries", $0, $1) }
        return manifest
    }

    /// Each file is there with its bytes, and no other.
    private func files(_ manifest: BackupManifest, progress: (Int, Int) -> Void) throws {
        try Self.noStrangers(manifest, in: folder)
        let total = manifest.files.reduce(0) { $0 + $1.bytes }
        var done = 0
        for file in manifest.files {
            let path = Files.resolve(file.name, against: folder)
            guard try Files.facts(path) != nil else { throw BackupManifest.damaged("\(file.name) is missing") }
            let found = try FileCopy.digest(path) { count in
                done += count
                progress(done, total)
            }
            guard found == (file.bytes, file.sha256) else { throw BackupManifest.damaged("\(file.name) was changed") }
        }
    }

    static func noStrangers(_ manifest: BackupManifest, in folder: String) throws {
        let expected = Set(manifest.files.map(\.name) + [BackupManifest.name, BackupManifest.noteName])
        for name in try BackupMaking.tree(folder) where !expected.contains(name) {
            throw BackupManifest.damaged("\(name) is not in the manifest")
        }
    }

    func consentSequence() throws -> Int64 {
        try CopiedStore(path: Files.resolve(BackupManifest.consents, against: folder)).consentSequence(keyring: keyring)
    }

    /// What the copies of the log say of themselves, oldest first.
    func shards(_ named: [(String, HalfYear?)]) throws -> [BackupManifest.Shard] {
        try named.map { name, half in
            let reader = try SQLiteLogReader(path: Files.resolve(name, against: folder))
            defer { reader.close() }
            guard let identity = try reader.identity() else {
                throw BackupManifest.damaged("\(name) has no entries")
            }
            let head = try reader.head()
            return BackupManifest.Shard(
                file: name, half: half?.description, origin: identity.origin, entries: head?.size ?? 0, root: head?.root.description ?? "")
        }
    }

    /// The databases are sound, the log verifies, and the consents are not older than what the log refers to.
    func contents(_ manifest: BackupManifest, verify: Bool, progress: (Int, Int) -> Void) throws {
        for file in manifest.files where [BackupManifest.consents, BackupManifest.control].contains(file.name) {
            try CopiedStore(path: Files.resolve(file.name, against: folder)).checkPages()
        }
        let readers = try manifest.shards.map { shard in
            (shard, try SQLiteLogReader(path: Files.resolve(shard.file, against: folder)))
        }
        defer { for (_, reader) in readers { reader.close() } }
        if let live = readers.last?.1, let referred = try Self.consentReferred(live), referred > manifest.consentSequence {
            throw CommandFailure(
                "the consents (\(manifest.consentSequence)) are older than what the log refers to (\(referred))",
                remedy: "if they were replaced on purpose, start the gate once and back up again", status: .verificationFailed)
        }
        guard verify else { return }
        let chain = ShardChainVerifier(
            shards: readers.map { ShardChainVerifier.Shard(name: $0.0.half ?? "first", reader: $0.1) },
            publicKeys: try logKeys.publicKeys(),
            keys: logKeys)
        let report = chain.verify { progress(Int($0), Int($1)) }
        if let fault = report.faults.first {
            throw CommandFailure(
                "the log in the backup does not verify: \(fault.what.withoutFullStop)",
                remedy: "run `waybill log verify` on the installation",
                status: .verificationFailed)
        }
    }

    /// The newest consent that the last run's transfers refer to.
    static func consentReferred(_ log: SQLiteLogReader) throws -> Int64? {
        guard let head = try log.head() else { return nil }
        return try log.consentReferred(epoch: head.epoch, before: head.size, commitsMax: commitsSearchedMax)
    }

    private static func half(_ shard: BackupManifest.Shard) throws -> HalfYear? {
        guard let text = shard.half else { return nil }
        guard let half = HalfYear(text) else { throw BackupManifest.damaged("\(BackupManifest.name) names a shard that cannot be") }
        return half
    }
}
