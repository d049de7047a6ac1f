package import WaybillLedger

/// A place outside that receives entries in the order of the log, at least once. Blocking; called by one thread at a time.
package protocol DeliverySink: Sendable {
    var pace: SinkPace { get }
    /// Returns only when the receiver has acknowledged all of it (as far as its protocol can); otherwise throws, and the same records
    /// come again later.
    func deliver(_ records: [ExportRecord]) throws(DeliveryFailure)
    /// Of a sink whose pace settles: false if what was delivered since the last settling may be lost, because its connection has ended.
    func isIntact() -> Bool
    /// The program stops: ends what is under way with a failure. From any thread.
    func stop()
}

extension DeliverySink {
    package func isIntact() -> Bool { true }
    package func stop() {}
}

/// How much a sink takes at once.
package struct SinkPace: Sendable, Equatable {
    package static let entriesMaxDefault = 500
    package static let bytesMaxDefault = 4 << 20
    package var entriesMax = Self.entriesMaxDefault
    /// Of entries and, for outcomes, their intents.
    package var bytesMax = Self.bytesMaxDefault
    /// Records are given in runs that begin at a multiple of this, whole ones only; nil: as they come.
    package var bundleEntries: Int?
    /// After so long a run that is not whole is given all the same, and again when it has grown; nil: never.
    package var tailMilliseconds: Int?
    /// So long after a delivery the sink must still be intact for the cursor to move; nil: a delivery is acknowledged on return.
    package var settleMilliseconds: Int?

    package init() {}
}

/// Why a receiver did not take what it was given: one sentence with the remedy, never an entry's content or a credential.
package struct DeliveryFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    /// The receiver asks not to be tried before.
    package var retryAfterSeconds: Int?
    /// Fewer records at once may get through.
    package var isTooMuch = false

    package init(_ message: String, retryAfterSeconds: Int? = nil, isTooMuch: Bool = false) {
        self.message = message
        self.retryAfterSeconds = retryAfterSeconds
        self.isTooMuch = isTooMuch
    }
    package var description: String { message }
}
