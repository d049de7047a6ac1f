import WaybillLedger

/// What a message says about an entry beside its bytes.
struct EntryFacts {
    var xid: String?
    /// Something was denied, or went wrong.
    var isNotable: Bool

    init(_ record: ExportRecord) {
        let entry = Self.members(record.entry)
        xid = Self.text(entry["xid"])
        isNotable = record.kind == .denied || (record.kind == .outcome && Self.text(entry["res"]) != "ok")
    }

    private static func members(_ entry: [UInt8]) -> [String: CanonicalValue] {
        if case .object(let members) = CanonicalParser.parse(entry) { members } else { [:] }
    }

    private static func text(_ value: CanonicalValue?) -> String? { if case .string(let text) = value { text } else { nil } }
}
