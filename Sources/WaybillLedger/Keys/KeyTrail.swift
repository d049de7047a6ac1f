import Crypto

/// Follows which key signs the log, by the log's own entries: the first start names it, each `keychange` replaces it.
struct KeyTrail: Sendable {
    /// 32 bytes of the key in force after the entries seen; nil: they name none yet.
    private(set) var present: [UInt8]?

    /// Reads a `config` or `keychange` entry. Nil: it fits what came before.
    mutating func check(_ entry: EntryReading, _ kind: EntryKind) -> String? {
        switch kind {
        case .keychange: return change(entry)
        case .config:
            switch entry.string("act") {
            // Somebody accepted a break: the old key may be among what was lost.
            case "acknowledge": present = nil
            case "start": return start(entry)
            default: break
            }
            return nil
        default: return nil
        }
    }

    private mutating func start(_ entry: EntryReading) -> String? {
        guard case .object(let detail) = entry.parsed("d"), case .string(let vkey) = detail["key"], let key = KeyTrail.key(vkey) else {
            return "The start names no key."
        }
        if present == nil { present = key }
        return present == key ? nil : "The log's key changed without a keychange entry."
    }

    private mutating func change(_ entry: EntryReading) -> String? {
        guard let old = entry.string("old").flatMap(KeyTrail.key), let new = entry.string("new").flatMap(KeyTrail.key) else {
            return "The change of keys names no keys."
        }
        // A crash between the entry and its checkpoint has it entered twice.
        guard present == nil || present == old || present == new else { return "The change of keys does not begin with the key in force." }
        present = new
        return nil
    }

    private static func key(_ vkey: String) -> [UInt8]? { NoteVerifier(vkey).map { Array($0.key.rawRepresentation) } }
}
