import Synchronization
package import WaybillCore
package import WaybillLedger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A store whose writes fail or dawdle as told; reads go through.
package final class FailingLogStore: LogStore {
    package enum Fault: Sendable {
        /// Nothing is written, and the error says so.
        case beforeWriting(LogStoreError)
        /// Everything is written, and the error says that nobody knows.
        case afterWriting(LogStoreError)
    }

    private let base: any LogStore
    private let faults = Mutex<[Fault]>([])
    private let standing = Mutex<Fault?>(nil)

    private let delayMilliseconds: UInt32

    package init(_ base: any LogStore, delayMilliseconds: UInt32 = 0) {
        self.base = base
        self.delayMilliseconds = delayMilliseconds
    }

    /// The next writes fail, one after the other.
    package func fail(_ next: Fault...) { faults.withLock { $0.append(contentsOf: next) } }

    /// Every write fails until set to nil.
    package func failAlways(_ fault: Fault?) { standing.withLock { $0 = fault } }

    package func append(_ commit: LogCommit) throws(LogStoreError) { try write { () throws(LogStoreError) in try base.append(commit) } }
    package func put(_ checkpoint: StoredCheckpoint) throws(LogStoreError) {
        if let fault = standing.withLock({ $0 }), case .beforeWriting(let error) = fault { throw error }
        try base.put(checkpoint)
    }

    private func write(_ body: () throws(LogStoreError) -> Void) throws(LogStoreError) {
        if delayMilliseconds > 0 { usleep(delayMilliseconds * 1_000) }
        let fault = standing.withLock { $0 } ?? faults.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        switch fault {
        case .beforeWriting(let error): throw error
        case .afterWriting(let error):
            try body()
            throw error
        case nil: try body()
        }
    }

    package func close() { base.close() }
    package func head() throws(LogStoreError) -> LogHead? { try base.head() }
    package func identity() throws(LogStoreError) -> LogIdentity? { try base.identity() }
    package func commits(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        try base.commits(from: index, limit: limit)
    }
    package func commits(before index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        try base.commits(before: index, limit: limit)
    }
    package func time(ofEntry index: UInt64) throws(LogStoreError) -> (first: UInt64, time: Timestamp)? { try base.time(ofEntry: index) }
    package func storedTile(_ name: Tile.Name) throws(LogStoreError) -> [UInt8]? { try base.storedTile(name) }
    package func storedTileCount() throws(LogStoreError) -> Int { try base.storedTileCount() }
    package func checkpoints() throws(LogStoreError) -> [StoredCheckpoint] { try base.checkpoints() }
    package func sideRows(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredSideRow] {
        try base.sideRows(from: index, limit: limit)
    }
    package func sightings(after row: Int64, limit: Int) throws(LogStoreError) -> [StoredSighting] {
        try base.sightings(after: row, limit: limit)
    }
    package func lastSubjectNumber() throws(LogStoreError) -> UInt32? { try base.lastSubjectNumber() }
    package func selfCheck() throws(LogStoreError) -> [VerificationReport.Fault] { try base.selfCheck() }
}
