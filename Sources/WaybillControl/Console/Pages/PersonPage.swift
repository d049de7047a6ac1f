import WaybillCore

/// What a person sees of themselves, and says.
struct PersonPage {
    static let disclosuresMax = 200
    let call: ConsoleCall
    let desk: SubjectDesk
    let record: KnownSubject
    /// With the link's token.
    let path: String

    private var number: UInt32 { record.history.number }

    func answer() async throws -> ConsoleAnswer {
        let page = try await desk.disclosures(record, limit: Self.disclosuresMax, from: nil)
        var parts: [JSONValue] = []
        if record.isErasing {
            parts.append(
                ConsolePart.part(
                    "notice", ConsolePart.notice(.info, "Your data is being erased. Nothing about you is sent to anybody any more.")))
        }
        parts += [ConsolePart.section("Who received your data"), disclosures(page)]
        if !record.isErasing {
            parts += [ConsolePart.section("What you agreed to")] + choices()
            parts += [ConsolePart.section("Say no for good")] + stops()
            parts += [ConsolePart.section("How personal it may be"), ConsolePart.part("form", level().json)]
            parts += [ConsolePart.section("Be forgotten"), ConsolePart.part("form", erasure().json)]
        }
        let name = desk.parts.policy()?.organisation.name ?? "The company"
        return ConsolePart.page(
            "Your data", lead: "\(name) shows you here who received data about you, and why, and lets you decide what happens next.", parts)
    }

    // MARK: Showing

    private func disclosures(_ page: DisclosurePage) -> JSONValue {
        let set = desk.parts.policy()
        let rows = page.items.map { SubjectDesk.view($0) }.map { item in
            let vendor = item["vendor"].text.flatMap { id in set?.vendors.first { $0.id == id }?.legalName } ?? item["vendor"].text
            let fields = item["fields"].items.compactMap(\.text).map(Plain.words).joined(separator: ", ")
            let purposes = item["purposes"].items.compactMap(\.text).map(Plain.words).joined(separator: ", ")
            let bases = item["bases"].items.compactMap(\.text).map(Plain.basis)
            return [
                ConsolePart.cell(vendor, note: item["country"].text.map { "in \($0)" }),
                ConsolePart.cell(item["time"].text.map { String($0.prefix(10)) }),
                ConsolePart.cell(fields.isEmpty ? "not known any more" : fields),
                ConsolePart.lines([purposes] + bases), ConsolePart.cell(item["outcome"].text.map(Plain.outcome)),
            ]
        }
        let caption = page.next == nil ? "Everything that was sent about you" : "The \(Self.disclosuresMax) newest; ask for a full copy"
        return ConsolePart.part(
            "table",
            ConsolePart.table(
                caption, id: "received", ["Who", "When", "What", "Why", "What became of it"], rows,
                empty: "Nothing about you was sent to anybody, as far as our records go back."))
    }

    /// Purposes that rest on consent, and those the person ever spoke of.
    private func choices() -> [JSONValue] {
        guard let set = desk.parts.policy() else { return [ConsolePart.text("Your choices cannot be shown now. Try again later.")] }
        let standings = desk.standings(record.history)
        let spoken = Set(standings.compactMap { $0["purpose"].text })
        let shown = set.purposes.filter { purpose in
            !purpose.generic && (spoken.contains(purpose.name) || !vendors(purpose.name, set).isEmpty)
        }
        guard !shown.isEmpty else { return [ConsolePart.text("Nothing that we do rests on your agreement.")] }
        return shown.map { purpose in
            let own = standings.filter { $0["purpose"].text == purpose.name || ($0["purpose"].isNull && $0["permits"].flag == false) }
            let isYes = own.contains { $0["permits"].flag == true }
            let names = vendors(purpose.name, set).compactMap { id in set.vendors.first { $0.id == id }?.legalName }
            let who = names.isEmpty ? "" : " It may go to \(names.joined(separator: ", "))."
            let said =
                isYes ? "You said yes." : own.contains { !$0["permits"].isNull } ? "You said no, or did not choose." : "You were not asked."
            var form = ConsoleForm(
                call, action: "\(path)/\(isYes ? "no" : "yes")", heading: Plain.words(purpose.name).capitalizedFirst, lead: said + who,
                prefix: purpose.name, isSent: false)
            form.hide("purpose", purpose.name)
            form.button(isYes ? "No, stop this" : "Yes, I agree", tone: isYes ? "danger" : nil)
            return ConsolePart.part("form", form.json)
        }
    }

    private func stops() -> [JSONValue] {
        let standing = record.history.facts.standingScopes
        let all: [(SubjectProfile.ObjectionScope, String, String)] = [
            (.directMarketing, "Advertising of any kind", "No newsletters, no ads, whatever you agreed to before."),
            (.sale, "Selling your data", "Your data is not sold to others."),
        ]
        return all.map { scope, heading, lead in
            let isOut = standing.contains(scope)
            var form = ConsoleForm(
                call, action: "\(path)/\(isOut ? "resume" : "stop")", heading: heading, lead: isOut ? "You said no to this." : lead,
                prefix: scope.rawValue, isSent: false)
            form.hide("scope", scope.rawValue)
            form.button(isOut ? "Take my no back" : "Say no", tone: isOut ? nil : "danger")
            return ConsolePart.part("form", form.json)
        }
    }

