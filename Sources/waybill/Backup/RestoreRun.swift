import WaybillCore
import WaybillLedger
import WaybillStorage

/// Puts a backup in the place of an installation's data.
///
/// Everything is copied beside the data and verified there; only then what was there is moved aside and the copies take its names. The
/// checkpoint outside the database and the tombstones of the erased stay what they are: they know what the backup does not.
struct RestoreRun {
    let settings: Settings
    let source: String
    /// Whether what is there may be moved aside.
    let replace: Bool
    /// Keys to put into an installation that has none.
    let keysFrom: String?

    struct Outcome {
        var manifest: BackupManifest
        /// Where the data is that was there; nil: there was none.
        var aside: String?
        var start: Start
    }
    /// What the next start will make of the log.
    enum Start: Equatable {
        case goesOn
        /// The gate knows of more entries than the backup has.
        case mustAcknowledge(known: UInt64?)
    }

    private var staging: String { Files.resolve("restore.unfinished", against: settings.stateDirectory) }

    func run(progress: (String, Int, Int) -> Void) throws -> Outcome {
        keepFilesPrivate()
        try Files.makeDirectory(settings.stateDirectory, mode: 0o700)
        let lock = try settings.ownStore("restore")
        let interrupted = try Files.facts(InterruptedRestore.mark(settings)) != nil
        let existing = try self.existing()
        guard existing.isEmpty || replace || interrupted else {
            throw CommandFailure(
                "there is data already: \(existing[0])",
                remedy: "restore with --replace, which moves it aside, or name another installation")
        }
        try placeKeys()
        let (keys, keyring) = try Wiring.keyring(settings, create: false)
        let logKeys = try Wiring.logKeys(keys, keyring, create: false)
        let manifest = try stage(logKeys, keyring, progress)
        let outside = try outsideCheckpoint()
        let aside = try exchange(existing, manifest)
        withExtendedLifetime(lock) {}
        return Outcome(manifest: manifest, aside: aside, start: try start(manifest, outside))
    }

    /// Data of the installation that would not go with the backup's. The index is derived and made anew.
    private func existing() throws -> [String] {
        let files = [settings.store] + (try settings.logShards()).map(\.path) + [settings.controlStore, settings.indexStore]
        return try files.flatMap { file in try ["", "-wal", "-shm", "-journal"].map { file + $0 }.filter { try Files.facts($0) != nil } }
    }

    private func placeKeys() throws {
        guard let keysFrom else { return }
        guard try Files.facts(keysFrom)?.isDirectory == true else {
            throw CommandFailure("there is no folder \(keysFrom)", remedy: "check --keys")
        }
        try Files.makeDirectory(settings.keys, mode: 0o700)
        for name in try BackupMaking.tree(keysFrom) {
            let target = Files.resolve(name, against: settings.keys)
            // Keys are never overwritten; with other keys than the backup's the restore ends below.
            if try Files.facts(target) == nil { _ = try FileCopy.copy(Files.resolve(name, against: keysFrom), to: target) }
        }
        try Files.syncDirectory(settings.keys)
    }

    /// The backup in a folder beside the data, verified there.
    private func stage(_ logKeys: LogKeys, _ keyring: Keyring, _ progress: (String, Int, Int) -> Void) throws -> BackupManifest {
        // Signature first: nothing is copied from a folder that nobody vouches for.
        let manifest = try BackupManifest.read(source, keys: logKeys)
        try BackupCheck.noStrangers(manifest, in: source)
        try Files.removeTree(staging)
        try Files.makeDirectory(staging, mode: 0o700)
        do {
            let total = manifest.files.reduce(0) { $0 + $1.bytes }
            var done = 0
            for name in manifest.files.map(\.name) + [BackupManifest.name, BackupManifest.noteName] {
                let (from, to) = (Files.resolve(name, against: source), Files.resolve(name, against: staging))
                guard try Files.facts(from) != nil else { throw BackupManifest.damaged("\(name) is missing") }
                _ = try FileCopy.copy(from, to: to) { count in
                    done += count
                    progress("bytes copied", done, total)
                }
            }
            return try BackupCheck(folder: staging, keyring: keyring, logKeys: logKeys).run(progress: progress)
        } catch {
            try Files.removeTree(staging)
            throw error
        }
    }

    /// From the first move to the last a mark stands beside the data, and no gate starts while it does.
    private func exchange(_ existing: [String], _ manifest: BackupManifest) throws -> String? {
        let mark = InterruptedRestore.mark(settings)
        if try Files.facts(mark) == nil {
            try Files.create(mark, content: Array("A restore is under way, or was interrupted.\n".utf8), mode: 0o600)
        }
        let stamp = SystemWallClock().now().rfc3339.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z"
        let aside = Files.resolve("replaced-\(stamp)", against: settings.stateDirectory)
        if !existing.isEmpty {
            try Files.makeDirectory(aside, mode: 0o700)
            for file in existing { try Files.move(file, to: Files.resolve(Self.lastPart(file), against: aside)) }
            try Files.syncDirectory(aside)
        }
        for file in manifest.files { try place(file.name) }
        try Files.syncDirectory(settings.stateDirectory)
        try Files.removeTree(staging)
        try Files.removeTree(mark)
        try Files.syncDirectory(settings.stateDirectory)
        return existing.isEmpty ? nil : aside
    }

    private func place(_ name: String) throws {
        let from = Files.resolve(name, against: staging)
        switch name {
        case BackupManifest.consents: try Files.move(from, to: settings.store)
        case BackupManifest.control: try Files.move(from, to: settings.controlStore)
        // The installation's own know of every erasure since the backup.
        case BackupManifest.tombstones:
            if try Files.facts(settings.tombstones) == nil { try Files.move(from, to: settings.tombstones) }
        default:
            if let half = BackupMaking.half(ofLog: name) {
                try Files.move(from, to: half.map { settings.logShard($0).path } ?? settings.firstLogStore)
            } else {
                // Policy sets are named by their digest: those that are there already are the same.
                let target = Files.resolve(name, against: settings.stateDirectory)
                guard try Files.facts(target) == nil else { return }
                try Files.makeDirectory(Files.parent(of: target), mode: 0o700)
                try Files.move(from, to: target)
            }
        }
    }

    private func outsideCheckpoint() throws -> Checkpoint? {
        let copy = settings.log.checkpointCopy
        guard try Files.facts(copy) != nil else { return nil }
        do { return Checkpoint(text: try SignedNote(try Files.read(copy, bytesMax: SignedNote.bytesMax)).text) } catch is NoteError {
            return nil
        }
    }

    private func start(_ manifest: BackupManifest, _ outside: Checkpoint?) throws -> Start {
        guard let live = manifest.shards.last, let outside else { return .mustAcknowledge(known: nil) }
        let isSame = outside.origin == live.origin && outside.size == live.entries && outside.root.description == live.root
        if isSame { return .goesOn }
        // A backup may well be ahead of a checkpoint that was copied from elsewhere; the start compares in full.
        return outside.origin == live.origin && outside.size <= live.entries ? .goesOn : .mustAcknowledge(known: outside.size)
    }

    private static func lastPart(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// A restore that was interrupted between the first and the last file leaves a mixture that nothing may run on.
enum InterruptedRestore {
    static func mark(_ settings: Settings) -> String { Files.resolve("restore.interrupted", against: settings.stateDirectory) }

    static func check(_ settings: Settings) throws(CommandFailure) {
        guard try failing({ () throws(SystemError) in try Files.facts(mark(settings)) }) != nil else { return }
        throw CommandFailure("a restore was interrupted, so the data is incomplete", remedy: "run `waybill restore` again")
    }
}
