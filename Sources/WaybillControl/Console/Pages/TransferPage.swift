import WaybillCore
import WaybillLedger

/// One transfer in full: the entry's codes in words, check by check, what was sent and kept back, and where the policy says so.
struct TransferPage {
    private static let recordsMax = 200
    private let summary: TransferSummary
    private let detail: TransferDetail
    private let entry: [String: CanonicalValue]
    private let agreements: [(agreement: Agreement, set: PolicySet)]
    private let isSetKept: Bool

    init(_ transfer: ConsoleTransfer) {
        detail = transfer.detail
        summary = transfer.detail.summary
        if case .object(let members) = CanonicalParser.parse(transfer.detail.entry.bytes) { entry = members } else { entry = [:] }
        let names = Set(transfer.detail.summary.agreements)
        agreements =
            transfer.policies.map { set in set.agreements.filter { names.contains("\($0.id)@\($0.version)") }.map { ($0, set) } } ?? []
        isSetKept = transfer.policies != nil
    }

    var answer: ConsoleAnswer {
        var parts = [ConsolePart.part("facts", facts)]
        if !reasons.isEmpty {
            parts += [
                ConsolePart.section("Why"),
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Reasons, in the order of the checks", id: "reasons", ["Reason", .number("Records"), "What it means", "What to do"],
                        reasons.map { code in
                            let entry = ReasonCode(rawValue: code).map { ReasonCatalog.entry(for: $0) }
                            return [
                                ConsolePart.codeCell(code), ConsolePart.number(summary.codes[code] ?? 0), ConsolePart.cell(entry?.title),
                                ConsolePart.cell(entry?.remedy),
                            ]
                        }, empty: "")),
            ]
        }
        parts += [ConsolePart.section("Every check"), ConsolePart.part("table", checks), ConsolePart.section("Fields")]
        if !isSetKept {
            parts.append(
                ConsolePart.part(
                    "notice", ConsolePart.notice(.info, "The policy set of that moment is not kept here, so lines of files are not named.")))
        }
        parts += [ConsolePart.part("table", fields), ConsolePart.section("Records"), ConsolePart.part("table", records)]
        parts += [ConsolePart.section("Entries of the log"), ConsolePart.part("code", ConsolePart.code("Entry", text(detail.entry.bytes)))]
        if let outcome = detail.outcome {
            parts.append(ConsolePart.part("code", ConsolePart.code("Outcome", text(outcome.bytes))))
        }
        return ConsolePart.page(
            "Transfer \(summary.xid)", badges: [ConsolePart.decision(summary.decision)["badge"]],
            crumbs: [("Transfers", TransferPages.path)], parts)
    }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
    private func strings(_ name: String) -> [String] {
        guard case .array(let values) = entry[name] else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
    private func string(_ name: String) -> String? { if case .string(let text) = entry[name] { text } else { nil } }

    /// In the order of the checks.
    private var reasons: [String] {
        summary.codes.keys.sorted { a, b in
            (ReasonCode(rawValue: a)?.order ?? .max, a) < (ReasonCode(rawValue: b)?.order ?? .max, b)
        }
    }

    private var facts: JSONValue {
        var items: [(term: String, cell: JSONValue)] = [
            ("Time", ConsolePart.cell(summary.time)), ("Vendor", ConsolePart.cell(summary.vendor)),
            ("Call", ConsolePart.codeCell("\(summary.method) \(summary.route)")), ("Endpoint", ConsolePart.cell(summary.endpoint)),
            ("Destination", ConsolePart.cell("\(summary.destination), \(summary.region)")), ("Caller", ConsolePart.cell(summary.caller)),
            ("Purposes", ConsolePart.lines(summary.purposes)), ("Agreements", ConsolePart.lines(agreementLines)),
            ("Grounds", ConsolePart.lines(strings("basis"))), ("Regimes", ConsolePart.lines(strings("regimes"))),
            ("Transfer mechanisms", ConsolePart.lines(strings("mech"))),
            ("Records", ConsolePart.cell("\(summary.records), of them \(summary.denied) denied")), ("Outcome", ConsolePart.outcome(summary)),
        ]
        if let ending = summary.ending {
            items.append(("Sent", ConsolePart.cell("\(ConsolePart.grouped(ending.sentBytes)) bytes in \(ending.milliseconds) ms")))
        }
        items += [
            ("Entry", ConsolePart.cell(ConsolePart.grouped(Int(clamping: summary.index)))),
            ("Leaf hash", ConsolePart.codeCell(detail.entry.leaf.description)),
            ("Policy set", ConsolePart.codeCell(string("pset") ?? "")),
        ]
        return ConsolePart.facts(items)
    }

    private var agreementLines: [String] {
        summary.agreements.map { name in
            let place = agreements.first { "\($0.agreement.id)@\($0.agreement.version)" == name }?.agreement.position.description
            return place.map { "\(name), \($0)" } ?? name
        }
    }

    /// Each step with what it looked at, and what it said of any record.
    private var checks: JSONValue {
        let inputs: [Int: [String]] = [
            0: ["regimes: \(listed(strings("regimes")))"], 1: ["caller: \(summary.caller)", "vendor: \(summary.vendor)"],
            2: ["agreements: \(listed(summary.agreements))"], 3: ["purposes: \(listed(summary.purposes))"],
            5: ["grounds: \(listed(strings("basis")))"],
            8: ["region: \(summary.region)", "mechanisms: \(listed(strings("mech")))"],
            9: ["sent: \(summary.fields.count) fields", "kept back: \(summary.droppedFields.count)"],
        ]
        let questions = Dictionary(grouping: Explanation.questions, by: \.step)
        let found = Dictionary(grouping: reasons.compactMap { ReasonCode(rawValue: $0) }, by: \.step)
        // Who is refused as a whole is asked nothing more.
        let last = summary.decision == .deny ? found.keys.max() ?? .max : .max
        return ConsolePart.table(
            "Checks, in order", id: "checks", ["Step", "Question", "Looked at", "Result"],
            questions.keys.sorted().map { step in
                let codes = found[step] ?? []
                let result =
                    codes.isEmpty
                    ? step > last ? ConsolePart.badgeCell("not asked") : ConsolePart.badgeCell("no objection", .ok)
                    : ConsolePart.badgesCell(codes.map { ConsolePart.badge("\($0.rawValue): \(summary.codes[$0.rawValue] ?? 0)", .bad) })
                return [
                    ConsolePart.cell(String(step)), ConsolePart.lines((questions[step] ?? []).map(\.question)),
                    ConsolePart.lines(inputs[step] ?? [], none: step == 4 || step == 10 ? "what the person said" : "–"), result,
                ]
            }, empty: "")
    }

    private func listed(_ items: [String]) -> String { items.isEmpty ? "none" : items.joined(separator: ", ") }

    private var fields: JSONValue {
        let sent = summary.fields.map { name in
            let rule = rule(name)
            let action =
                rule.map { $0.set[$0.field.operatorID].keepsValue ? ConsolePart.badgeCell("sent", .ok) : ConsolePart.badgeCell("changed", .info) }
                ?? ConsolePart.badgeCell("sent", .ok)
            return [
                ConsolePart.codeCell(name), action, ConsolePart.cell(rule.map { $0.set[$0.field.operatorID].summary } ?? "–"),
                ConsolePart.codeCell(rule?.field.position.description ?? "–"),
            ]
        }
        let kept = summary.droppedFields.map { name in
            let rule = rule(name)
            let place = rule?.field.position ?? agreements.first.flatMap { term(in: $0.agreement, $0.set)?.position }
            return [
                ConsolePart.codeCell(name), ConsolePart.badgeCell("kept back", .bad),
                ConsolePart.cell(rule.map { $0.set[$0.field.operatorID].summary } ?? "not in the agreement"),
                ConsolePart.codeCell(place?.description ?? "–"),
            ]
        }
        let others =
            summary.droppedMembers > 0
            ? [
                [
                    ConsolePart.cell("\(summary.droppedMembers) members that are no field"), ConsolePart.badgeCell("kept back", .bad),
                    ConsolePart.cell("unknown to the vendor's file"), ConsolePart.cell("–"),
                ]
            ] : []
        return ConsolePart.table(
            "Fields, and the line that says so", id: "fields", ["Field", "What was done", "How", "Where it stands"], sent + kept + others,
            empty: "The call held no field.")
    }

    private func term(in agreement: Agreement, _ set: PolicySet) -> AgreedPurpose? {
        agreement.purposes.first { summary.purposes.contains(set[$0.purpose].name) }
    }

    private func rule(_ name: String) -> (field: AgreedField, set: PolicySet)? {
        for (agreement, set) in agreements {
            guard let position = set.fields.firstIndex(where: { $0.name == name }) else { continue }
            for term in agreement.purposes where summary.purposes.contains(set[term.purpose].name) {
                if let field = term.fields[FieldID(position)] { return (field, set) }
            }
        }
        return nil
    }

    private var records: JSONValue {
        let lines = detail.lines.prefix(Self.recordsMax).compactMap { line -> [JSONValue]? in
            guard case .object(let members) = CanonicalParser.parse(line) else { return nil }
            func texts(_ name: String) -> [String] {
                guard case .array(let values) = members[name] else { return [] }
                return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
            }
            func one(_ name: String) -> String? { if case .string(let text) = members[name] { text } else { nil } }
            return [
                ConsolePart.number(members["i"]?.integer ?? 0), ConsolePart.cell(one("d")?.replacing("_", with: " ")),
                ConsolePart.cell(one("b")), ConsolePart.lines(texts("c")), ConsolePart.lines(texts("f")),
            ]
        }
        return ConsolePart.table(
            detail.lines.count > Self.recordsMax ? "The first \(Self.recordsMax) of \(detail.lines.count) records" : "What was decided on each",
            id: "records", [.number("Record"), "Decision", "Ground", "Reasons", "Fields"], lines,
            empty: "What was decided on each record is not kept any more, or nothing was decided.")
    }
}
