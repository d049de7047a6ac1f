/// An answer that sends nothing: everything the problem document and the log need, and never a value from the input.
package struct Refusal: Error, Sendable {
    package enum Logging: Sendable {
        /// Unauthenticated and malformed requests are only counted, in seals.
        case counted
        /// A `denied` entry.
        case entry(TransferDraft)
    }
    package var status: Int
    /// The problem's `code`: a reason code, or a body error's kind, or one of gateway.md's own (`method_not_allowed`).
    package var code: String
    package var title: String
    package var detail: String
    package var outcome: Outcome
    package var records: [RecordVerdict]
    package var logging: Logging
    package init(
        status: Int, code: String, title: String, detail: String, outcome: Outcome = .deny, records: [RecordVerdict] = [],
        logging: Logging = .counted
    ) {
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.outcome = outcome
        self.records = records
        self.logging = logging
    }
}

package struct RecordVerdict: Sendable {
    package var index: Int
    package var decision: Outcome
    package var codes: [ReasonCode]
    package init(index: Int, decision: Outcome, codes: [ReasonCode]) {
        self.index = index
        self.decision = decision
        self.codes = codes
    }
}
