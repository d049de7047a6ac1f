import FoundationEssentials
import HTTPTypes
import WaybillCore

/// `/console/subjects`: looking a person up, what is known of them, and what privacy officers do for them. Identifiers come in forms that are
/// posted, and stand in no address.
package enum SubjectPages {
    static let root = "/console/subjects"
    static let requests = "/console/erasure-requests"

    package static func all(_ desk: SubjectDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, root, permission: .readSubjects) { call in try lookup(call, desk) },
            ConsolePage(.post, "\(root)/lookup", permission: .readSubjects, form: root) { call in
                guard let text = call.field("identifier") else {
                    throw FormProblem("Type an identifier, like email:anna@example.com.", field: "identifier")
                }
                let found: KnownSubject?
                do throws(ControlFailure) { found = try await desk.find(text) } catch {
                    guard error.code == "subject_malformed" else { throw error }
                    throw FormProblem(error.message, field: "identifier")
                }
                guard let found else {
                    throw FormProblem("Nobody is known by this; try another identifier of the person.", field: "identifier")
                }
                return .redirect(path(of: found, desk))
            },
            ConsolePage(.get, "\(root)/{subject}", permission: .readSubjects) { call in
                try await SubjectPage(call: call, desk: desk, record: try await record(call, desk)).answer()
            },
            ConsolePage(.post, "\(root)/{subject}/act", permission: .changeSubjects, form: "\(root)/{subject}") { call in
                try await act(call, desk)
            },
            ConsolePage(.post, "\(root)/{subject}/link", permission: .changeSubjects, form: "\(root)/{subject}") { call in
                try await link(call, desk)
            },
            ConsolePage(.post, "\(root)/{subject}/erasure", permission: .eraseSubjects, form: "\(root)/{subject}") { call in
                try await erase(call, desk)
            },
            ConsolePage(.get, "\(root)/{subject}/export", permission: .readSubjects) { call in
                let found = try await record(call, desk)
                let all = try await desk.export(found.history.number, by: actor(call))
                return file("subject.json", all)
            },
            ConsolePage(.get, "\(root)/{subject}/receipts/{event}", permission: .readSubjects) { call in
                guard let receipt = try await desk.receipt(event: call.values["event"] ?? "") else { throw missing }
                return file("receipt.json", receipt)
            },
            ConsolePage(.get, requests, permission: .readSubjects) { call in try erasureRequests(call, desk) },
            ConsolePage(.post, "\(requests)/{request}/refuse", permission: .eraseSubjects, form: requests) { call in
                try await desk.refuseErasure(Int64(call.values["request"] ?? "") ?? 0, by: actor(call))
                return .redirect(requests, notice: "Refused. Tell the person why.")
            },
        ]
    }

    static func path(of record: KnownSubject, _ desk: SubjectDesk) -> String {
        "\(root)/\(desk.parts.ids.subject(record.history.number))"
    }
    static func actor(_ call: ConsoleCall) -> SubjectActor { SubjectActor(call.principal?.id ?? "nobody") }
    static let missing = ConsoleRefusal(.notFound, "Nobody is known by this address. An erased person is not found any more.")

    static func record(_ call: ConsoleCall, _ desk: SubjectDesk) async throws -> KnownSubject {
        do throws(ControlFailure) { return try await desk.record(id: call.values["subject"] ?? "") } catch {
            guard error.code == SubjectDesk.unknown.code else { throw error }
            throw missing
        }
    }

    static func file(_ name: String, _ value: JSONValue) -> ConsoleAnswer {
        let once = OnceBytes(value)
        return .file(name: name, mediaType: "application/json", next: { try await once.next() })
    }

    private static func lookup(_ call: ConsoleCall, _ desk: SubjectDesk) throws -> ConsoleAnswer {
        var form = ConsoleForm(
            call, action: "\(root)/lookup", heading: "Find a person",
            lead: "By any identifier of theirs. What you type is sent in the form, never in an address, and is not logged.")
        form.add("identifier", "Identifier", hint: "email:anna@example.com, phone:+48601234567 or crm:17", autocomplete: "off")
        form.button("Find", tone: "primary")
        let open = try desk.erasureRequests(.open, limit: 1_000).count
        let notice =
            open == 0
            ? ConsolePart.notice(.info, "Nobody waits for an answer to a request to be erased.")
            : ConsolePart.notice(
                .warn, "\(open) \(open == 1 ? "person waits" : "people wait") for an answer to a request to be erased.",
                link: "Erasure requests", path: requests)
        return ConsolePart.page(
            "Subjects", lead: "Facts, consents and disclosures of one person.",
            [ConsolePart.part("notice", notice), ConsolePart.part("form", form.json)])
    }

    private static func act(_ call: ConsoleCall, _ desk: SubjectDesk) async throws -> ConsoleAnswer {
        let found = try await record(call, desk)
        let path = path(of: found, desk)
        switch try await desk.act(try SubjectForms.act(call), on: found.history.number, by: actor(call)) {
        case .done: return .redirect(path, notice: "Done. It binds the next send.")
        case .confirm(let token, _):
            var form = ConsoleForm(
                call, action: "\(path)/act", heading: "Opt in again?",
                lead: "The person opted out. Under US law opting in again takes two steps: confirm that they ask for it.")
            for (name, value) in call.fields where name != "confirm" { form.hide(name, value.first ?? "") }
            form.hide("confirm", token)
            form.button("Confirm", tone: "primary")
            form.cancel(path)
            return ConsolePart.page("Second step", [ConsolePart.part("form", form.json)])
        }
    }

    private static func link(_ call: ConsoleCall, _ desk: SubjectDesk) async throws -> ConsoleAnswer {
        let found = try await record(call, desk)
        let path = path(of: found, desk)
        if call.field("revoke") != nil {
            let count = try await desk.revokeLinks(found.history.number, by: actor(call))
            return .redirect(path, notice: "\(count) links ended.")
        }
        guard let days = Int64(call.field("days") ?? "7"), (1...PersonLinks.secondsMax / 86_400).contains(days) else {
            throw FormProblem("A link works for 1 to \(PersonLinks.secondsMax / 86_400) days; choose so many.", field: "days")
        }
        let made = try await desk.makeLink(found.history.number, seconds: days * 86_400, by: actor(call))
        return ConsolePart.page(
            "Link to the person's page", lead: "Shown once. Whoever has it sees the page: send it to the person only.",
            crumbs: [("Subjects", root), ("Subject", path)],
            [
                ConsolePart.part("code", ConsolePart.code("Link", made.url ?? made.path)),
                ConsolePart.text("It works until \(ConsolePart.shown(made.link.expiresAt)) UTC."),
            ])
    }

    private static func erase(_ call: ConsoleCall, _ desk: SubjectDesk) async throws -> ConsoleAnswer {
        let found = try await record(call, desk)
        let path = path(of: found, desk)
        let isConfirmed = call.field("confirm") == "yes"
        let report = try await desk.erase(found.history.number, isConfirmed: isConfirmed, by: actor(call))
        if isConfirmed { return .redirect(root, notice: "Erased. The log says so in an entry; the recipients were listed before.") }
        let rows = report["recipients"].items.map { recipient in
            [
                ConsolePart.cell(recipient["vendor"].text), ConsolePart.cell(recipient["agreement"].text),
                ConsolePart.lines(recipient["fields"].items.compactMap(\.text)), ConsolePart.cell(recipient["last"].text),
                ConsolePart.number(Int(recipient["transfers"].integer ?? 0)),
            ]
        }
        var form = ConsoleForm(
            call, action: "\(path)/erasure", heading: "Erase for good",
            lead: "Tell the recipients first: nobody can list them afterwards. There is no way back.")
        form.hide("confirm", "yes")
        form.button("Erase this person", tone: "danger")
        form.cancel(path)
        return ConsolePart.page(
            "Erasure", lead: "From now on nothing about the person leaves.", crumbs: [("Subjects", root), ("Subject", path)],
            [
                ConsolePart.part(
                    "table",
                    ConsolePart.table(
                        "Who received something", id: "recipients", ["Vendor", "Agreement", "Fields", "Last", .number("Transfers")], rows,
                        empty: "Nobody received anything.")), ConsolePart.part("form", form.json),
            ])
    }

    private static func erasureRequests(_ call: ConsoleCall, _ desk: SubjectDesk) throws -> ConsoleAnswer {
        let all = try desk.erasureRequests(nil, limit: 500)
        let rows = all.map { request in
            let path = request.number == 0 ? nil : "\(root)/\(desk.parts.ids.subject(request.number))"
            return [
                ConsolePart.cell("Request \(request.id)", path: path), ConsolePart.time(request.askedAt),
                ConsolePart.badgeCell(request.state.rawValue, request.state == .open ? .warn : .plain), ConsolePart.time(request.decidedAt),
                ConsolePart.cell(request.by ?? "nobody yet"),
            ]
        }
        var parts = [
            ConsolePart.part(
                "table",
                ConsolePart.table(
                    "Requests", id: "requests", ["Request", "Asked", "State", "Decided", "By"], rows, empty: "Nobody asked to be erased."))
        ]
        if call.principal?.may(.eraseSubjects) ?? false {
            for request in all where request.state == .open {
                var form = ConsoleForm(
                    call, action: "\(requests)/\(request.id)/refuse", heading: "Request \(request.id)",
                    lead: "Open the person to grant it. Refuse it only where the law lets you, and tell the person why.",
                    prefix: "request-\(request.id)", isSent: false)
                form.button("Refuse request \(request.id)", tone: "danger")
                parts.append(ConsolePart.part("form", form.json))
            }
        }
        return ConsolePart.page(
            "Erasure requests", lead: "People who asked on their own page. Nothing is erased until you confirm it.",
            crumbs: [("Subjects", root)], parts)
    }
}

/// One JSON document as a download.
actor OnceBytes {
    private var value: JSONValue?
    init(_ value: JSONValue) { self.value = value }

    func next() throws -> [UInt8]? {
        guard let value else { return nil }
        self.value = nil
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value)) + [0x0A]
    }
}
