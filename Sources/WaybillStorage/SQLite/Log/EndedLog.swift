package import WaybillCore
package import WaybillLedger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A shard that has ended, for whoever erases a person from it. Opened anew for each call, so that it can be frozen in between.
package final class EndedLog: ErasableLog {
    /// How long others who read the shard may hold an erasure up.
    static let waitMillisecondsMax = 10_000
    static let pauseMilliseconds = 100
    private let path: String

    package init(path: String) { self.path = path }

    private func read<Value>(_ body: (SQLiteLogReader) throws(LogStoreError) -> Value) throws(LogStoreError) -> Value {
        let reader = try SQLiteLogReader(path: path)
        defer { reader.close() }
        return try body(reader)
    }

    package func overwrite(side: [StoredSideRow], sightings: [StoredSighting]) throws(LogStoreError) {
        guard !side.isEmpty || !sightings.isEmpty else { return }
        var waited = 0
        while true {
            do throws(LogStoreError) {
                return try FrozenLog(path: path).change { connection throws(SQLiteFailure) in
                    try connection.overwrite(side: side, sightings: sightings)
                }
            } catch {
                guard case .rolledBack = error, waited < Self.waitMillisecondsMax else { throw error }
            }
            usleep(UInt32(Self.pauseMilliseconds * 1_000))
            waited += Self.pauseMilliseconds
        }
    }

    /// `overwrite` leaves nothing behind.
    package func scrub() throws(LogStoreError) -> Bool { true }

    package func head() throws(LogStoreError) -> LogHead? { try read { reader throws(LogStoreError) in try reader.head() } }
    package func identity() throws(LogStoreError) -> LogIdentity? { try read { reader throws(LogStoreError) in try reader.identity() } }
    package func commits(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        try read { reader throws(LogStoreError) in try reader.commits(from: index, limit: limit) }
    }
    package func commits(before index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        try read { reader throws(LogStoreError) in try reader.commits(before: index, limit: limit) }
    }
    package func time(ofEntry index: UInt64) throws(LogStoreError) -> (first: UInt64, time: Timestamp)? {
        try read { reader throws(LogStoreError) in try reader.time(ofEntry: index) }
    }
    package func storedTile(_ name: Tile.Name) throws(LogStoreError) -> [UInt8]? {
        try read { reader throws(LogStoreError) in try reader.storedTile(name) }
    }
    package func storedTileCount() throws(LogStoreError) -> Int {
        try read { reader throws(LogStoreError) in try reader.storedTileCount() }
    }
    package func checkpoints() throws(LogStoreError) -> [StoredCheckpoint] {
        try read { reader throws(LogStoreError) in try reader.checkpoints() }
    }
    package func sideRows(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredSideRow] {
        try read { reader throws(LogStoreError) in try reader.sideRows(from: index, limit: limit) }
    }
    package func sightings(after row: Int64, limit: Int) throws(LogStoreError) -> [StoredSighting] {
        try read { reader throws(LogStoreError) in try reader.sightings(after: row, limit: limit) }
    }
    package func lastSubjectNumber() throws(LogStoreError) -> UInt32? {
        try read { reader throws(LogStoreError) in try reader.lastSubjectNumber() }
    }
}
