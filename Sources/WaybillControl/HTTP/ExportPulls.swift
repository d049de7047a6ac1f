package import WaybillCore
package import WaybillLedger

/// One page of an export, as asked for over HTTP.
package struct ExportPull: Sendable {
    /// Of `ExportFormats`.
    package var format: any ExportFormat
    /// Nil: from the first entry on.
    package var cursor: ExportCursor?
    package var vendor: String?
    /// Half-open range of entry times.
    package var since: Timestamp?
    package var until: Timestamp?
    /// Entries to look at.
    package var entriesMax: Int

    package init(format: any ExportFormat, cursor: ExportCursor? = nil, vendor: String? = nil, entriesMax: Int) {
        self.format = format
        self.cursor = cursor
        self.vendor = vendor
        self.entriesMax = entriesMax
    }
}

package struct ExportPage: Sendable {
    package var bytes: [UInt8]
    /// Nil: the log is empty.
    package var next: ExportCursor?
    /// Nothing more for now.
    package var isAtEnd: Bool

    package init(bytes: [UInt8], next: ExportCursor?, isAtEnd: Bool) {
        self.bytes = bytes
        self.next = next
        self.isAtEnd = isAtEnd
    }
}

/// Reads pages of the live log. Must not be made on an event loop; throws `ExportError` for a cursor that does not fit.
package protocol ExportPulls: Sendable {
    func page(_ pull: ExportPull) async throws -> ExportPage
}
