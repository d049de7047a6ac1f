import WaybillCore
import WaybillLedger

/// Why one transfer went as it did: the entry's codes in words, record by record, and where in the policy files of that moment the
/// agreements stand.
struct TransferExplanation {
    struct Record {
        var index: Int
        var decision: String
        var basis: String
        var codes: [String]
        var fields: [String]
    }
    struct Agreement {
        var name: String
        var basis: String
        /// File, line and column in the kept set; nil: the set is not kept here.
        var position: String?
    }
    let summary: TransferSummary
    let policyDigest: String
    let records: [Record]
    let agreements: [Agreement]
    let mechanisms: [String]
    let regimes: [String]

    /// The policy set the entry pins, from the archive.
    static func policies(of detail: TransferDetail, _ archive: PolicyArchive) throws -> PolicySet? {
        guard case .object(let entry) = CanonicalParser.parse(detail.entry.bytes), case .string(let digest) = entry["pset"] else {
            return nil
        }
        do {
            return try archive.set(digest)
        } catch is PolicyProblems {
            // A newer version may read old files more strictly; the explanation then goes without positions.
            return nil
        }
    }

    init(_ detail: TransferDetail, policies: PolicySet?) {
        var entry: [String: CanonicalValue] = [:]
        if case .object(let members) = CanonicalParser.parse(detail.entry.bytes) { entry = members }
        summary = detail.summary
        policyDigest = entry["pset"]?.plainText ?? ""
        mechanisms = entry["mech"]?.plainTexts ?? []
        regimes = entry["regimes"]?.plainTexts ?? []
        let bases = (entry["basis"]?.plainTexts ?? []).joined(separator: " ")
        agreements = detail.summary.agreements.map { name in
            Agreement(name: name, basis: bases, position: policies?.agreements.first { $0.versionName == name }?.position.description)
        }
        records = detail.lines.compactMap { line in
            guard case .object(let members) = CanonicalParser.parse(line) else { return nil }
            return Record(
                index: members["i"]?.integer ?? 0, decision: members["d"]?.plainText ?? "", basis: members["b"]?.plainText ?? "",
                codes: members["c"]?.plainTexts ?? [], fields: members["f"]?.plainTexts ?? [])
        }
    }

    /// Every code with what it means and what to do, in the order of the checks.
    private var codes: [(code: String, title: String, remedy: String, count: Int)] {
        summary.codes.map { code, count in
            guard let reason = ReasonCode(rawValue: code) else { return (code: code, title: "", remedy: "", count: count, order: Int.max) }
            let entry = ReasonCatalog.entry(for: reason)
            return (code: code, title: entry.title, remedy: entry.remedy, count: count, order: reason.order)
        }.sorted { ($0.order, $0.code) < ($1.order, $1.code) }.map { ($0.code, $0.title, $0.remedy, $0.count) }
    }

    var reasons: Table {
        var table = Table(columns: ["code", "records", "meaning", "remedy"], whenEmpty: "nothing was refused")
        for reason in codes { table.append([.text(reason.code), .number(Int64(reason.count)), .text(reason.title), .text(reason.remedy)]) }
        return table
    }

    var json: JSONText {
        .object([
            ("xid", .text(summary.xid)), ("time", .text(summary.time)), ("decision", .text(summary.decision.rawValue)),
            ("vendor", .text(summary.vendor)), ("endpoint", .text(summary.endpoint)), ("caller", .text(summary.caller)),
            ("purposes", .texts(summary.purposes)), ("policy", .text(policyDigest)), ("regimes", .texts(regimes)),
            ("mechanisms", .texts(mechanisms)),
            (
                "agreements",
                .list(
                    agreements.map { .object([("agreement", .text($0.name)), ("basis", .text($0.basis)), ("at", .optional($0.position))]) })
            ),
            (
                "codes",
                .list(
                    codes.map {
                        .object([
                            ("code", .text($0.code)), ("records", .number(Int64($0.count))), ("meaning", .text($0.title)),
                            ("remedy", .text($0.remedy)),
                        ])
                    })
            ),
            ("fields", .texts(summary.fields)), ("dropped_fields", .texts(summary.droppedFields)),
            ("dropped_members", .number(Int64(summary.droppedMembers))),
            (
                "records",
                .list(
                    records.map {
                        .object([
                            ("index", .number(Int64($0.index))), ("decision", .text($0.decision)), ("basis", .text($0.basis)),
                            ("codes", .texts($0.codes)), ("fields", .texts($0.fields)),
                        ])
                    })
            ),
        ])
    }

    var text: String {
        func listed(_ items: [String], _ none: String = "none") -> String { items.isEmpty ? none : items.joined(separator: ", ") }
        var lines = [
            "\(summary.xid)  \(summary.time)",
            "\(summary.method) \(summary.route) of \(summary.vendor) (\(summary.endpoint)), by \(summary.caller)",
            "Decision: \(summary.decision.rawValue), purposes: \(listed(summary.purposes))",
        ]
        for agreement in agreements {
            let basis = agreement.basis.isEmpty ? "" : ", basis \(agreement.basis)"
            lines.append("Agreement: \(agreement.name)\(basis)\(agreement.position.map { ", \($0)" } ?? "")")
        }
        if !mechanisms.isEmpty { lines.append("Transfer mechanism: \(listed(mechanisms)) to \(summary.region)") }
        if summary.decision != .deny { lines.append("Sent: \(listed(summary.fields))") }
        let others = summary.droppedMembers > 0 ? " and \(summary.droppedMembers) members that are no field" : ""
        lines.append("Kept back: \(listed(summary.droppedFields, others.isEmpty ? "nothing" : "no field"))\(others)")
        for reason in codes {
            lines.append("\(reason.code) (\(reason.count)): \(reason.title). \(reason.remedy)")
        }
        for record in records {
            let reasons = record.codes.isEmpty ? "" : " because of \(listed(record.codes))"
            lines.append("Record \(record.index): \(record.decision)\(reasons); fields \(listed(record.fields))")
        }
        if let ending = summary.ending {
            lines.append("Outcome: \(ending.result.rawValue), HTTP \(ending.status), \(ending.sentBytes) bytes, \(ending.milliseconds) ms")
        }
        lines.append("Policy set: \(policyDigest)")
        return lines.map { Table.visible($0) + "\n" }.joined()
    }
}

extension CanonicalValue {
    var plainText: String? { if case .string(let text) = self { text } else { nil } }
    var plainTexts: [String] { if case .array(let values) = self { values.compactMap(\.plainText) } else { [] } }
}
