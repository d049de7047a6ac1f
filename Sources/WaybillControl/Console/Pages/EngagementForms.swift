import WaybillCore
import WaybillLedger

/// The acts of an audit as forms. `Administration` checks, keeps and enters them.
enum EngagementForms {
    private static var path: String { EngagementPages.path }

    /// Of one engagement: what is shown, and what is done when it is sent.
    private struct Act: Sendable {
        var name: String
        var heading: String
        var lead: String
        var fill: @Sendable (ConsoleDesk, Engagement, ConsoleCall, inout ConsoleForm) -> Void
        var act: @Sendable (ConsoleDesk, Engagement, ConsoleCall, String) async throws -> String
    }

    static func acts(_ desk: ConsoleDesk) -> [ConsolePage] {
        [sample, evidence, finding, settle, close].flatMap { act in
            let path = "\(path)/{engagement}/\(act.name)"
            return [
                ConsolePage(.get, path, permission: .conductAudits) { call in
                    page(act, desk, try await EngagementPages.known(desk, call), call)
                },
                ConsolePage(.post, path, permission: .conductAudits) { call in
                    let engagement = try await EngagementPages.known(desk, call)
                    guard let by = call.principal?.id else { throw APIProblem(.notPermitted, "Sign in.") }
                    return .redirect(own(engagement), notice: try await act.act(desk, engagement, call, by))
                },
            ]
        }
    }

    private static func own(_ engagement: Engagement) -> String { "\(path)/\(ConsoleAddress.part(engagement.id))" }

