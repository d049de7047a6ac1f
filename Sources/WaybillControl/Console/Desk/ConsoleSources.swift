package import WaybillCore
package import WaybillLedger

/// What the console's own pages read. Never blocks an event loop; what is slow is made a `ConsoleJob`.
package protocol ConsoleSources: Sendable {
    /// Of the set in force.
    var policies: PolicySet { get }
    func transfers(_ filter: TransferFilter, limit: Int, from cursor: ExportCursor?) async throws -> TransferSearch.Page<TransferSummary>
    func statistics(_ filter: TransferFilter) async throws -> TransferStatistics.Counts
    /// With the set that the entry pins, if it is kept; nil: the log has no such transfer.
    func transfer(_ id: TransferID) async throws -> ConsoleTransfer?
    func stops() async throws -> [SuspensionEvent]
    /// Overdue, or due within so many days.
    func due(within days: Int) async throws -> [DueDate]
    func engagements() async throws -> [Engagement]
    func engagement(_ id: String) async throws -> Engagement?
    /// May read much of the log.
    func draw(_ sample: Engagement.Sample, of scope: Engagement.Scope) async throws -> AuditSample
    func state() async -> ConsoleGateState
    /// The newest signed note that may be shown.
    func checkpoint() async throws -> String?
    /// Verifier keys, those that sign before those that were replaced.
    func keys() async throws -> [String]
    /// Reads the whole log. `progress` hears of entries done and there.
    func verify(progress: @escaping @Sendable (UInt64, UInt64) -> Void) async throws -> ConsoleVerification
    func export(_ pull: ExportPull) async throws -> ExportPage
}

package struct ConsoleTransfer: Sendable {
    package var detail: TransferDetail
    package var policies: PolicySet?
    package init(detail: TransferDetail, policies: PolicySet?) {
        self.detail = detail
        self.policies = policies
    }
}

/// How the gate does now, from memory.
package struct ConsoleGateState: Sendable {
    package struct Sink: Sendable {
        package var name: String
        package var behindEntries: UInt64
        package var deliveredEntries: UInt64
        package var failures: UInt64
        package var lastSuccess: Timestamp?
        /// A fixed sentence.
        package var failure: String?
        package init(
            name: String, behindEntries: UInt64, deliveredEntries: UInt64, failures: UInt64, lastSuccess: Timestamp?, failure: String?
        ) {
            self.name = name
            self.behindEntries = behindEntries
            self.deliveredEntries = deliveredEntries
            self.failures = failures
            self.lastSuccess = lastSuccess
            self.failure = failure
        }
    }
    package var log: TransferLog.Status
    package var origin: String
    package var witnesses: [WitnessFollower.Standing]
    package var sinks: [Sink]
    package var policyLoadedAt: Timestamp
    /// Why newer files are not in force.
    package var policyFailure: String?

    package init(
        log: TransferLog.Status, origin: String, witnesses: [WitnessFollower.Standing], sinks: [Sink], policyLoadedAt: Timestamp,
        policyFailure: String?
    ) {
        self.log = log
        self.origin = origin
        self.witnesses = witnesses
        self.sinks = sinks
        self.policyLoadedAt = policyLoadedAt
        self.policyFailure = policyFailure
    }

    /// Nil: it takes entries.
    package var logFailure: String? {
        switch log.state {
        case .open: nil
        case .refusing(let why), .closed(let why): why
        }
    }
}

package struct ConsoleVerification: Sendable {
    package struct Shard: Sendable {
        package var name: String
        package var entries: UInt64
        package var root: String
        package init(name: String, entries: UInt64, root: String) {
            self.name = name
            self.entries = entries
            self.root = root
        }
    }
    package var shards: [Shard]
    package var faults: [ShardChainVerifier.Report.Fault]
    package var hasOutsideCheckpoint: Bool
    package init(shards: [Shard], faults: [ShardChainVerifier.Report.Fault], hasOutsideCheckpoint: Bool) {
        self.shards = shards
        self.faults = faults
        self.hasOutsideCheckpoint = hasOutsideCheckpoint
    }
}
