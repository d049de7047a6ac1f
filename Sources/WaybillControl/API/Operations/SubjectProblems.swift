import WaybillCore

extension APIProblem {
    /// A desk's failure as a problem of the API.
    init(subjects failure: ControlFailure) {
        let code: Code =
            switch failure.code {
            case "subject_unknown", "request_unknown": .notFound
            case "erasure_under_way", "erasure_at_work", "no_such_stop": .conflict
            case "signature_refused": .credentialMissing
            case "subject_malformed", "body_malformed": .bodyMalformed
            case "busy", "disk_full", "damaged", "unavailable", "log_unavailable", "control_store", "policy_unavailable", "map_missing",
                "still_read", "not_signed":
                .unavailable
            default: .unprocessable
            }
        self.init(code, failure.message)
    }
}

/// Runs a desk's work, turning its failures into problems.
func answering<Value>(_ work: () async throws(ControlFailure) -> Value) async throws(APIProblem) -> Value {
    do throws(ControlFailure) { return try await work() } catch { throw APIProblem(subjects: error) }
}

/// Shapes that operations on subjects and consents share.
enum SubjectShapes {
    static let id = JSONShape.text(bytes: 1...64, pattern: JSONShape.Pattern("^[A-Za-z0-9_-]{1,64}$") { isWord($0) })
    static let name = JSONShape.text(
        bytes: 1...128,
        pattern: JSONShape.Pattern("^[A-Za-z0-9._:/-]{1,128}$") { text in
            (1...128).contains(text.utf8.count)
                && text.utf8.allSatisfy {
                    (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || "._:/-".utf8.contains($0)
                }
        })
    static let scope = JSONShape.oneOf(SubjectProfile.ObjectionScope.allCases.map(\.rawValue) + ["gpc"])
    static let state = JSONShape.oneOf(ConsentEvent.State.allCases.map(\.rawValue))
    static let time = JSONShape.text(bytes: 1...40)
    static let identifier = JSONShape.text(bytes: 3...600)
    static let subjectParameter = APIParameter.path("subject", id, "The subject's id, as a look-up answers it.")

    /// Of a consent as it comes: what `waybill consent import` takes.
    static let consentMembers: [JSONShape.Member] = [
        .required("subject", identifier, "scheme:value, like email:anna@example.com"),
        .optional("purpose", .nullable(name), "Of the catalogue; without it a stop covers every purpose."),
        .required("state", state), .optional("recipients", .list(of: name, count: 0...256), "Vendors' ids."),
        .required("event_time", time, "RFC 3339, or a date alone."), .optional("notice", .nullable(name)),
        .optional("proof", .nullable(.text(bytes: 1...4_096)), "Where the proof is kept."), .optional("controller", .nullable(name)),
        .optional("expires", .nullable(time)), .optional("explicit", .boolean), .optional("actor", .nullable(name)),
    ]
    static let consent = JSONShape.named("ConsentEventIn", .object(consentMembers))

    static let event = JSONShape.named(
        "ConsentEvent",
        .object([
            .required("event", id), .required("subject", id), .required("state", state), .required("purpose", .nullable(name)),
            .required("recipients", .list(of: name)), .required("controller", .nullable(name)), .required("event_time", time),
            .required("notice", .nullable(name)), .required("expires", .nullable(time)), .required("explicit", .boolean),
            .required("actor", .nullable(name)), .optional("proof", .nullable(.text(bytes: 0...4_096))),
        ]))
    static let standing = JSONShape.named(
        "ConsentStanding",
        .object([
            .required("purpose", .nullable(name)), .required("recipient", .nullable(name)), .required("controller", .nullable(name)),
            .required("state", state), .required("permits", .boolean), .required("why", .text()), .required("since", .nullable(time)),
            .required("notice", .nullable(name)), .required("proof", .boolean), .required("explicit", .boolean),
            .required("expires", .nullable(time)), .required("event", .nullable(id)),
        ]))
    static let subject = JSONShape.named(
        "Subject",
        .object([
            .required("subject", id),
            .required("identifiers", .list(of: .object([.required("scheme", .text()), .required("value", .text())]))),
            .required("kind", .nullable(.text())), .required("countries", .list(of: .text())),
            .required("country_source", .nullable(.text())), .required("born", .nullable(.text())),
            .required("preference", .nullable(.integer(0...3))), .required("restricted", .boolean), .required("erasing", .boolean),
            .required(
                "objections",
                .list(of: .object([.required("scope", scope), .required("at", time), .required("stands", .boolean)]))),
            .required("signals", .list(of: .object([.required("signal", .text()), .required("at", time)]))),
            .required("gpc", .boolean), .required("unreadable_signal", .boolean), .required("consents", .list(of: standing)),
            .required("consent_events", .integer(0...Int.max)),
        ]))
    static let receipt = JSONShape.named(
        "ConsentReceipt", .object([.required("receipt", .any), .required("signature", .text()), .required("key", .text())]))
    static let disclosure = JSONShape.named(
        "Disclosure",
        .object([
            .required("xid", .text()), .required("time", time), .required("vendor", .text()), .required("country", .text()),
            .required("caller", .text()), .required("endpoint", .text()), .required("purposes", .list(of: .text())),
            .required("agreements", .list(of: .text())), .required("fields", .list(of: .text())), .required("bases", .list(of: .text())),
            .required("mechanisms", .list(of: .text())), .required("outcome", .text()), .required("index", .integer(0...Int.max)),
        ]))

    private static func isWord(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: "_")
            }
    }
}
