package import WaybillCore
package import WaybillLedger

/// Finds transfers as `waybill transfers` does. Never blocks the caller's thread.
package protocol TransferQueries: Sendable {
    func knows(_ cursor: ExportCursor) async throws -> Bool
    func list(_ filter: TransferFilter, limit: Int, from: ExportCursor?) async throws -> TransferSearch.Page<IndexedTransfer>
    func statistics(_ filter: TransferFilter, by step: TransferStatistics.Step) async throws -> TransferStatistics
    /// Nil: no log has it.
    func detail(_ xid: TransferID) async throws -> TransferDetail?
    /// As `waybill transfers explain --output json` prints it.
    func explanation(of detail: TransferDetail) async throws -> JSONValue
}

/// `/v1/transfers`, `/v1/statistics`. Whoever is bound to a vendor or a caller sees nothing else.
package enum TransferOperations {
    package static func all(_ queries: any TransferQueries) -> [APIOperation] {
        [
            APIOperation(
                "listTransfers", .get, "/v1/transfers", resource: "transfers", "Transfers, newest first.", permission: .readTransfers,
                parameters: APIParameter.paging + filters + [
                    .query("decision", .oneOf(TransferSummary.Decision.allCases.map(\.rawValue)), "Only with this decision."),
                    .query("reason", .text(bytes: 1...64), "Only where a record got this reason code."),
                    .query("outcome", .oneOf(TransferShapes.outcomes), "Only those that ended so."),
                ], answer: .page(of: TransferShapes.summary)
            ) { call in
                guard let filter = filter(call) else { return .page(items: [], next: nil) }
                var cursor: ExportCursor?
                if let text = call.page.cursor {
                    cursor = ExportCursor(text)
                    guard let cursor, try await queries.knows(cursor) else {
                        throw APIProblem(.unprocessable, "the log that the cursor is of is not here; begin without", parameter: "cursor")
                    }
                }
                let page = try await queries.list(filter, limit: call.page.limit, from: cursor)
                return .page(items: page.items.map { JSONValue(canonical: $0.summary.json) }, next: page.next?.description)
            },
            APIOperation(
                "getTransfer", .get, "/v1/transfers/{xid}", resource: "transfers", "Everything the log holds about one transfer.",
                permission: .readTransfers, parameters: [xid], answer: .json(TransferShapes.detail), problems: [.notFound]
            ) { call in .json(JSONValue(canonical: try await detail(call, queries).json)) },
            APIOperation(
                "explainTransfer", .get, "/v1/transfers/{xid}/explain", resource: "transfers",
                "Why one transfer was sent, reduced or refused, in words.", permission: .readTransfers, parameters: [xid],
                answer: .json(TransferShapes.explanation), problems: [.notFound]
            ) { call in .json(try await queries.explanation(of: try await detail(call, queries))) },
            APIOperation(
                "getStatistics", .get, "/v1/statistics", resource: "transfers", "What transfers come to: per vendor and period, in UTC.",
                permission: .readTransfers,
                parameters: filters + [
                    .query("by", .oneOf(TransferStatistics.Step.allCases.map(\.rawValue)), "A line for each; default all.")
                ],
                answer: .json(TransferShapes.statistics)
            ) { call in
                guard let filter = filter(call) else { return .json(.object(["periods": .array([])])) }
                let step = call.values["by"].flatMap { TransferStatistics.Step(rawValue: $0) } ?? .all
                let periods = try await queries.statistics(filter, by: step).periods
                return .json(
                    .object(["periods": .array(periods.map { TransferShapes.json($0.counts, period: $0.name.isEmpty ? nil : $0.name) })]))
            },
        ]
    }

    private static let xid = APIParameter.path("xid", .xid, "The transfer's id, as in the header Waybill-Transfer.")
    private static let filters: [APIParameter] = [
        .query("vendor", .id, "Only to this vendor."),
        .query("agreement", .text(bytes: 1...80), "Only under this agreement, or one version of it as id@version."),
        .query("purpose", .id, "Only for this purpose."), .query("caller", .id, "Only of this caller."),
        .query("since", .time, "Not before."), .query("until", .time, "Before."),
    ]

    /// Nil: what is asked for is not theirs to see.
    private static func filter(_ call: APICall) -> TransferFilter? {
        var filter = TransferFilter()
        (filter.vendor, filter.caller) = (call.values["vendor"], call.values["caller"])
        if let mine = call.principal.vendor {
            guard filter.vendor ?? mine == mine else { return nil }
            filter.vendor = mine
        }
        if let mine = call.principal.caller {
            guard filter.caller ?? mine == mine else { return nil }
            filter.caller = mine
        } else if call.principal.roles == [.caller] {
            return nil
        }
        filter.agreement = call.values["agreement"]
        filter.purpose = call.values["purpose"]
        filter.reason = call.values["reason"]
        filter.decision = call.values["decision"].flatMap { TransferSummary.Decision(rawValue: $0) }
        filter.state = call.values["outcome"].flatMap { TransferState(name: $0) }
        filter.since = call.values["since"].flatMap { Timestamp(rfc3339: $0) }
        filter.until = call.values["until"].flatMap { Timestamp(rfc3339: $0) }
        return filter
    }

    private static func detail(_ call: APICall, _ queries: any TransferQueries) async throws -> TransferDetail {
        let principal = call.principal
        if let xid = call.values["xid"].flatMap({ TransferID($0) }), let detail = try await queries.detail(xid),
            principal.sees(vendor: detail.summary.vendor), principal.caller ?? detail.summary.caller == detail.summary.caller,
            principal.caller != nil || principal.roles != [.caller]
        {
            return detail
        }
        throw APIProblem(
            .notFound, "the log has no such transfer; requests that were malformed or unauthenticated are only counted, in seals")
    }
}

extension JSONValue {
    /// Of a document of our own making. Throws if it is none.
    package init(document bytes: [UInt8]) throws { self = try JSONReader.read(bytes) }
}
