package import WaybillLedger

/// Where a sink's entries come from: the logs of an installation, one after the other.
package protocol SinkFeed: Sendable {
    /// Oldest first: closed shards, then the log that grows.
    func logs() throws -> [SinkLog]
    /// The entries of one log from `cursor` on, at most `entriesMax` and about `bytesMax`, at least one; never past the log's size.
    func records(from cursor: ExportCursor, entriesMax: Int, bytesMax: Int) throws -> [ExportRecord]
}

package struct SinkLog: Sendable, Equatable {
    package var origin: String
    package var size: UInt64
    package init(origin: String, size: UInt64) {
        self.origin = origin
        self.size = size
    }
}

/// Keeps what people are told of a sink beside its cursor, over a restart.
package protocol SinkKeeping: SinkCursorStore {
    /// The sentence of a sink that fails; nil: it works again.
    func note(failure: String?, ofSink name: String) throws
}
