import WaybillCore

/// `/console/consents`: what changed last, and how many there are of each kind; no identifiers.
package enum ConsentPages {
    static let root = "/console/consents"

    package static func all(_ desk: SubjectDesk) -> [ConsolePage] {
        [ConsolePage(.get, root, permission: .readSubjects) { call in try await list(call, desk) }]
    }

    private static func list(_ call: ConsoleCall, _ desk: SubjectDesk) async throws -> ConsoleAnswer {
        let before = call.field("cursor").flatMap { Int64($0) }
        let counts = try await desk.storing { () throws(ConsentStoreError) in try await desk.parts.records.counts() }
        let changes = try await desk.storing { () throws(ConsentStoreError) in
            try await desk.parts.records.changes(before: before, limit: APIPage.limitDefault)
        }
        let counted = counts.filter { $0.events > 0 }.map { count in
            [
                ConsolePart.cell(count.purpose ?? "every purpose"), ConsolePart.badgeCell(count.state.rawValue, count.state.permits ? .ok : .plain),
                ConsolePart.number(count.events),
            ]
        }
        let changed = changes.map { change in
            [
                ConsolePart.cell(
                    ConsentReason.time(change.event), path: "\(SubjectPages.root)/\(desk.parts.ids.subject(change.number))"),
                ConsolePart.badgeCell(change.event.state.rawValue, change.event.state.permits ? .ok : .plain),
                ConsolePart.cell(change.event.purpose ?? "every purpose"), ConsolePart.lines(change.event.recipients, none: "every vendor"),
                ConsolePart.cell(change.event.actor ?? "not said"),
            ]
        }
        let next = changes.count == APIPage.limitDefault ? changes.last.map { String($0.event.sequence) } : nil
        return ConsolePart.page(
            "Consents", lead: "Events as they came in. Open one to see the person.",
            [
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Events by purpose and state", id: "counts", ["Purpose", "State", .number("Events")], counted,
                        empty: "There are no consents yet; import them with `waybill consent import`.")),
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Newest changes", id: "changes", ["Time", "State", "Purpose", "Vendors", "By"], changed, empty: "Nothing changed yet.")),
                ConsolePart.part("pager", ConsolePart.pager(root, call, next: next)),
            ])
    }
}
