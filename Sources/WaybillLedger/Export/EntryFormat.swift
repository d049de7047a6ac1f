import WaybillCore

/// What the formats of this module are made of: an export format that reads an entry where it lies.
protocol EntryFormat: ExportFormat {
    /// Whether an outcome is told with its intent.
    var joinsIntents: Bool { get }
    func append(_ view: EntryView, to bytes: inout [UInt8])
}

extension EntryFormat {
    package var header: [UInt8] { [] }
    package func append(_ record: ExportRecord, to bytes: inout [UInt8]) { record.withView { append($0, to: &bytes) } }
}

/// One entry where it lies, and of an outcome its intent. Valid as long as the bytes are.
struct EntryView {
    let index: UInt64
    let kind: EntryKind
    let bytes: UnsafeRawBufferPointer
    let entry: EntryReading
    let intent: EntryReading?

    /// The entry that names vendor, fields and purposes: of an outcome its intent; nil of kinds that are not about a transfer, and of
    /// an outcome whose intent is gone.
    var transfer: EntryReading? {
        switch kind {
        case .intent, .denied: entry
        case .outcome: intent
        case .seal, .config, .keychange, .erasure: nil
        }
    }

    /// SHA-256 of the leaf; hashed at each call.
    var leaf: TreeHash { MerkleHashing.leaf(bytes) }
}

extension ExportRecord {
    /// Does nothing with bytes that are no entry, which the log never gives out.
    func withView(_ body: (EntryView) -> Void) {
        var (scratch, scratchOfIntent) = ([CanonicalScanner.Member](), [CanonicalScanner.Member]())
        entry.withUnsafeBytes { bytes in
            guard let reading = EntryReading(bytes, &scratch) else { return }
            guard let intent else { return body(EntryView(index: index, kind: kind, bytes: bytes, entry: reading, intent: nil)) }
            intent.withUnsafeBytes {
                let intent = EntryReading($0, &scratchOfIntent)
                body(EntryView(index: index, kind: kind, bytes: bytes, entry: reading, intent: intent))
            }
        }
    }
}
