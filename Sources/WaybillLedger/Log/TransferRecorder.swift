package import WaybillCore

/// The append-only log as the rest of the system sees it. Safe from any thread; never blocks the caller.
///
/// Entries queue; one writer thread commits whatever queued while the previous commit synced, then tells each listener once.
package protocol TransferRecorder: Sendable {
    /// Enters an intent. The listener gets `ticket` back when it is durable, or the reason it is not. Nothing may leave before.
    func record(_ draft: TransferDraft, ticket: UInt64, for listener: any CommitListener)
    /// Joins a later commit; loses only to a crash, after which recovery enters `unknown`.
    func record(_ outcome: TransferOutcome)
    /// A `denied` entry; joins a later commit.
    func recordDenial(_ draft: TransferDraft)
    /// Counts a request that gets no entry of its own, by problem code; the counts stand in the next seal.
    func count(refused code: String)
    /// Open, or the sentence that says why nothing can be recorded.
    var state: RecorderState { get }
}

package enum RecorderState: Sendable, Equatable {
    case open
    /// Recoverable (disk full, busy): each record fails, work goes on when it can.
    case refusing(String)
    /// Closed until restart (I/O or sync error, or a commit whose fate is unknown).
    case closed(String)
}

/// Usually one an event loop: told once per committed batch, on the log's thread.
package protocol CommitListener: AnyObject, Sendable {
    func committed(_ results: [CommitResult])
}

package struct CommitResult: Sendable {
    package var ticket: UInt64
    package var result: Result<CommitReceipt, RecordError>
}

/// Proof that an intent is durable. Only the log makes one.
package struct CommitReceipt: Sendable {
    package let xid: TransferID
    /// Position in the log.
    package let index: UInt64
    init(xid: TransferID, index: UInt64) {
        self.xid = xid
        self.index = index
    }
    /// The once-only right to send, to be consumed by the forwarder.
    package consuming func redeem() -> RecordedTransfer { RecordedTransfer(receipt: self) }
}

/// The right to write one transfer's first byte to a vendor. Forwarding consumes it.
package struct RecordedTransfer: ~Copyable {
    package let xid: TransferID
    package let index: UInt64
    init(receipt: CommitReceipt) {
        xid = receipt.xid
        index = receipt.index
    }
}

package struct RecordError: Error, Sendable {
    package enum Code: String, Sendable { case diskFull = "disk_full", busy, closed, tooLarge = "too_large", clock, overloaded }
    package var code: Code
    /// One sentence with the remedy.
    package var message: String
    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }
}
