import WaybillCore
import WaybillLedger
import WaybillStorage

/// Makes a backup beside a running gate, or without one.
///
/// All snapshots are opened before the first byte is copied, the log's first: what an entry refers to (a consent sequence, a policy set) was
/// stored before the entry was, so it is in the snapshots that are opened after it.
struct BackupMaking {
    let settings: Settings
    let target: String
    let keyring: Keyring
    let logKeys: LogKeys
    /// Where it is written before it takes its name.
    private var work: String { "\(target).unfinished" }

    struct Part {
        var name: String
        var snapshot: DatabaseSnapshot
    }

    /// `progress`: bytes done so far.
    func run(verify: Bool, progress: (String, Int, Int) -> Void) throws -> BackupManifest {
        let lock = try prepare()
        do {
            let manifest = try write(verify: verify, progress)
            try failing { () throws(SystemError) in try Files.rename(work, to: target) }
            withExtendedLifetime(lock) {}
            return manifest
        } catch {
            // What is left has no note, and is no backup; but it should not fill a disk either.
            do { try Files.removeTree(work) } catch { StandardStreams.writeError("waybill: \(work) could not be removed; remove it\n") }
            throw error
        }
    }

    private func prepare() throws -> FolderLock {
        guard try Files.facts(target) == nil else {
            throw CommandFailure("\(target) exists already", remedy: "name a new folder for each backup")
        }
        try Files.makeDirectory(work, mode: 0o700)
        guard let lock = try FolderLock(work) else {
            throw CommandFailure("another backup is being written to \(target)", remedy: "wait for it, or name another folder")
        }
        // Of a backup that was interrupted.
        for name in try Files.names(in: work, hidden: true) { try Files.removeTree(Files.resolve(name, against: work)) }
        return lock
    }

    private func write(verify: Bool, _ progress: (String, Int, Int) -> Void) throws -> BackupManifest {
        let parts = try snapshots()
        var files: [BackupManifest.File] = []
        for part in parts {
            let path = Files.resolve(part.name, against: work)
            try part.snapshot.copy(to: path) { done, total in progress("pages of \(part.name)", done, total) }
            part.snapshot.close()
            let digest = try FileCopy.digest(path)
            files.append(BackupManifest.File(name: part.name, bytes: digest.bytes, sha256: digest.sha256))
        }
        files += try copyFiles()
        var manifest = BackupManifest(
            format: BackupManifest.format, version: Waybill.version, madeAt: SystemWallClock().now().rfc3339, consentSequence: 0,
            shards: [],
            files: files.sorted { $0.name < $1.name })
        let check = BackupCheck(folder: work, keyring: keyring, logKeys: logKeys)
        manifest.consentSequence = try check.consentSequence()
        manifest.shards = try check.shards(parts.compactMap { part in Self.half(ofLog: part.name).map { (part.name, $0) } })
        try check.contents(manifest, verify: verify) { progress("entries", $0, $1) }
        try manifest.write(to: work, keys: logKeys)
        for folder in try folders(work) { try Files.syncDirectory(folder) }
        return manifest
    }

    private func snapshots() throws -> [Part] {
        let shards = try settings.logShards()
        guard !shards.isEmpty, try Files.facts(settings.store) != nil else {
            throw CommandFailure("there is nothing to back up at \(settings.stateDirectory) yet", remedy: "start `waybill serve` once")
        }
        // Newest first, because it is the one that grows; what follows may only be newer than it.
        let logs = try shards.reversed().map { Part(name: BackupManifest.logName($0.half), snapshot: try snapshot($0.path)) }
        let consents = Part(name: BackupManifest.consents, snapshot: try snapshot(settings.store))
        let control =
            try Files.facts(settings.controlStore) == nil
            ? [] : [Part(name: BackupManifest.control, snapshot: try snapshot(settings.controlStore))]
        return logs.reversed() + [consents] + control
    }

    private func snapshot(_ path: String) throws -> DatabaseSnapshot { try DatabaseSnapshot(path: path) }

    /// The policy sets that decided, and the tombstones of the erased.
    private func copyFiles() throws -> [BackupManifest.File] {
        var files: [BackupManifest.File] = []
        let archive = Wiring.archive(settings).path
        for name in try Self.tree(archive) {
            let stored = "\(BackupManifest.policySets)/\(name)"
            let digest = try FileCopy.copy(Files.resolve(name, against: archive), to: Files.resolve(stored, against: work))
            files.append(BackupManifest.File(name: stored, bytes: digest.bytes, sha256: digest.sha256))
        }
        let tombstones = settings.tombstones
        if try Files.facts(tombstones) != nil {
            let digest = try FileCopy.copy(tombstones, to: Files.resolve(BackupManifest.tombstones, against: work))
            files.append(BackupManifest.File(name: BackupManifest.tombstones, bytes: digest.bytes, sha256: digest.sha256))
        }
        return files
    }

    /// Every file below a folder, by its name from there; sets that are being written are left out.
    static func tree(_ folder: String) throws(SystemError) -> [String] {
        guard try Files.facts(folder)?.isDirectory == true else { return [] }
        var names: [String] = []
        for name in try Files.names(in: folder, hidden: true) where !name.hasPrefix(".new-") {
            let path = Files.resolve(name, against: folder)
            if try Files.facts(path)?.isDirectory == true { names += try tree(path).map { "\(name)/\($0)" } } else { names.append(name) }
        }
        return names
    }

    private func folders(_ folder: String) throws(SystemError) -> [String] {
        var found = [folder]
        for name in try Files.names(in: folder, hidden: true) {
            let path = Files.resolve(name, against: folder)
            if try Files.facts(path)?.isDirectory == true { found += try folders(path) }
        }
        return found
    }

    /// `.some(nil)`: the first file; nil: no log.
    static func half(ofLog name: String) -> HalfYear?? {
        if name == BackupManifest.logName(nil) { return .some(nil) }
        guard name.hasPrefix("log-"), name.hasSuffix(".db") else { return nil }
        return HalfYear(name.dropFirst(4).dropLast(3)).map { .some($0) }
    }

    /// Writes the keys into a folder of their own beside the backup.
    static func copyKeys(_ settings: Settings, to folder: String) throws -> [String] {
        guard try Files.facts(folder) == nil else {
            throw CommandFailure("\(folder) exists already", remedy: "name a new folder for each backup")
        }
        try Files.makeDirectory(folder, mode: 0o700)
        let names = try tree(settings.keys)
        for name in names { _ = try FileCopy.copy(Files.resolve(name, against: settings.keys), to: Files.resolve(name, against: folder)) }
        try Files.syncDirectory(folder)
        return names
    }
}
