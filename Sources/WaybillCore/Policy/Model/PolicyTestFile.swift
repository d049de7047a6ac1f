/// One file of `tests/`: expected decisions at a fixed time.
package struct PolicyTestFile: Sendable {
    package struct Case: Sendable {
        package var name: String
        package var caller: String
        /// Consent events, and subject facts (entries with `ids`), in force for this case on top of the file's.
        package var given: [PolicyValue]
        package var request: Request
        package var expect: Expectation
        package var position: SourcePosition
    }
    package struct Request: Sendable {
        package enum Body: Sendable {
            case none
            /// Sent as its JSON text, with `Content-Type: application/json` unless the headers say otherwise.
            case json(PolicyValue)
            /// Fields in order, encoded, with the media type of forms unless the headers say otherwise.
            case form([(name: String, value: String)])
            /// Sent as it is.
            case text(String)
        }
        package var method: String
        package var url: String
        package var headers: [(name: String, value: String)]
        /// As in the header `Waybill-Purpose`; nil: not sent.
        package var purpose: String?
        package var body: Body
    }
    /// What is nil is not checked.
    package struct Expectation: Sendable {
        package var decision: Outcome
        package var primary: ReasonCode?
        /// Each must be among the codes of some record.
        package var codes: [ReasonCode]?
        /// The body sent, compared as JSON; of a form its fields, in order.
        package var sent: PolicyValue?
        package var dropped: [String]?
        package var changed: [String]?
    }
    package var file: String
    package var at: Timestamp
    package var consents: [PolicyValue]
    package var subjects: [PolicyValue]
    package var cases: [Case]
}
