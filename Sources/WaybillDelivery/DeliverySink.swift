package import WaybillLedger

/// A place outside that receives entries in the order of the log, at least once. Blocking; called by one thread at a time.
package protocol DeliverySink: Sendable {
    /// Returns only when the receiver has acknowledged all of it (as far as its protocol can); otherwise throws, and the same records
    /// come again later.
    func deliver(_ records: [ExportRecord]) throws(DeliveryFailure)
}

/// Why a receiver did not take what it was given: one sentence with the remedy, never an entry's content or a credential.
package struct DeliveryFailure: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    package init(_ message: String) { self.message = message }
    package var description: String { message }
}
