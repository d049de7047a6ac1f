import WaybillCore
import WaybillLedger

/// The kill switch, and what is due.
enum StopPages {
    private static let root = "/console/stops"

    static func all(_ desk: AgreementDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, root, permission: .readPolicies) { call in try await formed { try await list(call, desk) } },
            ConsolePage(.get, "\(root)/new", permission: .stopTransfers) { call in try await formed { confirm(call, desk, isStop: true) } },
            ConsolePage(.post, "\(root)/new", permission: .stopTransfers) { call in
                try await formed { try await act(call, desk, isStop: true) }
            },
            ConsolePage(.get, "\(root)/lift", permission: .approveAgreements) { call in
                try await formed { confirm(call, desk, isStop: false) }
            },
            ConsolePage(.post, "\(root)/lift", permission: .approveAgreements) { call in
                try await formed { try await act(call, desk, isStop: false) }
            },
            ConsolePage(.get, "/console/due", permission: .readPolicies) { call in try await formed { try await due(call, desk) } },
        ]
    }

    private static func list(_ call: ConsoleCall, _ desk: AgreementDesk) async throws -> ConsoleAnswer {
        let stops = try await desk.stops().filter { stop in
            guard let vendor = call.principal?.vendor else { return true }
            return stop.target == .vendor(vendor)
        }
        let mayLift = call.principal?.may(.approveAgreements) ?? false
        let mayStop = call.principal?.may(.stopTransfers) ?? false
        let rows = stops.map { stop in
            [
                ConsolePart.cell(stop.target.name), ConsolePart.time(stop.stamp.at), ConsolePart.cell(stop.stamp.by),
                ConsolePart.cell(stop.why),
                mayLift ? ConsolePart.cell("Lift", path: "\(root)/lift?\(query(stop.target))") : ConsolePart.cell(""),
            ]
        }
        return ConsolePart.page(
            "Kill switch", lead: "What is stopped now. A stop binds the very next request.",
            actions: mayStop
                ? [
                    ConsolePart.action("Stop a vendor", "\(root)/new?kind=vendor"),
                    ConsolePart.action("Stop an agreement", "\(root)/new?kind=agreement"),
                    ConsolePart.action("Stop a field", "\(root)/new?kind=field"),
                ] : [],
            [
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Stops in force", id: "stops", ["What", "Since", "By", "Why", "Lift"], rows, empty: "Nothing is stopped."))
            ])
    }

    /// The step between the wish and the act: says what will happen, and asks why.
    private static func confirm(_ call: ConsoleCall, _ desk: AgreementDesk, isStop: Bool) -> ConsoleAnswer {
        let set = desk.parts.set()
        let kind = call.field("kind").flatMap { ["vendor", "agreement", "field"].contains($0) ? $0 : nil } ?? "vendor"
        var form = ConsoleForm(call, action: "\(root)/\(isStop ? "new" : "lift")")
        form.hide("kind", kind)
        let ids =
            switch kind {
            case "agreement": Set(set.agreements.map(\.id)).sorted()
            case "field": set.fields.map(\.name)
            default: set.vendors.map(\.id)
            }
        form.add(
            "id", kind.capitalizedFirst, ids.count <= choicesMax ? .select(ids.map { .init($0) }) : .text,
            value: [call.field("id")].compactMap { $0 }, hint: ids.count <= choicesMax ? nil : "Its id, as in the list of \(kind)s.")
        if kind == "field" {
            form.add(
                "vendor", "In what goes to", .select([.init("", "everybody")] + set.vendors.map { .init($0.id, $0.legalName) }),
                value: [call.field("vendor")].compactMap { $0 }, isOptional: true)
        }
        form.add("why", "Why", .area(rows: 3), hint: "Shown with who and when; kept beside the log, not in it.")
        form.button(isStop ? "Stop now" : "Lift the stop", tone: isStop ? "danger" : "primary")
        form.cancel(root)
        let lead =
            switch (kind, isStop) {
            case (_, false): "It is sent again with the next request."
            case ("field", _): "The field stays behind from the next request on; a record that needs it is refused."
            case ("agreement", _): "Nothing goes under any version of it, from the next request on."
            default: "Nothing goes to the vendor, from the next request on."
            }
        return ConsolePart.page(
            "\(isStop ? "Stop" : "Lift the stop of") \(kind == "agreement" ? "an" : "a") \(kind)", lead: lead,
            crumbs: [("Kill switch", root)],
            [ConsolePart.part("form", form.json)])
    }

    private static func act(_ call: ConsoleCall, _ desk: AgreementDesk, isStop: Bool) async throws -> ConsoleAnswer {
        guard let principal = call.principal else { throw APIProblem(.credentialMissing, "Sign in first.") }
        guard let id = call.field("id") else { throw FormProblem("Choose what.", field: "id") }
        let target: SuspensionEvent.Target =
            switch call.field("kind") {
            case "agreement": .agreement(id)
            case "field": .field(id, vendor: call.field("vendor"))
            default: .vendor(id)
            }
        _ = try await desk.set(target, isStop: isStop, why: call.field("why") ?? "", by: principal.id)
        return .redirect(root, notice: isStop ? "Stopped: \(target.name)." : "The stop is lifted: \(target.name).")
    }

    private static func query(_ target: SuspensionEvent.Target) -> String {
        switch target {
        case .vendor(let id): "kind=vendor&id=\(ConsoleAddress.part(id))"
        case .agreement(let id): "kind=agreement&id=\(ConsoleAddress.part(id))"
        case .field(let name, let vendor):
            "kind=field&id=\(ConsoleAddress.part(name))" + (vendor.map { "&vendor=\(ConsoleAddress.part($0))" } ?? "")
        }
    }

    private static func due(_ call: ConsoleCall, _ desk: AgreementDesk) async throws -> ConsoleAnswer {
        let dates = try await desk.due(within: dueDays).filter { date in
            call.principal?.vendor.map { date.kind == .vendor && date.id == $0 } ?? true
        }
        let rows = dates.prefix(datesMax).map { date in
            [
                ConsolePart.cell(date.id, path: "/console/\(date.kind.folder)/\(ConsoleAddress.part(date.id))"),
                ConsolePart.cell(date.what.rawValue.replacing("_", with: " ")), ConsolePart.cell(String(date.date.prefix(10))),
                ConsolePart.badgeCell(
                    date.daysLeft < 0 ? "\(-date.daysLeft) days over" : "\(date.daysLeft) days",
                    date.stops ? .bad : date.daysLeft < 0 ? .warn : date.daysLeft <= 30 ? .info : .plain),
                ConsolePart.cell(date.consequence), ConsolePart.cell(date.owner ?? ""),
            ]
        }
        return ConsolePart.page(
            "Due dates", lead: "Reviews, ends, due diligence and certifications: overdue, or due in the next \(dueDays) days.",
            [
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Due", id: "due", ["Of", "What", "On", "Left", "What happens", "Owner"], Array(rows), empty: "Nothing is due."))
            ] + (dates.count > datesMax ? [ConsolePart.text("And \(dates.count - datesMax) later ones; the API lists them all.")] : []))
    }

    /// With more, the id is typed: a list of thousands helps nobody in a hurry.
    private static let choicesMax = 200
    /// Later ones are the API's and the command's.
    private static let dueDays = 120
    private static let datesMax = 200
}
