import Synchronization
package import WaybillCore
package import WaybillLedger

/// The log's store in memory. `contents` may be read and changed at will, to see what a verifier makes of it.
package final class MemoryLogStore: LogStore {
    package struct Contents: Sendable {
        package var commits: [StoredCommit] = []
        package var tiles: [Tile.Name: [UInt8]] = [:]
        package var checkpoints: [StoredCheckpoint] = []
        package var side: [StoredSideRow] = []
        package var sightings: [StoredSighting] = []
        package var identity: LogIdentity?
        package init() {}
    }

    private let state: Mutex<Contents>

    package init(_ contents: Contents = Contents()) { state = Mutex(contents) }

    package var contents: Contents {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }

    package func append(_ commit: LogCommit) throws(LogStoreError) {
        state.withLock { state in
            state.commits.append(commit.stored)
            for (name, body) in commit.tiles { state.tiles[name] = body }
            if !commit.sideRow.isEmpty { state.side.append(StoredSideRow(first: commit.stored.first, body: commit.sideRow)) }
            for var sighting in commit.sightings {
                sighting.row = Int64(state.sightings.count + 1)
                state.sightings.append(sighting)
            }
            if let identity = commit.identity { state.identity = identity }
        }
    }

    package func put(_ checkpoint: StoredCheckpoint) throws(LogStoreError) {
        state.withLock { state in
            state.checkpoints.removeAll { !$0.keep || ($0.origin == checkpoint.origin && $0.size == checkpoint.size) }
            state.checkpoints.append(checkpoint)
        }
    }

    package func close() {}
    package func head() throws(LogStoreError) -> LogHead? { state.withLock { $0.commits.last.map(LogHead.init) } }
    package func identity() throws(LogStoreError) -> LogIdentity? { state.withLock { $0.identity } }

    package func commits(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        state.withLock { Array($0.commits.drop { $0.end <= index }.prefix(limit)) }
    }

    package func commits(before index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit] {
        state.withLock { Array($0.commits.reversed().drop { $0.first >= index }.prefix(limit)) }
    }

    package func time(ofEntry index: UInt64) throws(LogStoreError) -> (first: UInt64, time: Timestamp)? {
        state.withLock { $0.commits.first { $0.first <= index && $0.end > index }.map { ($0.first, $0.time) } }
    }

    package func storedTile(_ name: Tile.Name) throws(LogStoreError) -> [UInt8]? { state.withLock { $0.tiles[name] } }
    package func storedTileCount() throws(LogStoreError) -> Int { state.withLock { $0.tiles.count } }
    package func checkpoints() throws(LogStoreError) -> [StoredCheckpoint] { state.withLock { $0.checkpoints } }

    package func sideRows(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredSideRow] {
        state.withLock { Array($0.side.drop { $0.first < index }.prefix(limit)) }
    }

    package func sightings(after row: Int64, limit: Int) throws(LogStoreError) -> [StoredSighting] {
        state.withLock { Array($0.sightings.drop { $0.row <= row }.prefix(limit)) }
    }

    package func lastSubjectNumber() throws(LogStoreError) -> UInt32? { state.withLock { $0.sightings.map(\.number).max() } }
}
