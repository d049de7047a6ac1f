import WaybillCore
import WaybillLedger

/// The first page: what goes where, what is refused, and what somebody should look at.
package enum OverviewPages {
    private static let rowsMax = 200
    private static let denialsMax = 15

    package static func all(_ desk: ConsoleDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, "/console/overview", permission: .readTransfers) { call in
                async let stops = desk.sources.stops()
                async let engagements = desk.sources.engagements()
                async let state = desk.sources.state()
                async let due = desk.sources.due(within: Attention.aheadDays)
                let counts = try await desk.lastDays(call.principal, now: call.now)
                let items = Attention.items(
                    due: try await due, stops: try await stops, engagements: try await engagements, state: await state, now: call.now)
                return page(counts, items, call)
            }
        ]
    }

    private static func page(
        _ counts: TransferStatistics.Counts, _ items: [Attention.Item], _ call: ConsoleCall
    ) -> ConsoleAnswer {
        let days = String(ConsoleDesk.overviewDays)
        let seen = items.filter { item in
            call.principal?.may(item.permission) == true && (call.principal?.vendor == nil && call.principal?.caller == nil)
        }
        let values: [String: JSONValue] = [
            "header": ConsolePart.header("Overview", lead: "The last \(days) days, counted by whole days."),
            "days": .string(days), "figures": figures(counts), "flow": FlowPicture(counts.flows).json, "table": flowTable(counts),
            "denials": denials(counts), "attention": attention(seen),
        ]
        return .page("overview", title: "Overview", .object(values))
    }

    private static func figures(_ counts: TransferStatistics.Counts) -> JSONValue {
        let failed = ["vendor_error", "partial", "aborted"].reduce(0) { $0 + (counts.results[$1] ?? 0) }
        let list = [
            ("transfers", counts.transfers), ("records sent", counts.records), ("requests refused", counts.refused),
            ("records denied", counts.denied), ("transfers failed", failed),
            ("without a known end", (counts.results["unknown"] ?? 0) + (counts.results["open"] ?? 0)),
        ]
        return .array(list.map { .object(["label": .string($0.0), "count": .string(ConsolePart.grouped($0.1))]) })
    }

    private static func flowTable(_ counts: TransferStatistics.Counts) -> JSONValue {
        let order = counts.flows.sorted {
            ($1.value, $0.key.caller, $0.key.vendor, $0.key.region) < ($0.value, $1.key.caller, $1.key.vendor, $1.key.region)
        }
        return ConsolePart.table(
            "Transfers by caller, vendor and country", id: "flow-table", ["Caller", "Vendor", "Country", .number("Transfers")],
            order.prefix(rowsMax).map { flow, count in
                [
                    ConsolePart.cell(flow.caller),
                    ConsolePart.cell(
                        flow.vendor,
                        path: ConsoleAddress.path("/console/transfers", ["vendor": [flow.vendor], "caller": [flow.caller]])),
                    ConsolePart.cell(flow.region), ConsolePart.number(count),
                ]
            }, empty: "Nothing was sent.")
    }

    private static func denials(_ counts: TransferStatistics.Counts) -> JSONValue {
        let order = counts.reasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return ConsolePart.table(
            "Records denied, by reason", id: "denials", ["Reason", "What it means", .number("Records")],
            order.prefix(denialsMax).map { code, count in
                [
                    ConsolePart.codeCell(code, path: ConsoleAddress.path("/console/transfers", ["reason": [code]])),
                    ConsolePart.cell(ReasonCode(rawValue: code).map { ReasonCatalog.title($0) } ?? "A reason of another version"),
                    ConsolePart.number(count),
                ]
            }, empty: "Nothing was denied.")
    }

    private static func attention(_ items: [Attention.Item]) -> JSONValue {
        ConsolePart.table(
            "Most pressing first", id: "attention-table", ["What", "When", "More"],
            items.prefix(rowsMax).map { item in
                [
                    ConsolePart.cell(item.what, path: item.path),
                    item.urgency == .now ? ConsolePart.badgeCell("now", .bad) : ConsolePart.badgeCell("within 30 days", .warn),
                    ConsolePart.cell(item.detail),
                ]
            }, empty: "Nothing needs attention.")
    }
}
