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

/// Why nothing can be exported. `message`: one sentence with the remedy; it names the cursor's log.
package struct ExportError: Error, Sendable, Equatable {
    package enum Code: Sendable, Equatable {
        /// The cursor is of another log.
        case otherLog
        /// The log is shorter than the cursor says.
        case beyondEnd
        /// The format is not one of `ExportFormats`.
        case unknownFormat
    }
    package var code: Code
    package var message: String
    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
