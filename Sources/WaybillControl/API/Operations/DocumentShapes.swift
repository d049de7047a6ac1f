import WaybillCore
import WaybillLedger

/// What operations on vendors, agreements, callers and stops take and answer with.
enum DocumentShapes {
    static let state = JSONShape.oneOf(LifeState.allCases.map(\.rawValue))
    static let kind = JSONShape.oneOf(PolicyDocumentName.Kind.allCases.map(\.rawValue))
    static let longText = JSONShape.text(bytes: 0...4 * AgreementDesk.documentBytesMax)
    static let words = JSONShape.text(bytes: 1...Administration.textBytesMax)

    static let draft = JSONShape.named(
        "DraftRequest",
        .object([.required("text", .text(bytes: 1...AgreementDesk.documentBytesMax), "The document as YAML, as in the policy files.")]))
    static let digest = JSONShape.named(
        "ApprovalRequest", .object([.required("digest", .sha256, "SHA-256 of the text that was read.")]))
    static let rejection = JSONShape.named(
        "RejectionRequest",
        .object([.required("digest", .sha256, "SHA-256 of the text that was read."), .required("why", words, "In words.")]))
    static let reason = JSONShape.named("ReasonRequest", .object([.required("why", words, "In words; kept beside the log.")]))
    static let stopRequest = JSONShape.named(
        "StopRequest",
        .object([
            .required("kind", .oneOf(["vendor", "agreement", "field"]), "What is stopped."), .required("id", .id, "Its id."),
            .optional("vendor", .nullable(.id), "Of a field: only in what goes to this vendor; without it, to anybody."),
            .required("why", words, "In words; kept beside the log."),
        ]))

    static let stop = JSONShape.object([
        .required("at", .time, "When."), .required("by", .text(), "Who."), .required("why", .text(), "Why, in words."),
    ])
    static let stopInForce = JSONShape.named(
        "Stop",
        .object([
            .required("kind", .oneOf(["vendor", "agreement", "field"])), .required("id", .id), .required("vendor", .nullable(.id)),
            .required("at", .time), .required("by", .text()), .required("why", .text()),
        ]))

    static let version = JSONShape.named(
        "PolicyVersion",
        .object([
            .required("kind", kind), .required("id", .id), .required("version", .nullable(.integer(0...1_000_000))),
            .required("state", state, "Worked out from events and the clock."),
            .required("origin", .oneOf(["files", "console"]), "Of `files`: read-only here."), .required("title", .text(), "For people."),
            .required("vendor", .nullable(.id)), .required("owner", .nullable(.text())), .required("effective_from", .nullable(.time)),
            .required("effective_until", .nullable(.time)), .required("review_next", .nullable(.time)),
            .required("digest", .nullable(.sha256), "Of the text."), .required("authors", .list(of: .text())),
            .required("approved_by", .nullable(.text())), .required("approved_at", .nullable(.time)),
            .required("supersedes", .nullable(.integer(0...1_000_000))), .required("superseded_by", .nullable(.integer(0...1_000_000))),
            .required("stop", .nullable(stop), "It is suspended."), .required("terminated", .nullable(stop), "It has ended for good."),
            .required("rejection", .nullable(stop), "Of a draft: the last words it was rejected with."),
        ]))
    static let problem = JSONShape.named(
        "PolicyProblem",
        .object([
            .required("file", .text()), .required("line", .integer(0...10_000_000)), .required("column", .integer(0...10_000_000)),
            .required("severity", .oneOf(["error", "warning"])), .required("code", .text()), .required("message", .text(bytes: 0...8_000)),
            .required("remedy", .text(bytes: 0...8_000)),
        ]))
    static let document = JSONShape.named(
        "PolicyDocument",
        .object([
            .required("versions", .list(of: version, count: 0...100_000), "A draft first, then newest first."),
            .required("text", longText, "Of the first of `versions`."),
            .required("problems", .list(of: problem, count: 0...100_000), "What lint says of the policies with the draft."),
            .required(
                "history",
                .list(
                    of: .object([
                        .required("at", .time), .required("by", .text()), .required("act", .text()),
                        .required("digest", .nullable(.sha256)), .required("why", .nullable(.text())),
                    ]), count: 0...100_000)),
        ]))
    static let change = JSONShape.named(
        "PolicyChange",
        .object([
            .required("document", .text()), .required("path", .text(bytes: 0...8_000)), .required("sentence", .text(bytes: 0...8_000)),
            .required("weight", .oneOf(PolicyDifference.Change.Weight.allCases.map(\.rawValue)), "More may be sent, less, or neither."),
        ]))
    static let due = JSONShape.named(
        "DueDate",
        .object([
            .required("kind", kind), .required("id", .id), .required("version", .nullable(.integer(0...1_000_000))),
            .required("what", .oneOf(DueDate.What.allCases.map(\.rawValue))), .required("date", .time),
            .required("days_left", .integer(-1_000_000...1_000_000), "Negative: overdue."),
            .required("stops", .boolean, "Nothing goes now."),
            .required("owner", .nullable(.text())), .required("consequence", .text()),
        ]))

