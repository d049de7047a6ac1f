import WaybillCore

/// The forms by which privacy officers act for one person, and what they ask for.
enum SubjectForms {
    private static let scopes = SubjectProfile.ObjectionScope.allCases.map { ConsoleForm.Option($0.rawValue, Plain.words($0.rawValue)) }

    static func all(_ call: ConsoleCall, path: String, desk: SubjectDesk, record: KnownSubject) -> [ConsoleForm] {
        let set = desk.parts.policy()
        let purposes = (set?.purposes ?? []).filter { !$0.generic }.map { ConsoleForm.Option($0.name, Plain.words($0.name)) }
        let vendors = (set?.vendors ?? []).map { ConsoleForm.Option($0.id, $0.legalName) }
        func form(_ act: String, _ heading: String, _ lead: String) -> ConsoleForm {
            var form = ConsoleForm(
                call, action: "\(path)/act", heading: heading, lead: lead, prefix: act, isSent: call.field("act") == act)
            form.hide("act", act)
            return form
        }
        var withdraw = form("withdraw", "Withdraw a consent", "Binds the next send.")
        withdraw.add("purpose", "Purpose", .select([ConsoleForm.Option("", "Every purpose")] + purposes), isOptional: true)
        withdraw.add("recipient", "Vendor", .select([ConsoleForm.Option("", "Every vendor")] + vendors), isOptional: true)
        withdraw.button("Withdraw", tone: "danger")
        var give = form("give", "Enter a consent", "Only what the person themselves said, with where the proof of it is kept.")
        give.add("purpose", "Purpose", .select(purposes))
        give.add("recipient", "Vendor", .select(vendors))
        give.add("proof", "Proof", hint: "Where it is kept, like mail-archive/2026/117")
        give.button("Enter the consent")
        let isRestricted = record.history.facts.restricted
        var restrict = form(
            isRestricted ? "unrestrict" : "restrict", isRestricted ? "Lift the restriction" : "Restrict processing",
            isRestricted ? "Sending is possible again." : "Nothing about the person leaves until it is lifted (Article 18).")
        restrict.button(isRestricted ? "Lift it" : "Restrict", tone: isRestricted ? nil : "danger")
        var object = form("object", "Enter an objection or opt-out", "Binds the next send.")
        object.add("scope", "Against", .select(scopes + [ConsoleForm.Option("gpc", "Global Privacy Control was seen")]))
        object.button("Enter it", tone: "danger")
        var takeBack = form("take-back", "Take an objection back", "Opting in again after a US opt-out asks you twice.")
        takeBack.add("scope", "Against", .select(scopes + [ConsoleForm.Option("gpc", "Global Privacy Control")]))
        takeBack.button("Take it back")
        var level = form("preference", "Personalization", "The person's own ceiling; it only ever narrows.")
        level.add(
            "level", "Level",
            .select([ConsoleForm.Option("none", "None of their own")] + Plain.levels.enumerated().map { .init(String($0.offset), "\($0.offset), \($0.element)") }),
            value: [record.history.facts.preference.map(String.init) ?? "none"])
        level.button("Set it")
        var signal = form("signal", "Enter a privacy string", "One that cannot be read denies wherever US opt-outs matter.")
        signal.add("kind", "Kind", .select([ConsoleForm.Option("gpp", "GPP"), ConsoleForm.Option("usprivacy", "US privacy")]))
        signal.add("text", "String", autocomplete: "off")
        signal.button("Enter it")
        var link = ConsoleForm(
            call, action: "\(path)/link", heading: "The person's page", lead: "A link that opens the person's own page, without signing in.",
            prefix: "link", isSent: false)
        link.add("days", "Days it works", .select(["1", "7", "30"].map { ConsoleForm.Option($0) }), value: ["7"])
        link.button("Make a link")
        link.button("End all links", tone: "danger", name: "revoke", value: "yes")
        return [withdraw, give, restrict, object, takeBack, level, signal, link]
    }

    static func act(_ call: ConsoleCall) throws(FormProblem) -> SubjectAct {
        let recipients = call.field("recipient").map { [$0] } ?? []
        switch call.field("act") {
        case "withdraw": return .withdraw(purpose: call.field("purpose"), recipients: recipients)
        case "give":
            guard let purpose = call.field("purpose") else { throw FormProblem("Choose a purpose.", field: "purpose") }
            guard let proof = call.field("proof") else { throw FormProblem("Say where the proof is kept.", field: "proof") }
            return .give(SubjectAct.Grant(purpose: purpose, recipients: recipients, proof: proof))
        case "restrict": return .restrict(true)
        case "unrestrict": return .restrict(false)
        case "object": return try scope(call).map { .object($0) } ?? .signal(.gpc(true))
        case "take-back": return .takeBack(try scope(call), confirm: call.field("confirm"))
        case "preference":
            guard let text = call.field("level"), text == "none" || Int(text) != nil else {
                throw FormProblem("Choose a level.", field: "level")
            }
            return .preference(Int(text))
        case "signal":
            guard let text = call.field("text") else { throw FormProblem("Type the string.", field: "text") }
            return .signal(call.field("kind") == "usprivacy" ? .usPrivacy(text: text) : .gpp(text: text))
        default: throw FormProblem("The form is not one of this page; open it again.")
        }
    }

    private static func scope(_ call: ConsoleCall) throws(FormProblem) -> SubjectProfile.ObjectionScope? {
        guard call.field("scope") != "gpc" else { return nil }
        guard let scope = call.field("scope").flatMap({ SubjectProfile.ObjectionScope(rawValue: $0) }) else {
            throw FormProblem("Choose what it is against.", field: "scope")
        }
        return scope
    }
}
