package import WaybillCore
package import WaybillLedger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A shard that has ended, as an erasure sees it: read like others, and its side rows overwritten through `FrozenLog`.
package final class EndedLog: ErasableLog {
    /// How long others who read the shard may hold an erasure up.
    static let waitMillisecondsMax = 10_000
    static let pauseMilliseconds = 100
    private let frozen: FrozenLog
    private let reader: SQLiteLogReader

    package init(path: String) throws(LogStoreError) {
        frozen = FrozenLog(path: path)
        reader = try SQLiteLogReader(path: path)
    }

    package func overwrite(side: [StoredSideRow], sightings: [StoredSighting]) throws(LogStoreError) {
        var waited = 0
        while true {
            do throws(LogStoreError) {
                return try frozen.change { connection throws(SQLiteFailure) in
                    try connection.overwrite(side: side, sightings: sightings)
                }
            } catch {
                guard case .rolledBack = error, waited < Self.waitMillisecondsMax else { throw error }
            }
            usleep(UInt32(Self.pauseMilliseconds * 1_000))
            waited += Self.pauseMilliseconds
        }
    }

    /// Each change leaves a file without a journal.
    package func scrub() throws(LogStoreError) -> Bool { true }

    package func head() throws(LogStoreError) -> LogHead? { try reader.head() }
    package func identity() throws(LogStoreError) -> LogIdentity? { try reader.identity() }
    package func commits(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        try reader.commits(from: index, limit: limit)
    }
    package func commits(before index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        try reader.commits(before: index, limit: limit)
    }
    package func time(ofEntry index: UInt64) throws(LogStoreError) -> (first: UInt64, time: Timestamp)? { try reader.time(ofEntry: index) }
    package func storedTile(_ name: Tile.Name) throws(LogStoreError) -> [UInt8]? { try reader.storedTile(name) }
    package func storedTileCount() throws(LogStoreError) -> Int { try reader.storedTileCount() }
    package func checkpoints() throws(LogStoreError) -> [StoredCheckpoint] { try reader.checkpoints() }
    package func sideRows(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredSideRow] {
        try reader.sideRows(from: index, limit: limit)
    }
    package func sightings(after row: Int64, limit: Int) throws(LogStoreError) -> [StoredSighting] {
        try reader.sightings(after: row, limit: limit)
    }
    package func lastSubjectNumber() throws(LogStoreError) -> UInt32? { try reader.lastSubjectNumber() }
}
