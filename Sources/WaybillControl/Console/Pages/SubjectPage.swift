import WaybillCore

/// The page of one person, for privacy officers.
struct SubjectPage {
    static let disclosuresMax = 50
    let call: ConsoleCall
    let desk: SubjectDesk
    let record: KnownSubject

    func answer() async throws -> ConsoleAnswer {
        let path = SubjectPages.path(of: record, desk)
        let page = try await desk.disclosures(record, limit: Self.disclosuresMax, from: nil)
        var parts = [ConsolePart.part("facts", facts()), consents(), disclosures(page), history(path)]
        if call.principal?.may(.changeSubjects) ?? false, !record.isErasing {
            parts.append(ConsolePart.section("Act for this person"))
            parts += SubjectForms.all(call, path: path, desk: desk, record: record).map { ConsolePart.part("form", $0.json) }
        }
        if call.principal?.may(.readLog) ?? false, !record.isErasing {
            parts.append(ConsolePart.part("form", PackagePages.form(subject: desk.parts.ids.subject(record.history.number), call).json))
        }
        if call.principal?.may(.eraseSubjects) ?? false {
            var form = ConsoleForm(
                call, action: "\(path)/erasure", heading: "Erase",
                lead: "Stops everything about the person and lists who received something. You confirm on the next page.",
                prefix: "erase", isSent: false)
            form.button("Begin the erasure", tone: "danger")
            parts.append(ConsolePart.part("form", form.json))
        }
        return ConsolePart.page(
            "Subject", badges: badges(), actions: [ConsolePart.action("Export everything", "\(path)/export")],
            crumbs: [("Subjects", SubjectPages.root)], parts)
    }

    private func badges() -> [JSONValue] {
        let facts = record.history.facts
        var badges: [JSONValue] = []
        if record.isErasing { badges.append(ConsolePart.badge("being erased", .bad)) }
        if facts.restricted { badges.append(ConsolePart.badge("restricted", .bad)) }
        if facts.gpcSeen { badges.append(ConsolePart.badge("GPC", .warn)) }
        if facts.lastSignalUnreadable { badges.append(ConsolePart.badge("unreadable privacy string", .bad)) }
        return badges + facts.standingScopes.map { ConsolePart.badge("said no: \(Plain.words($0.rawValue))", .warn) }
    }

    private func facts() -> JSONValue {
        let facts = record.history.facts
        let level = facts.preference.map { "\($0), \(Plain.levels[$0])" } ?? "none of their own"
        return ConsolePart.facts([
            ("Identifiers", ConsolePart.lines(record.identifiers.map { "\($0.parts.scheme): \($0.parts.value)" })),
            ("Kind", ConsolePart.cell(facts.kind.map { Plain.words($0.rawValue) } ?? "not known")),
            ("Countries", ConsolePart.lines(facts.countries.map(\.description), none: "not known")),
            ("Born", ConsolePart.cell(facts.born?.iso8601 ?? "not known")), ("Personalization", ConsolePart.cell(level)),
            ("Signals", ConsolePart.lines(facts.signals.map { "\($0.content.name) on \($0.at.day.iso8601)" })),
            ("Id", ConsolePart.codeCell(desk.parts.ids.subject(record.history.number))),
        ])
    }

    private func consents() -> JSONValue {
        let rows = desk.standings(record.history).map { standing in
            [
                ConsolePart.cell(standing["purpose"].text ?? "every purpose"),
                ConsolePart.cell(standing["recipient"].text ?? "every vendor"),
                ConsolePart.badgeCell(standing["state"].text ?? "", standing["permits"].flag == true ? .ok : .warn),
                ConsolePart.cell(standing["why"].text), ConsolePart.cell(standing["notice"].text ?? "none"),
            ]
        }
        return ConsolePart.part(
            "table",
            ConsolePart.table(
                "Consents now", id: "consents", ["Purpose", "Vendor", "State", "Why", "Notice"], rows,
                empty: "Nothing is known of consents."))
    }

    private func disclosures(_ page: DisclosurePage) -> JSONValue {
        let rows = page.items.map { SubjectDesk.view($0) }.map { item in
            [
                ConsolePart.cell(item["time"].text, path: item["xid"].text.map { "/console/transfers/\($0)" }),
                ConsolePart.cell(item["vendor"].text, note: item["country"].text),
                ConsolePart.lines(item["purposes"].items.compactMap(\.text)),
                ConsolePart.lines(item["fields"].items.compactMap(\.text)), ConsolePart.lines(item["bases"].items.compactMap(\.text)),
                ConsolePart.cell(item["outcome"].text),
            ]
        }
        let caption = page.next == nil ? "Who received what" : "Who received what: the \(Self.disclosuresMax) newest, all in the export"
        return ConsolePart.part(
            "table",
            ConsolePart.table(
                caption, id: "disclosures", ["Time", "Vendor", "Purposes", "Fields", "Basis", "Outcome"], rows,
                empty: "Nothing was sent about this person."))
    }

    private func history(_ path: String) -> JSONValue {
        let rows = record.history.events.reversed().prefix(200).map { event in
            [
                ConsolePart.cell(
                    ConsentReason.time(event), path: "\(path)/receipts/\(desk.parts.ids.event(record.history.number, event.sequence))",
                    note: "receipt"), ConsolePart.badgeCell(event.state.rawValue, event.state.permits ? .ok : .plain),
                ConsolePart.cell(event.purpose ?? "every purpose"), ConsolePart.lines(event.recipients, none: "every vendor"),
                ConsolePart.cell(event.actor ?? "not said"), ConsolePart.cell(event.proof ?? "none"),
            ]
        }
        return ConsolePart.part(
            "table",
            ConsolePart.table(
                "Consent history", id: "history", ["Time", "State", "Purpose", "Vendors", "By", "Proof"], Array(rows),
                empty: "There are no consent events."))
    }
}

/// Words for people who know neither our files nor the law's.
enum Plain {
    static let levels = ["only what is necessary", "limited data", "our own profile", "vendors' profiling"]

    /// `birth_date` → `birth date`.
    static func words(_ id: String) -> String { id.replacing("_", with: " ").replacing("-", with: " ") }

    static func basis(_ word: String) -> String {
        switch word {
        case "consent": "you agreed to it"
        case "contract": "it was needed for a contract with you"
        case "legal_obligation": "the law asks for it"
        case "legitimate_interest": "we have a legitimate interest, which you may object to"
        case "vital_interest": "it was needed to protect life"
        case "public_task": "it serves a public task"
        case "opt_out": "the law of your state lets us until you opt out"
        default: "the law allows it without a ground of its own"
        }
    }

    static func outcome(_ word: String) -> String {
        switch TransferOutcome.Result(rawValue: word) {
        case .ok: "received"
        case .vendorError: "sent, and refused by the recipient"
        case .partial: "sent; it may have arrived in part"
        case .aborted: "not sent in the end"
        case .unknown, nil: "sent; not known whether it arrived"
        }
    }
}
