/// Some entries on their way out, and where to go on.
package struct ExportBatch: Sendable {
    package var records: [ExportRecord]
    /// Keep it once the records are safe, and give it back; nil: the log is empty and no cursor was given.
    package var next: ExportCursor?
    /// Nothing more to give out for now.
    package var isAtEnd: Bool

    package init(records: [ExportRecord], next: ExportCursor?, isAtEnd: Bool) {
        self.records = records
        self.next = next
        self.isAtEnd = isAtEnd
    }
}

/// Why nothing can be exported. `message`: one sentence with the remedy.
package struct ExportError: Error, Sendable, Equatable {
    package var message: String
    package init(_ message: String) { self.message = message }
}
