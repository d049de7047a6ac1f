import WaybillLedger

/// How transfers look in the API.
enum TransferShapes {
    static let outcomes = ["ok", "vendor_error", "partial", "aborted", "unknown", "open"]
    private static let texts = JSONShape.list(of: .text(), count: 0...10_000)

    private static let members: [JSONShape.Member] = [
        .required("index", .index, "Of its entry in the log."), .required("xid", .xid), .required("time", .time),
        .required("decision", .oneOf(TransferSummary.Decision.allCases.map(\.rawValue))), .required("vendor", .text()),
        .required("caller", .text()), .required("destination", .text()), .required("region", .text(), "Of the destination."),
        .required("method", .text()), .required("endpoint", .text()), .required("route", .text(bytes: 0...8_192)),
        .required("purposes", texts), .required("agreements", texts, "Each as id@version."), .required("fields", texts, "What was sent."),
        .required("dropped_fields", texts), .required("dropped_members", .count, "Members of bodies that are no field."),
        .required("records", .count, "Sent, or of a denial examined."), .required("denied", .count, "Records that were not sent."),
        .required("codes", .map(of: .count), "Records by reason code."),
        .optional("outcome", .oneOf(outcomes), "How it ended; a denial has none."), .optional("http_status", .integer(0...999)),
        .optional("sent_bytes", .count), .optional("milliseconds", .count), .optional("reason", .text()),
    ]

    static let summary = JSONShape.named("Transfer", .object(members))

    static let detail = JSONShape.named(
        "TransferDetail",
        .object(
            members + [
                .required("leaf_hash", .sha256, "Of its leaf in the log's tree."), .required("entry", .any, "As it stands in the log."),
                .optional("outcome_index", .index), .optional("outcome_entry", .any),
                .required("decisions", .list(of: .any, count: 0...1_000_000), "Per record; empty once pruned."),
            ]))

    static let explanation = JSONShape.named(
        "TransferExplanation",
        .object([
            .required("xid", .xid), .required("time", .time), .required("decision", .text()), .required("vendor", .text()),
            .required("endpoint", .text()), .required("caller", .text()), .required("purposes", texts),
            .required("policy", .text(), "Digest of the policy set."), .required("regimes", texts), .required("mechanisms", texts),
            .required(
                "agreements",
                .list(
                    of: .object([
                        .required("agreement", .text()), .required("basis", .text()),
                        .required("at", .nullable(.text()), "File, line and column in the set of then; null: it is not kept here."),
                    ]))),
            .required(
                "codes",
                .list(
                    of: .object([
                        .required("code", .text()), .required("records", .count), .required("meaning", .text()),
                        .required("remedy", .text()),
                    ]))),
            .required("fields", texts), .required("dropped_fields", texts), .required("dropped_members", .count),
            .required(
                "records",
                .list(
                    of: .object([
                        .required("index", .count), .required("decision", .text()), .required("basis", .text()),
                        .required("codes", texts), .required("fields", texts),
                    ]), count: 0...1_000_000)),
        ]))

    private static let groups: [(String, any KeyPath<TransferStatistics.Counts, [String: Int]> & Sendable)] = [
        ("result", \.results), ("decision", \.decisions), ("field", \.fields), ("purpose", \.purposes), ("country", \.countries),
        ("agreement", \.agreements), ("mechanism", \.mechanisms), ("caller", \.callers), ("reason", \.reasons),
    ]
    private static let totals: [(String, any KeyPath<TransferStatistics.Counts, Int> & Sendable, String)] = [
        ("transfers", \.transfers, ""), ("records", \.records, "Of transfers."), ("bytes", \.bytes, "Of bodies, written to vendors."),
        ("refused", \.refused, "Whole requests that were denied."), ("denied", \.denied, "Records that were not sent."),
    ]

    static let statistics = JSONShape.named(
        "Statistics",
        .object([
            .required(
                "periods",
                .list(
                    of: .object(
                        [.required("period", .nullable(.text(bytes: 7...10)), "A day or a month; null: all.")]
                            + totals.map { .required($0.0, .count, $0.2) }
                            + groups.map { .required($0.0, .map(of: .count, count: 0...100_000)) }), count: 0...100_000))
        ]))

    static func json(_ counts: TransferStatistics.Counts, period: String?) -> JSONValue {
        var members: [String: JSONValue] = ["period": .optional(period)]
        for (name, path, _) in totals { members[name] = .int(Int64(counts[keyPath: path])) }
        for (name, path) in groups { members[name] = .object(counts[keyPath: path].mapValues { .int(Int64($0)) }) }
        return .object(members)
    }
}
