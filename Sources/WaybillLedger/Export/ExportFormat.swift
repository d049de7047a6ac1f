package import WaybillCore

/// One entry on its way out: the leaf's own bytes and what a view needs beside them.
package struct ExportRecord: Sendable {
    package var index: UInt64
    /// The log the entry is of.
    package var origin: String
    package var kind: EntryKind
    package var time: Timestamp
    package var leaf: TreeHash
    /// The leaf's bytes, without a newline.
    package var entry: [UInt8]
    /// Of an outcome: the bytes of its intent, so that a view can name vendor and fields; nil for other kinds, and where the intent
    /// is not in the log any more.
    package var intent: [UInt8]?

    package init(
        index: UInt64, origin: String, kind: EntryKind, time: Timestamp, leaf: TreeHash, entry: [UInt8], intent: [UInt8]? = nil
    ) {
        self.index = index
        self.origin = origin
        self.kind = kind
        self.time = time
        self.leaf = leaf
        self.entry = entry
        self.intent = intent
    }
}

/// How entries look to others: "A transfer in other schemas" in docs/exports.md. A pure function of the record, without openings.
package protocol ExportFormat: Sendable {
    /// As on the command line and in the configuration: `ndjson`, `csv`, …
    var name: String { get }
    /// Of a whole file or body in this format.
    var mediaType: String { get }
    /// Without the dot.
    var fileExtension: String { get }
    /// Once before the first record of a file; empty for formats of lines.
    var header: [UInt8] { get }
    /// Appends what the record is in this format: lines that each end with a newline; none for kinds that the format cannot say.
    func append(_ record: ExportRecord, to bytes: inout [UInt8])
}

/// Where an export goes on: after the entries of one log below an index. Text: `<index>@<origin>`.
package struct ExportCursor: Sendable, Equatable, CustomStringConvertible {
    package var origin: String
    /// Index of the first entry not yet given out.
    package var next: UInt64

    package init(origin: String, next: UInt64) {
        self.origin = origin
        self.next = next
    }

    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let next = UInt64(parts[0]), String(next) == parts[0], !parts[1].isEmpty else { return nil }
        self.init(origin: String(parts[1]), next: next)
    }

    package var description: String { "\(next)@\(origin)" }
}

/// Keeps how far each sink is. Durable on return of `keep`.
package protocol SinkCursorStore: Sendable {
    /// Nil: the sink has not begun.
    func cursor(ofSink name: String) throws -> ExportCursor?
    func keep(_ cursor: ExportCursor, ofSink name: String) throws
}
