import WaybillCore
import WaybillLedger

/// How engagements look in the API.
enum EngagementShapes {
    static let idPattern = JSONShape.Pattern("^[0-9]{4}-[0-9]{1,9}$") { text in
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        return parts.count == 2 && parts[0].utf8.count == 4 && (1...9).contains(parts[1].utf8.count)
            && parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }
    /// Four bytes a character at most, so that they fit what `Administration` takes.
    private static let words = JSONShape.text(bytes: 1...Administration.textBytesMax / 4)
    private static let stored = JSONShape.text(bytes: 0...Administration.textBytesMax)

    static let opening = JSONShape.named(
        "EngagementRequest",
        .object([
            .required("vendor", .id), .required("subject", words, "What is looked at, in words."),
            .required("from", .time, "Entries from this time on,"), .required("until", .time, "and before this one."),
            .required("hook", words, "By which right: GDPR Art. 28(3)(h), a clause of the agreement."),
        ]))

    static func scope(_ body: JSONValue) throws(APIProblem) -> Engagement.Scope {
        guard let from = body["from"].text.flatMap({ Timestamp(rfc3339: $0) }),
            let until = body["until"].text.flatMap({ Timestamp(rfc3339: $0) }), from < until
        else { throw APIProblem(.unprocessable, "the period ends before it begins", pointer: "/until") }
        return Engagement.Scope(
            vendor: body["vendor"].text ?? "", subject: body["subject"].text ?? "", from: from, until: until, hook: body["hook"].text ?? "")
    }

    static let sampling = JSONShape.named(
        "SampleRequest",
        .object([
            .required("seed", .text(bytes: 1...AuditSample.seedBytesMax / 4), "Let the auditor choose it, by dice."),
            .required("count", .integer(1...AuditSample.countMax), "Transfers."),
        ]))

    static let evidence = JSONShape.named(
        "Evidence",
        .object([
            .required("name", words), .required("sha256", .sha256), .required("bytes", .integer(0...1 << 50)),
            .required("note", words, "What it shows."),
        ]))

    private static let findingMembers: [JSONShape.Member] = [
        .required("severity", .oneOf(Engagement.Finding.Severity.allCases.map(\.rawValue))),
        .required("title", words, "What was found, in words."), .required("owner", words, "Who has to mend it."),
        .required("due", .day),
    ]
    static let finding = JSONShape.named(
        "FindingRequest",
        .object(
            findingMembers + [
                .optional("effect", .oneOf(Engagement.Finding.Effect.allCases.map(\.rawValue)), "What it does to traffic; default none."),
                .optional("agreements", .list(of: .id), "That the effect is on; default: all with the vendor."),
            ]))

    static func finding(_ body: JSONValue) throws(APIProblem) -> Engagement.Finding {
        guard let severity = body["severity"].text.flatMap({ Engagement.Finding.Severity(rawValue: $0) }),
            let due = body["due"].text.flatMap({ Day(iso8601: $0) })
        else { throw APIProblem(.bodyMalformed, "severity and due are needed", pointer: "") }
        return Engagement.Finding(
            severity: severity, title: body["title"].text ?? "", owner: body["owner"].text ?? "", due: due,
            effect: body["effect"].text.flatMap { Engagement.Finding.Effect(rawValue: $0) } ?? .none,
            agreements: body["agreements"].items.compactMap(\.text))
    }

    static let settling = JSONShape.named(
        "SettlementRequest",
        .object([
            .required("how", .oneOf(["resolved", "accepted"]), "A critical finding cannot be accepted."),
            .required("answer", words, "What was done, or why it is borne."),
        ]))