    private static func page(_ act: Act, _ desk: ConsoleDesk, _ engagement: Engagement, _ call: ConsoleCall) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: "\(own(engagement))/\(act.name)")
        act.fill(desk, engagement, call, &form)
        form.button(act.heading, tone: "primary")
        form.cancel(own(engagement))
        return ConsolePart.page(
            act.heading, lead: act.lead, crumbs: [("Audits", path), ("Engagement \(engagement.id)", own(engagement))],
            [ConsolePart.part("form", form.json)])
    }

    static func open(_ desk: ConsoleDesk, _ call: ConsoleCall) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: "\(path)/new")
        form.add("vendor", "Vendor", .select(desk.sources.policies.vendors.map { .init($0.id, $0.legalName) }))
        form.add("subject", "What is looked at", .area(rows: 3))
        form.add("hook", "By which right", hint: "Like GDPR Art. 28(3)(h), or a clause of the agreement.")
        form.add("from", "From (UTC)", .date, hint: "The first day of the period.")
        form.add("until", "Before (UTC)", .date, hint: "The day after the period's last.")
        form.button("Open an engagement", tone: "primary")
        form.cancel(path)
        return ConsolePart.page(
            "Open an engagement", lead: "One audit of one vendor over one period. Nobody but auditors acts on it.",
            crumbs: [("Audits", path)], [ConsolePart.part("form", form.json)])
    }

    static func opened(_ desk: ConsoleDesk, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        guard let by = call.principal?.id else { throw APIProblem(.notPermitted, "Sign in.") }
        let scope = Engagement.Scope(
            vendor: try required(call, "vendor", "Choose the vendor that is audited."),
            subject: try required(call, "subject", "Say what is looked at."), from: try day(call, "from").start,
            until: try day(call, "until").start, hook: try required(call, "hook", "Say by which right it is looked at."))
        guard scope.from < scope.until else {
            throw FormProblem("The period ends before it begins; give an end after the beginning.", field: "until")
        }
        guard call.principal?.sees(vendor: scope.vendor) == true else {
            throw FormProblem("The vendor is not one you may audit; choose another.", field: "vendor")
        }
        let engagement = try await desk.administration.open(scope, by: by)
        return .redirect(own(engagement), notice: "Engagement \(engagement.id) is open.")
    }

    private static let sample = Act(
        name: "sample", heading: "Draw a sample",
        lead: "Transfers at random, which anybody can draw again from the seed. Seed and size of the log are entered before anything is drawn."
    ) { _, _, _, form in
        form.add("seed", "Seed", hint: "Any text, best thrown with dice by whoever audits. 1 to \(AuditSample.seedBytesMax) bytes.")
        form.add("count", "How many transfers", .number, value: ["25"], hint: "1 to \(AuditSample.countMax).")
    } act: { desk, engagement, call, by in
        let seed = try required(call, "seed", "Give a seed: any text.")
        guard let count = call.field("count").flatMap({ Int($0) }) else {
            throw FormProblem("The number of transfers is a whole number.", field: "count")
        }
        let after = try await desk.administration.sample(engagement.id, seed: seed, count: count, by: by)
        return "Sample \(after.samples.count) is fixed; open it to see its transfers."
    }

    private static let evidence = Act(
        name: "evidence", heading: "Add evidence",
        lead: "The document stays with you: its SHA-256 is entered, so that it can be shown later to be the one that was looked at."
    ) { _, _, _, form in
        form.add("file", "Document", .file, hint: "Up to \(MultipartForm.bytesMax >> 20) MiB; it is digested as it arrives, and not kept.")
        form.add("note", "What it shows", .area(rows: 3))
    } act: { desk, engagement, call, by in
        guard let file = call.files["file"] else { throw FormProblem("Choose the document.", field: "file") }
        let note = try required(call, "note", "Say what the document shows.")
        let item = Engagement.Evidence(
            name: file.name.isEmpty ? "document" : file.name, sha256: file.sha256, bytes: file.bytes, note: note)
        _ = try await desk.administration.act(.evidence(item), on: engagement.id, by: by)
        return "The digest of the document is entered."
    }

    private static let finding = Act(
        name: "finding", heading: "Enter a finding",
        lead: "A critical finding suspends every agreement with the vendor at once; any other does so only if you say so."
    ) { desk, engagement, _, form in
        form.add("title", "What was found", .area(rows: 3))
        form.add("severity", "Severity", .radio(Engagement.Finding.Severity.allCases.map { .init($0.rawValue) }))
        form.add("owner", "Who mends it", hint: "A role or a team, not a person's address.")
        form.add("due", "Until when", .date)
        form.add(
            "effect", "What it does to traffic",
            .radio([.init("none", "nothing"), .init("suspend", "suspends the agreements below")]), value: ["none"])
        let agreements = (Administration.Known(desk.sources.policies).agreements[engagement.scope.vendor] ?? []).sorted()
        form.add("agreements", "Agreements", .checks(agreements.map { .init($0) }), hint: "None ticked: all with the vendor.", isOptional: true)
    } act: { desk, engagement, call, by in
        guard let severity = call.field("severity").flatMap({ Engagement.Finding.Severity(rawValue: $0) }) else {
            throw FormProblem("Choose how severe it is.", field: "severity")
        }
        guard let effect = call.field("effect").flatMap({ Engagement.Finding.Effect(rawValue: $0) }) else {
            throw FormProblem("Choose what it does to traffic.", field: "effect")
        }
        let finding = Engagement.Finding(
            severity: severity, title: try required(call, "title", "Say what was found."),
            owner: try required(call, "owner", "Say who mends it."), due: try day(call, "due"), effect: effect,
            agreements: effect == .suspend ? call.fields["agreements"] ?? [] : [])
        let after = try await desk.administration.act(.finding(finding), on: engagement.id, by: by)
        guard let entered = after.findings.last, entered.effect == .suspend else { return "The finding is entered." }
        return "The finding is entered, and suspends: \(entered.agreements.joined(separator: ", "))."
    }

    private static let settle = Act(
        name: "settle", heading: "Settle a finding", lead: "A finding is resolved when it is mended, or accepted when the risk is borne."
    ) { _, engagement, call, form in
        let open = engagement.findings.enumerated().filter { $0.element.state == .open }
        form.add(
            "finding", "Finding", .select(open.map { .init(String($0.offset + 1), "\($0.offset + 1): \($0.element.title)") }),
            value: call.fields["finding"] ?? [])
        form.add(
            "how", "How", .radio([.init("resolved", "resolved"), .init("accepted", "accepted", note: "not for a critical one")]),
            value: ["resolved"])
        form.add("answer", "What was done, or why the risk is borne", .area(rows: 4))
    } act: { desk, engagement, call, by in
        guard let number = call.field("finding").flatMap({ Int($0) }) else { throw FormProblem("Choose the finding.", field: "finding") }
        guard let how = call.field("how").flatMap({ Engagement.Finding.State(rawValue: $0) }), how != .open else {
            throw FormProblem("Choose how it is settled.", field: "how")
        }
        let answer = try required(call, "answer", "Say what was done, or why the risk is borne.")
        _ = try await desk.administration.act(.settle(number: number, how: how, answer: answer), on: engagement.id, by: by)
        return "Finding \(number) is \(how.rawValue). A suspension it made stays until it is lifted."
    }

    private static let close = Act(
        name: "close", heading: "Close the engagement", lead: "Every finding must be settled. A closed engagement cannot be changed."
    ) { _, _, _, form in
        form.add("summary", "What came of it", .area(rows: 5))
    } act: { desk, engagement, call, by in
        let summary = try required(call, "summary", "Say what came of it.")
        _ = try await desk.administration.act(.close(summary: summary), on: engagement.id, by: by)
        return "Engagement \(engagement.id) is closed."
    }

    private static func required(_ call: ConsoleCall, _ name: String, _ sentence: String) throws(FormProblem) -> String {
        guard let text = call.field(name) else { throw FormProblem(sentence, field: name) }
        guard text.utf8.count <= Administration.textBytesMax else {
            throw FormProblem("The text is longer than \(Administration.textBytesMax) bytes; shorten it.", field: name)
        }
        return text
    }

    private static func day(_ call: ConsoleCall, _ name: String) throws(FormProblem) -> Day {
        guard let day = call.field(name).flatMap({ Day(iso8601: $0) }) else {
            throw FormProblem("A day looks like 2026-12-31.", field: name)
        }
        return day
    }
}
