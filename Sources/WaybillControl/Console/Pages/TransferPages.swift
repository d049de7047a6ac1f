import WaybillCore
import WaybillLedger

/// What was sent or refused: searching, and one transfer in full.
package enum TransferPages {
    static let path = "/console/transfers"
    private static let rowsMax = 50

    package static func all(_ desk: ConsoleDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, path, permission: .readTransfers) { call in try await list(desk, call) },
            ConsolePage(.get, "\(path)/statistics", permission: .readTransfers) { call in try await statistics(desk, call) },
            ConsolePage(.get, "\(path)/{transfer}", permission: .readTransfers) { call in try await show(desk, call) },
        ]
    }

    private static func list(_ desk: ConsoleDesk, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        var call = call
        let asked: (filter: TransferFilter, cursor: ExportCursor?)
        do throws(FormProblem) {
            asked = (try TransferQuery.filter(call), try TransferQuery.cursor(call))
        } catch {
            call.problem = error
            return page(desk, call, [TransferQuery.problem(error)])
        }
        let found = try await desk.sources.transfers(
            ConsoleDesk.seen(asked.filter, by: call.principal), limit: rowsMax, from: asked.cursor)
        return page(
            desk, call,
            [
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Transfers, newest first", id: "transfers",
                        ["Time", "Decision", "Outcome", "Vendor", "Endpoint", "Caller", "Purposes", .number("Records"), .number("Denied")],
                        found.items.map(row), empty: "No transfer fits. Widen the search, or look at a longer time.")),
                ConsolePart.part("pager", ConsolePart.pager(path, call, next: found.next?.description, label: "Pages of transfers")),
            ])
    }

    private static func page(_ desk: ConsoleDesk, _ call: ConsoleCall, _ parts: [JSONValue]) -> ConsoleAnswer {
        ConsolePart.page(
            "Transfers",
            lead: "What was sent or refused, as the log has it. To find what was disclosed about one person, look the person up.",
            [tabs(call, current: path), ConsolePart.part("form", TransferQuery.form(call, action: path, desk.sources.policies).json)] + parts)
    }

    static func tabs(_ call: ConsoleCall, current: String) -> JSONValue {
        let fields = call.fields.filter { $0.key != "cursor" && $0.key != "by" && !$0.value.allSatisfy(\.isEmpty) }
        let items = [("List", path), ("Statistics", "\(path)/statistics")].map { ($0.0, ConsoleAddress.path($0.1, fields)) }
        return ConsolePart.part("tabs", ConsolePart.tabs("Views", items, current: ConsoleAddress.path(current, fields)))
    }

    private static func row(_ transfer: TransferSummary) -> [JSONValue] {
        [
            ConsolePart.cell(
                String(transfer.time.prefix(19)).replacing("T", with: " "), path: "\(path)/\(ConsoleAddress.part(transfer.xid))"),
            ConsolePart.decision(transfer.decision), ConsolePart.outcome(transfer), ConsolePart.cell(transfer.vendor),
            ConsolePart.cell(transfer.endpoint), ConsolePart.cell(transfer.caller), ConsolePart.lines(transfer.purposes),
            ConsolePart.number(transfer.records), ConsolePart.number(transfer.denied),
        ]
    }

    private static func statistics(_ desk: ConsoleDesk, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        let action = "\(path)/statistics"
        let form = ConsolePart.part("form", TransferQuery.form(call, action: action, desk.sources.policies, isCounting: true).json)
        let head = [tabs(call, current: action), form]
        let lead = "A transfer counts once for each of its purposes, fields and agreements. Days are days in UTC."
        var filter: TransferFilter
        do throws(FormProblem) {
            filter = try TransferQuery.filter(call)
        } catch {
            return ConsolePart.page("Statistics of transfers", lead: lead, head + [TransferQuery.problem(error)])
        }
        filter.state = nil
        // Without a beginning everything there is would be summed; the last days are what people ask for.
        if filter.since == nil { filter.since = Day(number: call.now.day.number - ConsoleDesk.overviewDays + 1).start }
        let counts = try await desk.sources.statistics(ConsoleDesk.seen(filter, by: call.principal))
        let totals = ConsolePart.facts([
            ("From", ConsolePart.time(filter.since)), ("Transfers", ConsolePart.number(counts.transfers)),
            ("Records sent", ConsolePart.number(counts.records)), ("Bytes sent", ConsolePart.number(counts.bytes)),
            ("Requests refused", ConsolePart.number(counts.refused)), ("Records denied", ConsolePart.number(counts.denied)),
        ])
        return ConsolePart.page(
            "Statistics of transfers", lead: lead, crumbs: [("Transfers", path)],
            head + [ConsolePart.part("facts", totals)] + groups(counts).map { ConsolePart.part("table", $0) })
    }

    private static func groups(_ counts: TransferStatistics.Counts) -> [JSONValue] {
        [
            ("Outcome", counts.results), ("Decision", counts.decisions), ("Reason", counts.reasons), ("Field", counts.fields),
            ("Purpose", counts.purposes), ("Country", counts.countries), ("Agreement", counts.agreements), ("Caller", counts.callers),
            ("Transfer mechanism", counts.mechanisms),
        ].compactMap { name, values in
            guard !values.isEmpty else { return nil }
            let order = values.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            let id = "by-\(name.lowercased().replacing(" ", with: "-"))"
            return ConsolePart.table(
                "By \(name.lowercased())", id: id, [ConsolePart.Column(name), .number(name == "Reason" ? "Records" : "Transfers")],
                order.prefix(100).map { [ConsolePart.cell($0.key), ConsolePart.number($0.value)] }, empty: "")
        }
    }

    private static func show(_ desk: ConsoleDesk, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        guard let id = call.values["transfer"].flatMap({ TransferID($0) }), let transfer = try await desk.sources.transfer(id),
            isSeen(transfer.detail.summary, by: call.principal)
        else {
            throw APIProblem(.notFound, "The log has no such transfer. Malformed and unauthenticated requests are only counted.")
        }
        return TransferPage(transfer).answer
    }

    private static func isSeen(_ transfer: TransferSummary, by principal: Principal?) -> Bool {
        guard let principal else { return false }
        return principal.sees(vendor: transfer.vendor) && principal.caller.map { $0 == transfer.caller } ?? true
    }
}

extension ConsolePart {
    static func decision(_ decision: TransferSummary.Decision) -> JSONValue {
        switch decision {
        case .allow: badgeCell("allowed", .ok)
        case .allowRedacted: badgeCell("allowed, reduced", .info)
        case .deny: badgeCell("denied", .bad)
        }
    }

    static func outcome(_ transfer: TransferSummary) -> JSONValue {
        guard transfer.decision != .deny else { return cell("not sent") }
        guard let ending = transfer.ending else { return badgeCell("open", .warn) }
        let tone: Tone =
            switch ending.result {
            case .ok: .ok
            case .unknown: .warn
            default: .bad
            }
        var members = badgeCell(ending.result.rawValue.replacing("_", with: " "), tone).members
        members["note"] = ending.status > 0 ? .string("HTTP \(ending.status)") : .null
        return .object(members)
    }
}