    static let engagement = JSONShape.named(
        "Engagement",
        .object([
            .required("id", .text(bytes: 1...32, pattern: idPattern)), .required("vendor", .text()), .required("subject", stored),
            .required("from", .time), .required("until", .time), .required("hook", stored),
            .required("state", .oneOf(Engagement.State.allCases.map(\.rawValue))), .required("opened_at", .time),
            .required("opened_by", stored), .required("closed_at", .nullable(.time)), .required("closed_by", .nullable(stored)),
            .required(
                "samples",
                .list(
                    of: .object([
                        .required("seed", .text()), .required("count", .count), .required("log", .text(), "Its origin."),
                        .required("size", .count, "Drawn from the entries below."),
                    ]), count: 0...100_000)),
            .required(
                "evidence",
                .list(
                    of: .object([
                        .required("name", stored), .required("sha256", .text()), .required("bytes", .integer()), .required("note", stored),
                    ]), count: 0...100_000)),
            .required(
                "findings",
                .list(
                    of: .object([
                        .required("number", .count, "From 1."),
                        .required("severity", .oneOf(Engagement.Finding.Severity.allCases.map(\.rawValue))),
                        .required("title", stored), .required("owner", stored), .required("due", .day),
                        .required("effect", .oneOf(Engagement.Finding.Effect.allCases.map(\.rawValue))),
                        .required("agreements", .list(of: .text())), .required("state", .oneOf(["open", "resolved", "accepted"])),
                        .required("overdue", .boolean), .required("answer", stored),
                    ]), count: 0...100_000)),
        ]))

    static func json(_ one: Engagement, on today: Day) -> JSONValue {
        .object([
            "id": .string(one.id), "vendor": .string(one.scope.vendor), "subject": .string(one.scope.subject),
            "from": .string(one.scope.from.rfc3339), "until": .string(one.scope.until.rfc3339), "hook": .string(one.scope.hook),
            "state": .string(one.state.rawValue), "opened_at": .string(one.opened.at.rfc3339), "opened_by": .string(one.opened.by),
            "closed_at": .optional(one.closed?.at.rfc3339), "closed_by": .optional(one.closed?.by),
            "samples": .array(
                one.samples.map { sample in
                    .object([
                        "seed": .string(sample.seed), "count": .int(Int64(sample.count)), "log": .string(sample.origin),
                        "size": .int(Int64(clamping: sample.size)),
                    ])
                }),
            "evidence": .array(
                one.evidence.map { item in
                    .object([
                        "name": .string(item.name), "sha256": .string(item.sha256), "bytes": .int(Int64(item.bytes)),
                        "note": .string(item.note),
                    ])
                }),
            "findings": .array(one.findings.enumerated().map { json($0 + 1, $1, today) }),
        ])
    }

    private static func json(_ number: Int, _ finding: Engagement.Finding, _ today: Day) -> JSONValue {
        .object([
            "number": .int(Int64(number)), "severity": .string(finding.severity.rawValue), "title": .string(finding.title),
            "owner": .string(finding.owner), "due": .string(finding.due.iso8601), "effect": .string(finding.effect.rawValue),
            "agreements": .strings(finding.agreements), "state": .string(finding.state.rawValue),
            "overdue": .bool(finding.isOverdue(on: today)), "answer": .string(finding.answer),
        ])
    }

    static let drawn = JSONShape.named(
        "Sample",
        .object([
            .required("population", .count, "Transfers it was drawn from."),
            .required(
                "transfers",
                .list(
                    of: .object([
                        .required("index", .index), .required("xid", .text()), .required("time", .text()), .required("endpoint", .text()),
                        .required("leaf_hash", .sha256), .required("rank", .sha256, "SHA-256 of the seed and the leaf hash."),
                    ]), count: 0...AuditSample.countMax)),
        ]))

    static func json(_ sample: AuditSample) -> JSONValue {
        .object([
            "population": .int(Int64(sample.population)),
            "transfers": .array(
                sample.draws.map { draw in
                    .object([
                        "index": .int(Int64(clamping: draw.index)), "xid": .string(draw.xid), "time": .string(draw.time),
                        "endpoint": .string(draw.endpoint), "leaf_hash": .string(draw.leaf.description),
                        "rank": .string(draw.rank.description),
                    ])
                }),
        ])
    }
}
