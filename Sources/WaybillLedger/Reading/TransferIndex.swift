package import WaybillCore

/// An index over the log: derived from its entries, lagging behind them, and rebuildable. Blocks.
///
/// Keyed by the log whose tree begins with a certain first commit, because a log that is replaced is another one, and one that goes on
/// under another origin is not.
package protocol TransferIndex: Sendable {
    /// Where the index stands in the log that begins with the commit whose root is `first`; begun at entry 0 if it does not know the log.
    func position(of first: TreeHash, origin: String) throws -> IndexPosition
    /// Transfers from entry `low` on that have no outcome in the index.
    func open(_ position: IndexPosition, from low: UInt64) throws -> [TransferID: UInt64]
    /// Takes in what follows `position`, and where it then stands, in one transaction; nil: it does not stand there any more, and
    /// nothing was changed.
    func apply(_ batch: IndexBatch, sightings: [StoredSighting], at position: IndexPosition, origin: String) throws -> IndexPosition?
    /// Forgets everything about one log, because it is not the log it was.
    func clear(_ position: IndexPosition) throws
    /// Forgets which subjects the entries below `index` named, because the log has forgotten it.
    func prune(_ position: IndexPosition, below index: UInt64) throws
    /// Forgets these subjects, durably: nothing of them is left in the file. What is being taken in meanwhile is read again.
    func forget(numbers: [UInt32], fingerprints: [Fingerprint]) throws
    /// Runs `body` on one state of the index.
    func reading<Result>(_ body: (any IndexSnapshot) throws -> Result) throws -> Result
}

package struct IndexPosition: Sendable, Equatable {
    /// The log's number in the index.
    package var log: Int64
    /// All entries below are in.
    package var next: UInt64
    /// The tree's root over the entries below `next`.
    package var root: TreeHash
    /// The last row of first-seen subjects that is in.
    package var sighting: Int64
    /// Entries below are without their subjects.
    package var pruned: UInt64
    /// How often subjects were forgotten.
    package var forgotten: Int64

    package init(log: Int64, next: UInt64, root: TreeHash, sighting: Int64, pruned: UInt64, forgotten: Int64) {
        self.log = log
        self.next = next
        self.root = root
        self.sighting = sighting
        self.pruned = pruned
        self.forgotten = forgotten
    }
}

/// One state of an index. Not to be kept beyond the call that gave it.
package protocol IndexSnapshot {
    /// Nil: the index does not know the log.
    func position(of first: TreeHash) throws -> IndexPosition?
    func open(_ position: IndexPosition, from low: UInt64) throws -> [TransferID: UInt64]
    /// Every combination of terms the index has met, by its number there.
    func terms() throws -> [Int64: SharedTransferTerms]
    /// Newest first. `terms`: only with these; nil: all. `state`: only in this.
    func transfers(
        _ position: IndexPosition, in entries: Range<UInt64>, terms: [Int64]?, state: TransferState?, limit: Int
    ) throws -> [IndexedTransfer]
    /// Those of the entries that are transfers, in order.
    func transfers(_ position: IndexPosition, at entries: [UInt64]) throws -> [IndexedTransfer]
    /// Transfers that named the subject, newest first, each with one line; see `IndexBatch.Mark`.
    func marks(
        _ position: IndexPosition, of number: UInt32, in entries: Range<UInt64>, limit: Int
    ) throws -> [(index: UInt64, line: [UInt8])]
    /// Sums over transfers with these terms.
    func tallies(_ position: IndexPosition, terms: [Int64], in buckets: TallyBuckets) throws -> [Tally]
    /// Rows of first-seen subjects that may have this fingerprint.
    func sightingRows(_ position: IndexPosition, with fingerprint: Fingerprint) throws -> [Int64]
}

/// How far a transfer has come.
package enum TransferState: Int64, CaseIterable, Sendable {
    case open, ok
    case vendorError
    case partial, aborted, unknown
    case denied

    package init(_ result: TransferOutcome.Result) {
        self =
            switch result {
            case .ok: .ok
            case .vendorError: .vendorError
            case .partial: .partial
            case .aborted: .aborted
            case .unknown: .unknown
            }
    }

    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = found
    }

    /// As people read it.
    package var name: String { self == .vendorError ? "vendor_error" : "\(self)" }

    package var result: TransferOutcome.Result? { TransferOutcome.Result(rawValue: name) }
}

extension IndexedTransfer {
    package var state: TransferState {
        ending.map { TransferState($0.result) } ?? (terms.terms.decision == .deny ? .denied : .open)
    }

    /// Certainly nothing of its body left.
    var isKnownUnsent: Bool { state == .denied || (state == .aborted && ending?.sentBytes == 0) }
}

/// Days or hours since 1970, UTC.
package enum TallyBuckets: Sendable, Equatable {
    case days(Range<Int64>)
    case hours(Range<Int64>)

    package static let dayMilliseconds: Int64 = 86_400_000
    package static let hourMilliseconds: Int64 = 3_600_000
}

/// A sum over transfers of equal terms within one bucket.
package struct Tally: Sendable {
    package var terms: SharedTransferTerms
    /// Milliseconds since 1970 at which the bucket begins.
    package var start: Int64
    package var state: TransferState
    package var transfers: Int
    package var records: Int
    package var denied: Int
    /// Of bodies, written to the vendor.
    package var bytes: Int
    /// Records by reason code.
    package var reasons: [String: Int]

    package init(
        terms: SharedTransferTerms, start: Int64, state: TransferState, transfers: Int, records: Int, denied: Int, bytes: Int,
        reasons: [String: Int]
    ) {
        self.terms = terms
        self.start = start
        self.state = state
        self.transfers = transfers
        self.records = records
        self.denied = denied
        self.bytes = bytes
        self.reasons = reasons
    }

    init(_ transfer: IndexedTransfer) {
        self.init(
            terms: transfer.terms, start: transfer.milliseconds, state: transfer.state, transfers: 1, records: transfer.records,
            denied: transfer.denied, bytes: transfer.ending?.sentBytes ?? 0, reasons: transfer.codeCounts)
    }
}
