/// What `waybill log verify` found.
package struct VerificationReport: Sendable, Equatable {
    package struct Fault: Sendable, Equatable {
        /// Entry at which it shows; nil: of the log as a whole.
        package var index: UInt64?
        /// One sentence, without personal data.
        package var what: String
        package init(index: UInt64?, what: String) {
            self.index = index
            self.what = what
        }
    }
    package var entries: UInt64
    package var root: TreeHash
    /// In the order found; at most `LogVerifier.faultsMax`.
    package var faults: [Fault]
    package var checkpoints: Int
    /// Intents of the last epoch that have no outcome yet.
    package var openIntents: Int
    /// What it says about shards and side rows.
    package var shard = ShardNotes()
    package var isSound: Bool { faults.isEmpty }
}
