import Crypto
import FoundationEssentials
package import WaybillCore

/// `POST /v1/decisions`: one decision, dry, as `waybill decide` makes it; people are only those that the request itself describes.
package enum DecisionOperations {
    /// Of a body, decoded.
    static let bodyBytesMax = 512 * 1_024
    static let linesMax = 1_000

    package static func all(_ policies: @escaping @Sendable () -> PolicySet) -> [APIOperation] {
        [
            APIOperation(
                "tryDecision", .post, "/v1/decisions", resource: "decisions",
                "Decide on a request without sending or logging it. Hashes and pseudonyms are made with a key for dry runs.",
                permission: .tryDecisions, body: .json(request), answer: .json(answer), problems: [.unprocessable]
            ) { call in .json(try decide(call.body, policies(), now: call.now)) }
        ]
    }

    private static let request = JSONShape.named(
        "DecisionRequest",
        .object([
            .required("caller", .id, "As whom it is sent."),
            .optional("method", .oneOf(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]), "Default: POST."),
            .required("url", .text(bytes: 1...8_000), "The vendor's URL, as the CRM would call it."),
            .optional("purpose", .nullable(.text(bytes: 1...2_000)), "Purposes, separated by commas."),
            .optional("headers", .map(of: .text(bytes: 0...8_000), count: 0...64)),
            .optional("at", .nullable(.time), "The moment of the decision; default now."),
            .optional("body", .nullable(.text(bytes: 0...bodyBytesMax)), "The request's body, where it is text."),
            .optional("body_base64", .nullable(.text(bytes: 0...700_000)), "The same, for any bytes; one of the two."),
            .optional("consents", .list(of: .any, count: 0...linesMax), "Consent events, as `waybill consent import` takes them."),
            .optional("subjects", .list(of: .any, count: 0...linesMax), "Facts about subjects, as `waybill subject import` takes them."),
        ]))

    private static let record = JSONShape.object([
        .required("index", .integer(0...Int(Int32.max))), .required("decision", .text()), .required("codes", .list(of: .text())),
        .required("dropped", .list(of: .text(), count: 0...100_000), "Members that would not be sent."),
        .required("changed", .list(of: .text(), count: 0...100_000), "Members that would be changed."),
    ])

    static let check = JSONShape.object([
        .required("step", .integer(0...1_000)), .required("question", .text()), .required("passed", .boolean),
        .required("code", .nullable(.text()), "Why it was not passed."), .required("inputs", .map(of: .text(bytes: 0...100_000))),
        .required("at", .nullable(.text()), "The line of the policies that says so."),
    ])

    private static let answer = JSONShape.named(
        "Decision",
        .object([
            .required("decision", .oneOf(["allow", "allow_redacted", "deny", "hold"])),
            .required("primary", .nullable(.text()), "The code that a caller would be told."),
            .required("codes", .list(of: .text())),
            .required("records", .list(of: record, count: 0...100_000)),
            .required("body_base64", .nullable(.text(bytes: 0...Int(Int32.max))), "What would leave; null: nothing."),
            .required(
                "explain",
                .list(
                    of: .object([.required("index", .integer(0...Int(Int32.max))), .required("checks", .list(of: check))]),
                    count: 0...100_000)),
            .required("policy", .sha256, "The policy set it was decided by."),
            .optional("status", .integer(400...599), "What a caller would be answered."), .optional("title", .text()),
            .optional("detail", .text(bytes: 0...100_000)),
        ]))

    private static func decide(_ body: JSONValue, _ set: PolicySet, now: Timestamp) throws -> JSONValue {
        guard let caller = set.caller(named: body["caller"].text ?? "") else {
            throw APIProblem(.unprocessable, "the policies in force know no such caller; GET /v1/callers lists them", pointer: "/caller")
        }
        let now = body["at"].text.flatMap { Timestamp(rfc3339: $0) } ?? now
        let content = try bytes(body)
        let headers = body["headers"].members.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value.text ?? "") }
        guard
            let head = RequestHead(
                method: body["method"].text ?? "POST", url: body["url"].text ?? "", headers: headers, purpose: body["purpose"].text,
                hasBody: !content.isEmpty, in: set)
        else {
            throw APIProblem(.unprocessable, "no vendor of the policies in force has the destination of this URL", pointer: "/url")
        }
        let keyring = Keyring(master: SymmetricKey(data: [UInt8](repeating: 0, count: 32)))
        let index = try book(body).index(key: keyring.fingerprints, notices: set.notices, now: now)
        let gate = Gate(policy: set, subjects: index, keys: GateKeys(keyring: keyring, makeSalt: { InlineArray(repeating: 0) }))
        return json(DryRun(gate: gate, caller: caller, head: head, body: content, now: now), set)
    }

    private static func bytes(_ body: JSONValue) throws(APIProblem) -> [UInt8] {
        if let text = body["body_base64"].text {
            guard body["body"].isNull, let data = Data(base64Encoded: text) else {
                throw APIProblem(.unprocessable, "give base64 (RFC 4648, with padding), and not `body` beside it", pointer: "/body_base64")
            }
            return Array(data)
        }
        return Array((body["body"].text ?? "").utf8)
    }

    /// Facts first: they say which identifiers are one person.
    private static func book(_ body: JSONValue) throws(APIProblem) -> SubjectBook {
        var book = SubjectBook()
        for name in ["subjects", "consents"] {
            for (i, line) in body[name].items.enumerated() {
                do throws(LineProblem) {
                    try book.apply(
                        name == "subjects" ? .facts(FactsLine(line.bytes, line: i)) : .consent(ConsentLine(line.bytes, line: i)))
                } catch {
                    let member = error.member.map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") } ?? ""
                    throw APIProblem(.unprocessable, error.message, pointer: "/\(name)/\(i)\(member)")
                }
            }
        }
        return book
    }

    private static func json(_ run: DryRun, _ set: PolicySet) -> JSONValue {
        let primary = run.primary ?? run.codes.first { !$0.isFieldLevel }?.rawValue ?? run.codes.first?.rawValue
        var members: [String: JSONValue] = [
            "decision": .string(run.outcome.rawValue), "primary": .optional(primary), "codes": .strings(run.codes.map(\.rawValue)),
            "body_base64": .optional(run.body.map { Data($0).base64EncodedString() }), "policy": .string(set.digest),
            "records": .array(
                run.records.map { record in
                    .object([
                        "index": .int(Int64(record.verdict.index)), "decision": .string(record.verdict.decision.rawValue),
                        "codes": .strings(record.verdict.codes.map(\.rawValue)), "dropped": .strings(record.report.dropped),
                        "changed": .strings(record.report.changed),
                    ])
                }),
            "explain": .array(
                run.records.map { record in
                    .object(["index": .int(Int64(record.verdict.index)), "checks": .array(record.checks.map(json))])
                }),
        ]
        if let status = run.status {
            members["status"] = .int(Int64(status))
            members["title"] = .string(run.title ?? "")
            members["detail"] = .string(run.detail ?? "")
        }
        return .object(members)
    }

    private static func json(_ check: CheckTrace) -> JSONValue {
        .object([
            "step": .int(Int64(check.step)), "question": .string(check.question), "passed": .bool(check.code == nil),
            "code": .optional(check.code?.rawValue), "inputs": .object(check.inputs.mapValues { .string($0) }),
            "at": .optional(check.position?.description),
        ])
    }
}