    static func json(_ report: VersionReport) -> JSONValue {
        .object([
            "kind": .string(report.kind.rawValue), "id": .string(report.id), "version": number(report.version),
            "state": .string(report.state.rawValue), "origin": .string(report.origin.rawValue), "title": .string(report.title),
            "vendor": .optional(report.vendor), "owner": .optional(report.owner), "effective_from": .optional(report.from),
            "effective_until": .optional(report.until), "review_next": .optional(report.reviewNext),
            "digest": .optional(report.digest.isEmpty ? nil : report.digest), "authors": .strings(report.authors),
            "approved_by": .optional(report.approvedBy), "approved_at": .optional(report.approvedAt),
            "supersedes": number(report.supersedes), "superseded_by": number(report.supersededBy), "stop": json(report.stop),
            "terminated": json(report.terminated), "rejection": json(report.rejection),
        ])
    }

    static func json(_ stop: StopReport?) -> JSONValue {
        guard let stop else { return .null }
        return .object(["at": .string(stop.at), "by": .string(stop.by), "why": .string(stop.why)])
    }

    static func json(_ report: DocumentReport) -> JSONValue {
        .object([
            "versions": .array(report.versions.map { json($0) }), "text": .string(report.text),
            "problems": .array(report.problems.map { json($0) }),
            "history": .array(
                report.history.map {
                    .object([
                        "at": .string($0.at), "by": .string($0.by), "act": .string($0.act),
                        "digest": .optional($0.digest.flatMap { $0.isEmpty ? nil : $0 }), "why": .optional($0.why),
                    ])
                }),
        ])
    }

    static func json(_ problem: DeskProblem) -> JSONValue {
        .object([
            "file": .string(problem.file), "line": .int(Int64(problem.line)), "column": .int(Int64(problem.column)),
            "severity": .string(problem.severity), "code": .string(problem.code), "message": .string(problem.message),
            "remedy": .string(problem.remedy),
        ])
    }

    static func json(_ change: PolicyDifference.Change) -> JSONValue {
        .object([
            "document": .string(change.document), "path": .string(change.path), "sentence": .string(change.sentence),
            "weight": .string(change.weight.rawValue),
        ])
    }

    static func json(_ date: DueDate) -> JSONValue {
        .object([
            "kind": .string(date.kind.rawValue), "id": .string(date.id), "version": number(date.version),
            "what": .string(date.what.rawValue),
            "date": .string(date.date), "days_left": .int(Int64(date.daysLeft)), "stops": .bool(date.stops), "owner": .optional(date.owner),
            "consequence": .string(date.consequence),
        ])
    }

    static func json(_ event: SuspensionEvent) -> JSONValue {
        let (kind, id, vendor): (String, String, String?) =
            switch event.target {
            case .vendor(let id): ("vendor", id, nil)
            case .agreement(let id): ("agreement", id, nil)
            case .field(let name, let vendor): ("field", name, vendor)
            }
        return .object([
            "kind": .string(kind), "id": .string(id), "vendor": .optional(vendor), "at": .string(event.stamp.at.rfc3339),
            "by": .string(event.stamp.by), "why": .string(event.why),
        ])
    }

    private static func number(_ number: Int?) -> JSONValue { number.map { .int(Int64($0)) } ?? .null }
}

extension APIProblem {
    /// `pointer`: to the text of the document, where the request had one.
    package init(_ refusal: DeskRefusal, pointer: String? = nil) {
        let code: Code =
            switch refusal.code {
            case "unknown", "id_unknown": .notFound
            case "four_eyes": .notPermitted
            case "changed_meanwhile": .changedMeanwhile
            case "policy_invalid", "document_malformed", "other_id", "too_large", "text_unfit", "not_admissible": .unprocessable
            case "control_store", "document_lost", "not_in_force", "disk_full", "busy", "closed", "clock", "overloaded", "impact_failed":
                .unavailable
            default: .conflict
            }
        self.init(code, refusal.message, pointer: refusal.problems.isEmpty ? nil : pointer)
    }
}