    private func level() -> ConsoleForm {
        var form = ConsoleForm(
            call, action: "\(path)/level", lead: "What you choose is the most that may happen. It never allows more than you agreed to.",
            prefix: "level", isSent: false)
        let texts = [
            "Only what is necessary", "A little: what you told us, nothing guessed", "Our own picture of what you like",
            "Partners may build a picture of you too",
        ]
        form.add(
            "level", "Level", .radio(texts.enumerated().map { ConsoleForm.Option(String($0.offset), $0.element) }),
            value: record.history.facts.preference.map { [String($0)] } ?? [])
        form.button("Save")
        return form
    }

    private func erasure() -> ConsoleForm {
        var form = ConsoleForm(
            call, action: "\(path)/erase",
            lead: "You may ask us to erase what we hold about you. A person looks at your request and decides; you hear from us.",
            prefix: "erase", isSent: false)
        form.button("Ask to be erased", tone: "danger")
        return form
    }

    // MARK: Saying

    func change(_ act: (ConsoleCall) -> SubjectAct) async throws -> ConsoleAnswer {
        _ = try await desk.act(act(call), on: number, by: .person)
        return .redirect(path, notice: "Saved. It counts from now on.")
    }

    /// Asked twice: a yes is never one slip of the finger.
    func agree() async throws -> ConsoleAnswer {
        guard let name = call.field("purpose"), let set = desk.parts.policy() else { throw FormProblem("Open the page again and choose.") }
        let recipients = vendors(name, set)
        let choice = "yes/\(name)"
        guard let token = call.field("confirm") else {
            let names = recipients.compactMap { id in set.vendors.first { $0.id == id }?.legalName }.joined(separator: ", ")
            return second(
                "Do you agree?",
                "You are about to agree to: \(Plain.words(name)). It may go to: \(names). You can take it back at any time.",
                action: "yes", [("purpose", name)], desk.parts.links.confirmation(number, choice, now: desk.now), button: "Yes, I agree")
        }
        guard desk.parts.links.isConfirmation(token, number, choice, now: desk.now) else {
            throw FormProblem("The question stood open too long. Nothing was changed; choose again.")
        }
        let notice = set.notices.values.filter { $0.purposes.contains(name) && $0.from <= desk.now }.max { $0.from < $1.from }
        let grant = SubjectAct.Grant(
            purpose: name, recipients: recipients, notice: notice?.name, proof: "person-page \(desk.now.rfc3339)", explicit: true)
        _ = try await desk.act(.give(grant), on: number, by: .person)
        return .redirect(path, notice: "Thank you. You agreed to: \(Plain.words(name)).")
    }

    func resume() async throws -> ConsoleAnswer {
        let scope: SubjectProfile.ObjectionScope = call.field("scope") == "sale" ? .sale : .directMarketing
        let confirm = call.field("confirm")
        // Here every return to yes is asked twice, also where the law asks once.
        if !SubjectAct.takesTwoSteps(scope) {
            guard let confirm, desk.parts.links.isConfirmation(confirm, number, "resume/\(scope.rawValue)", now: desk.now) else {
                return again(scope, desk.parts.links.confirmation(number, "resume/\(scope.rawValue)", now: desk.now))
            }
        }
        switch try await desk.act(.takeBack(scope, confirm: confirm), on: number, by: .person) {
        case .done: return .redirect(path, notice: "Saved. Your no is taken back.")
        case .confirm(let token, _): return again(scope, token)
        }
    }

    func askErasure() async throws -> ConsoleAnswer {
        _ = try await desk.askErasure(number, by: .person)
        return .redirect(path, notice: "We have your request. A person looks at it, and you hear from us.")
    }

    private func again(_ scope: SubjectProfile.ObjectionScope, _ token: String) -> ConsoleAnswer {
        second(
            "Take your no back?", "You said no before. Confirm that you want to take that back.", action: "resume",
            [("scope", scope.rawValue)], token, button: "Yes, take it back")
    }

    private func second(
        _ heading: String, _ lead: String, action: String, _ fields: [(String, String)], _ token: String, button: String
    ) -> ConsoleAnswer {
        var form = ConsoleForm(call, action: "\(path)/\(action)", lead: lead)
        for (name, value) in fields { form.hide(name, value) }
        form.hide("confirm", token)
        form.button(button, tone: "primary")
        form.cancel(path)
        return ConsolePart.page(heading, [ConsolePart.part("form", form.json)])
    }

    /// Who receives data for a purpose that rests on consent.
    private func vendors(_ purpose: String, _ set: PolicySet) -> [String] {
        var ids: Set<String> = []
        for agreement in set.agreements {
            for term in agreement.purposes where set[term.purpose].name == purpose && term.basis.values.contains(.consent) {
                ids.insert(set[agreement.vendor].id)
            }
        }
        return ids.sorted()
    }
}
