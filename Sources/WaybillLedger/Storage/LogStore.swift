package import WaybillCore

/// Where the log lives. One process appends; any number read.
///
/// Every call may block; none is made on an event loop. A call that throws has no other effect.
package protocol LogStore: ErasableLog {
    /// Everything of one commit, in one transaction, durable on return.
    func append(_ commit: LogCommit) throws(LogStoreError)
    /// Keeps a checkpoint, replacing an earlier one that was not marked to be kept, or is of the same origin and size.
    func put(_ checkpoint: StoredCheckpoint) throws(LogStoreError)
    /// Gives up the lock and the files. Nothing may be called afterwards.
    func close()
}

/// A log from which an erasure takes what names a person: the one that takes entries, or a shard that has ended.
package protocol ErasableLog: LogReader {
    /// Puts other bytes of the same length in the place of rows that are there, in one transaction, durable on return.
    /// Rows that are not there (pruned meanwhile) stay away. Sightings are found by `row`.
    func overwrite(side: [StoredSideRow], sightings: [StoredSighting]) throws(LogStoreError)
    /// Leaves no older version of an overwritten row in the files. False: somebody is reading; try again.
    func scrub() throws(LogStoreError) -> Bool
}

/// Reading, from the owning process, another one, or a copy.
package protocol LogReader: TileReader {
    /// Nil: no entries yet.
    func head() throws(LogStoreError) -> LogHead?
    func identity() throws(LogStoreError) -> LogIdentity?
    /// In order, from the commit that holds entry `index`.
    func commits(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit]
    /// The commit that ends before or at entry `index`, and those before it: newest first.
    func commits(before index: UInt64, limit: Int) throws(LogStoreError) -> [StoredCommit]
    /// Time of the commit that holds entry `index`; nil past the end.
    func time(ofEntry index: UInt64) throws(LogStoreError) -> (first: UInt64, time: Timestamp)?
    /// A tile as stored: only full ones are.
    func storedTile(_ name: Tile.Name) throws(LogStoreError) -> [UInt8]?
    func storedTileCount() throws(LogStoreError) -> Int
    /// By size, of one origin after the other.
    func checkpoints() throws(LogStoreError) -> [StoredCheckpoint]
    /// The newest of them; nil: none was signed yet.
    func lastCheckpoint() throws(LogStoreError) -> StoredCheckpoint?
    /// Rows of side records by their commit's first index, from `index` on.
    func sideRows(from index: UInt64, limit: Int) throws(LogStoreError) -> [StoredSideRow]
    /// First-seen subjects, in the order of their rows, after row `row`.
    func sightings(after row: Int64, limit: Int) throws(LogStoreError) -> [StoredSighting]
    /// The highest number given to a first-seen subject.
    func lastSubjectNumber() throws(LogStoreError) -> UInt32?
    /// What is wrong with the store beyond what these calls show: its layout, its own indexes, columns they do not give.
    func selfCheck() throws(LogStoreError) -> [VerificationReport.Fault]
}

extension LogReader {
    package func selfCheck() throws(LogStoreError) -> [VerificationReport.Fault] { [] }
}

extension LogReader {
    package func lastCheckpoint() throws(LogStoreError) -> StoredCheckpoint? { try checkpoints().last }
}

package enum LogStoreError: Error, Sendable, Equatable {
    /// Certainly nothing was written; trying again later is safe.
    case rolledBack(RecordError.Code, String)
    /// Read or write error, or nobody knows whether the commit took.
    case broken(String)
    /// Cannot be opened: newer, locked, not a database. One sentence with the remedy.
    case unusable(String)

    package var message: String {
        switch self {
        case .rolledBack(_, let message), .broken(let message), .unusable(let message): message
        }
    }
}

/// One group commit.
package struct LogCommit: Sendable {
    package var stored: StoredCommit
    package var tiles: [(name: Tile.Name, body: [UInt8])]
    /// Side records of its entries; empty: none.
    package var sideRow: [UInt8]
    package var sightings: [StoredSighting]
    /// Set when this commit begins an origin.
    package var identity: LogIdentity?

    package init(
        stored: StoredCommit, tiles: [(name: Tile.Name, body: [UInt8])], sideRow: [UInt8], sightings: [StoredSighting],
        identity: LogIdentity?
    ) {
        self.stored = stored
        self.tiles = tiles
        self.sideRow = sideRow
        self.sightings = sightings
        self.identity = identity
    }
}

package struct StoredCommit: Sendable, Equatable {
    /// Index of the first entry.
    package var first: UInt64
    package var count: Int
    package var epoch: Int
    package var node: String
    package var time: Timestamp
    /// The tree's root with these entries in it.
    package var root: TreeHash
    /// No intent below has no outcome.
    package var oldestOpen: UInt64
    /// Index after the last seal.
    package var sealedTo: UInt64
    /// The entries in the form of an entry bundle.
    package var body: [UInt8]

    package init(
        first: UInt64, count: Int, epoch: Int, node: String, time: Timestamp, root: TreeHash, oldestOpen: UInt64, sealedTo: UInt64,
        body: [UInt8]
    ) {
        self.first = first
        self.count = count
        self.epoch = epoch
        self.node = node
        self.time = time
        self.root = root
        self.oldestOpen = oldestOpen
        self.sealedTo = sealedTo
        self.body = body
    }

    /// Of a damaged row any number, but no trap.
    package var end: UInt64 { first &+ UInt64(clamping: count) }
}

/// Where the log stands: its last commit without the entries.
package struct LogHead: Sendable, Equatable {
    package var size: UInt64
    package var epoch: Int
    package var node: String
    package var time: Timestamp
    package var root: TreeHash
    package var oldestOpen: UInt64
    package var sealedTo: UInt64

    package init(_ commit: StoredCommit) {
        size = commit.end
        epoch = commit.epoch
        node = commit.node
        time = commit.time
        root = commit.root
        oldestOpen = commit.oldestOpen
        sealedTo = commit.sealedTo
    }
}

/// Under which name the log stands, and how it came to it.
package struct LogIdentity: Sendable, Equatable {
    package var origin: String
    /// As in the configuration; `origin` adds a generation after an acknowledged loss.
    package var configured: String
    package var generation: Int
    /// Text of the checkpoint the origin before this one ended with; empty for the first.
    package var previous: String

    package init(origin: String, configured: String, generation: Int, previous: String) {
        self.origin = origin
        self.configured = configured
        self.generation = generation
        self.previous = previous
    }
}

package struct StoredCheckpoint: Sendable, Equatable {
    package var origin: String
    package var size: UInt64
    /// The signed note.
    package var note: String
    /// Kept for good; otherwise the next one replaces it.
    package var keep: Bool
    package init(origin: String, size: UInt64, note: String, keep: Bool) {
        self.origin = origin
        self.size = size
        self.note = note
        self.keep = keep
    }
}

package struct StoredSideRow: Sendable, Equatable {
    package var first: UInt64
    package var body: [UInt8]
    package init(first: UInt64, body: [UInt8]) {
        self.first = first
        self.body = body
    }
}

/// A subject first seen in a record.
package struct StoredSighting: Sendable, Equatable {
    /// Given by the store.
    package var row: Int64
    package var number: UInt32
    package var salt: [UInt8]
    package var fingerprints: [UInt8]
    /// `LogKeys.open` reads it.
    package var sealed: [UInt8]
    package init(row: Int64, number: UInt32, salt: [UInt8], fingerprints: [UInt8], sealed: [UInt8]) {
        self.row = row
        self.number = number
        self.salt = salt
        self.fingerprints = fingerprints
        self.sealed = sealed
    }
}
