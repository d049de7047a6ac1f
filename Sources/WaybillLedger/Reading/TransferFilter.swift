package import WaybillCore

/// Which transfers somebody asks for; every condition that is set must hold.
package struct TransferFilter: Sendable, Equatable {
    package var vendor: String?
    /// An agreement's id, or one version as `id@version`.
    package var agreement: String?
    package var purpose: String?
    package var caller: String?
    package var decision: TransferSummary.Decision?
    /// A reason code that at least one of its records got.
    package var reason: String?
    package var state: TransferState?
    /// Half-open range of entry times.
    package var since: Timestamp?
    package var until: Timestamp?
    package init() {}

    func matches(_ terms: TransferTerms) -> Bool {
        (vendor ?? terms.vendor) == terms.vendor && (caller ?? terms.caller) == terms.caller
            && (decision ?? terms.decision) == terms.decision
            && (purpose.map { terms.purposes.contains($0) } ?? true) && (reason.map { terms.reasons.contains($0) } ?? true)
            && (agreement.map { wanted in terms.agreements.contains { $0 == wanted || $0.hasPrefix(wanted + "@") } } ?? true)
    }

    func matches(_ transfer: IndexedTransfer) -> Bool {
        matches(transfer.terms.terms) && (state ?? transfer.state) == transfer.state
    }

    /// Whether it asks for anything but time and state.
    var asksForTerms: Bool { vendor ?? agreement ?? purpose ?? caller ?? reason ?? decision?.rawValue != nil }
}
