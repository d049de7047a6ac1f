import Crypto
import FoundationEssentials
import WaybillLedger

/// What a backup holds and how its parts fit together: `manifest.json`, vouched for by `MANIFEST.note`, a note signed with the log's key whose
/// text is a line of `sha256sum`. A folder without the note is no backup: it is written last.
struct BackupManifest: Codable, Sendable, Equatable {
    static let format = 1
    static let name = "manifest.json"
    static let noteName = "MANIFEST.note"
    static let bytesMax = 256 << 20
    static let consents = "consents.db"
    static let control = "control.db"
    static let tombstones = "tombstones"
    static let policySets = "policy-sets"

    struct File: Codable, Sendable, Equatable {
        var name: String
        var bytes: Int
        var sha256: String
    }
    struct Shard: Codable, Sendable, Equatable {
        var file: String
        /// Half-year in the file's name; nil: the first file.
        var half: String?
        var origin: String
        var entries: UInt64
        var root: String
    }
    var format: Int
    /// Of Waybill.
    var version: String
    var madeAt: String
    /// Of the last change to consents and facts.
    var consentSequence: Int64
    /// Oldest first, the live one last.
    var shards: [Shard]
    /// Everything but the manifest and its note, by name.
    var files: [File]

    static func logName(_ half: HalfYear?) -> String { half.map { "log-\($0).db" } ?? "log.db" }

    /// Writes manifest and note into `folder`, the note last.
    func write(to folder: String, keys: LogKeys) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(self)) + [0x0a]
        try Files.create(Files.resolve(Self.name, against: folder), content: bytes, mode: 0o600)
        let note = try SignedNote(signing: Self.noteText(bytes), by: try keys.signers(origin: shards.last?.origin ?? "waybill/backup"))
        try Files.create(Files.resolve(Self.noteName, against: folder), content: Array(note.string.utf8), mode: 0o600)
    }

    /// Reads the manifest of a finished backup and checks that the log's key signed it.
    static func read(_ folder: String, keys: LogKeys) throws -> BackupManifest {
        let notePath = Files.resolve(noteName, against: folder)
        guard try Files.facts(notePath) != nil else {
            throw CommandFailure(
                "\(folder) is no finished backup: it has no \(noteName)", remedy: "name a folder that `waybill backup` made")
        }
        let bytes = try Files.read(Files.resolve(name, against: folder), bytesMax: bytesMax)
        let manifest: BackupManifest
        let note: SignedNote
        do {
            note = try SignedNote(try Files.read(notePath, bytesMax: SignedNote.bytesMax))
            manifest = try JSONDecoder().decode(BackupManifest.self, from: Data(bytes))
        } catch is NoteError {
            throw damaged("\(noteName) is not a signed note")
        } catch is DecodingError {
            throw damaged("\(name) is not a manifest")
        }
        guard manifest.format == format else {
            throw CommandFailure("\(folder) was made by a newer Waybill (format \(manifest.format))", remedy: "use that version")
        }
        let origin = manifest.shards.last?.origin ?? "waybill/backup"
        let verifiers = try keys.publicKeys().map { NoteVerifier(name: origin, algorithm: .ed25519, key: $0) }
        do { _ = try note.verified(by: verifiers) } catch {
            throw CommandFailure(
                "the backup is not signed by this installation's log key", remedy: "put the keys it was made with into the key directory",
                status: .verificationFailed)
        }
        guard note.text == noteText(bytes) else { throw damaged("\(name) is not the one that was signed") }
        for file in manifest.files where !isPlain(file.name) { throw damaged("\(name) names a file outside the backup") }
        return manifest
    }

    static func damaged(_ what: String) -> CommandFailure {
        CommandFailure("the backup is damaged: \(what)", remedy: "use another backup", status: .verificationFailed)
    }

    /// Below the folder, without detours.
    private static func isPlain(_ name: String) -> Bool {
        !name.hasPrefix("/") && name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !["", ".", ".."].contains($0) }
    }

    private static func noteText(_ bytes: [UInt8]) -> String { "\(hex(SHA256.hash(data: bytes)))  \(name)\n" }

    static func hex(_ digest: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
