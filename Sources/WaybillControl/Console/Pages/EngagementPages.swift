import WaybillCore
import WaybillLedger

/// Audits of vendors: the list, one in full, and the acts on it, each a form of its own.
package enum EngagementPages {
    static let path = "/console/engagements"

    package static func all(_ desk: ConsoleDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, path, permission: .readAudits) { call in try await list(desk, call) },
            ConsolePage(.get, "\(path)/new", permission: .conductAudits) { call in EngagementForms.open(desk, call) },
            ConsolePage(.post, "\(path)/new", permission: .conductAudits) { call in try await EngagementForms.opened(desk, call) },
            ConsolePage(.get, "\(path)/{engagement}", permission: .readAudits) { call in
                show(try await known(desk, call), call)
            },
            ConsolePage(.get, "\(path)/{engagement}/samples/{sample}", permission: .readAudits) { call in
                try await SamplePages.show(desk, try await known(desk, call), call)
            },
            ConsolePage(
                .post, "\(path)/{engagement}/samples/{sample}", permission: .readAudits
            ) { call in try await SamplePages.draw(desk, try await known(desk, call), call) },
        ] + EngagementForms.acts(desk)
    }

    /// Throws where there is none that whoever asks may see.
    static func known(_ desk: ConsoleDesk, _ call: ConsoleCall) async throws -> Engagement {
        guard let id = call.values["engagement"], let principal = call.principal, principal.sees(engagement: id),
            let found = try await desk.sources.engagement(id), principal.sees(vendor: found.scope.vendor)
        else { throw APIProblem(.notFound, "There is no such engagement; the list shows those there are.") }
        return found
    }

    static func state(_ state: Engagement.State) -> JSONValue {
        ConsolePart.badge(state.rawValue, state == .closed ? .plain : state == .findings ? .warn : .info)
    }

    private static func list(_ desk: ConsoleDesk, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        let seen = try await desk.sources.engagements().filter { engagement in
            call.principal?.sees(engagement: engagement.id) == true && call.principal?.sees(vendor: engagement.scope.vendor) == true
        }
        let rows = seen.reversed().map { engagement in
            let open = engagement.findings.count { $0.state == .open }
            return [
                ConsolePart.cell(engagement.id, path: "\(path)/\(ConsoleAddress.part(engagement.id))"),
                ConsolePart.cell(engagement.scope.vendor), ConsolePart.cell(engagement.scope.subject),
                ConsolePart.badgesCell([state(engagement.state)]),
                ConsolePart.cell("\(engagement.scope.from.day.iso8601) to \(engagement.scope.until.day.iso8601)"),
                ConsolePart.number(engagement.findings.count), ConsolePart.number(open),
                ConsolePart.number(engagement.overdue(on: call.now.day)),
            ]
        }
        let mayOpen = call.principal?.may(.conductAudits) == true
        let table = ConsolePart.table(
            "Engagements, newest first", id: "engagements",
            ["Engagement", "Vendor", "What is looked at", "State", "Period", .number("Findings"), .number("Open"), .number("Overdue")],
            rows, empty: "There is no engagement yet.")
        return ConsolePart.page(
            "Audits", lead: "What was drawn, shown and found at vendors. Every act is an entry of the log; words stay here.",
            actions: mayOpen ? [ConsolePart.action("Open an engagement", "\(path)/new", isPrimary: true)] : [],
            [ConsolePart.part("table", table)])
    }

    private static func show(_ engagement: Engagement, _ call: ConsoleCall) -> ConsoleAnswer {
        let own = "\(path)/\(ConsoleAddress.part(engagement.id))"
        let actions: [JSONValue] =
            call.principal?.may(.conductAudits) == true && engagement.state != .closed
            ? [
                ConsolePart.action("Draw a sample", own + "/sample"), ConsolePart.action("Add evidence", own + "/evidence"),
                ConsolePart.action("Enter a finding", own + "/finding"), ConsolePart.action("Close", own + "/close"),
            ] : []
        return ConsolePart.page(
            "Engagement \(engagement.id)", lead: engagement.scope.subject, badges: [state(engagement.state)], actions: actions,
            crumbs: [("Audits", path)],
            [
                ConsolePart.part("facts", facts(engagement)), ConsolePart.section("Findings"),
                ConsolePart.part("table", findings(engagement, own, call)), ConsolePart.section("Samples"),
                ConsolePart.part("table", samples(engagement, own)), ConsolePart.section("Evidence"),
                ConsolePart.part("table", evidence(engagement)),
            ]
                + (call.principal?.may(.readLog) == true
                    ? [ConsolePart.part("form", PackagePages.form(engagement: engagement.id, call).json)] : []))
    }

    private static func facts(_ engagement: Engagement) -> JSONValue {
        var items: [(term: String, cell: JSONValue)] = [
            ("Vendor", ConsolePart.cell(engagement.scope.vendor)), ("By which right", ConsolePart.cell(engagement.scope.hook)),
            ("From", ConsolePart.time(engagement.scope.from)), ("Before", ConsolePart.time(engagement.scope.until)),
            ("Opened", ConsolePart.time(engagement.opened.at)), ("Opened by", ConsolePart.cell(engagement.opened.by)),
        ]
        if let closed = engagement.closed {
            items += [("Closed", ConsolePart.time(closed.at)), ("Closed by", ConsolePart.cell(closed.by))]
        }
        return ConsolePart.facts(items)
    }

    private static func findings(_ engagement: Engagement, _ own: String, _ call: ConsoleCall) -> JSONValue {
        let maySettle = call.principal?.may(.conductAudits) == true && engagement.state != .closed
        return ConsolePart.table(
            "Findings", id: "findings", [.number("Number"), "Finding", "Severity", "Owner", "Due", "Effect", "State", "Answer"],
            engagement.findings.enumerated().map { place, finding in
                let isOverdue = finding.isOverdue(on: call.now.day)
                let state = ConsolePart.badge(
                    isOverdue ? "open, overdue" : finding.state.rawValue,
                    isOverdue ? .bad : finding.state == .open ? .warn : .ok)
                let number = place + 1
                return [
                    ConsolePart.number(number),
                    ConsolePart.cell(
                        finding.title, path: maySettle && finding.state == .open ? "\(own)/settle?finding=\(number)" : nil,
                        note: maySettle && finding.state == .open ? "(settle)" : nil),
                    ConsolePart.badgeCell(finding.severity.rawValue, finding.severity >= .high ? .bad : .plain),
                    ConsolePart.cell(finding.owner), ConsolePart.cell(finding.due.iso8601),
                    ConsolePart.lines(finding.effect == .none ? [] : ["suspends:"] + finding.agreements),
                    ConsolePart.badgesCell([state]), ConsolePart.cell(finding.answer),
                ]
            }, empty: "Nothing was found yet.")
    }

    private static func samples(_ engagement: Engagement, _ own: String) -> JSONValue {
        ConsolePart.table(
            "Samples", id: "samples", ["Sample", "Seed", .number("Transfers"), "Log", .number("Entries below")],
            engagement.samples.enumerated().map { place, sample in
                [
                    ConsolePart.cell("\(place + 1)", path: "\(own)/samples/\(place + 1)"), ConsolePart.codeCell(sample.seed),
                    ConsolePart.number(sample.count), ConsolePart.codeCell(sample.origin),
                    ConsolePart.number(Int(clamping: sample.size)),
                ]
            }, empty: "No sample was drawn yet.")
    }

    private static func evidence(_ engagement: Engagement) -> JSONValue {
        ConsolePart.table(
            "Documents that were shown, by their digests; the documents stay where they are", id: "evidence",
            ["Name", "What it shows", .number("Bytes"), "SHA-256"],
            engagement.evidence.map { item in
                [
                    ConsolePart.cell(item.name), ConsolePart.cell(item.note), ConsolePart.number(item.bytes),
                    ConsolePart.codeCell(item.sha256),
                ]
            }, empty: "No evidence was added yet.")
    }
}

extension Engagement.Finding.Severity {
    fileprivate static func >= (a: Self, b: Self) -> Bool {
        (allCases.firstIndex(of: a) ?? 0) >= (allCases.firstIndex(of: b) ?? 0)
    }
}
