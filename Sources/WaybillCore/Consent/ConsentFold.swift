/// Folds a subject's consent events into standings at one moment: "Consent" in decisions.md.
package enum ConsentFold {
    package struct Result: Sendable {
        package var standings: [ConsentStanding]
        /// The next moment at which the same events give other standings; nil: never.
        package var changesAt: Timestamp?
        package var expiresAt: Timestamp?
    }
    package static func fold(_ events: [ConsentEvent], notices: [String: Notice], now: Timestamp) -> Result {
        Result(standings: [], changesAt: nil, expiresAt: nil)
    }
}
