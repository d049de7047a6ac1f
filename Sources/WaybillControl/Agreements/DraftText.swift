import WaybillCore
import WaybillLedger

/// The YAML that the forms for people make. Lint judges it; nothing here decides what is right.
struct DraftText {
    let call: ConsoleCall
    let set: PolicySet

    func text(_ kind: PolicyDocumentName.Kind, _ id: String) throws(FormProblem) -> String {
        switch kind {
        case .agreement: try agreement(id)
        case .vendor: try vendor(id)
        case .caller: try caller(id)
        }
    }

    private func agreement(_ id: String) throws(FormProblem) -> String {
        let vendor = try given("vendor", "a vendor")
        let role = call.field("role") ?? Agreement.Role.processor.rawValue
        let fields = (call.fields["fields"] ?? []).filter { !$0.isEmpty }
        guard !fields.isEmpty else { throw FormProblem("Tick the fields that may be sent.", field: "fields") }
        let basis = try given("basis", "a lawful basis")
        let from = try given("from", "a day")
        let until = call.field("until").map { "\($0)T00:00:00Z" } ?? "open"
        var text = """
            agreement: \(id)
            version: 1
            vendor: \(vendor)
            effective: {from: \(from)T00:00:00Z, until: \(until)}
            parties:
              - {org: \(set.organisation.id), role: \(role == "joint_controller" ? role : "controller"), exports: true}
              - {org: \(vendor), role: \(role)\(role == "processor" ? ", us_role: service_provider" : ""), imports: true}
            owner: \(Self.quoted(try given("owner", "an owner")))

            """
        if let review = call.field("review") { text += "review: {every: P12M, next: \(review)}\n" }
        text += """
            purposes:
              - id: \(try given("purpose", "a purpose"))
                endpoints: [\(list("endpoints").map(Self.quoted).joined(separator: ", "))]
                basis: \(basis == "consent" ? "{gdpr: consent, us: opt_out}" : basis)
                us_activity: business_purpose
                fields:

            """
        text += fields.map { "      \($0): keep\n" }.joined()
        text += "regions: [\(list("regions").joined(separator: ", "))]\n"
        if let mechanism = mechanism { text += "transfer:\n  - \(mechanism)\n" }
        let lists = set.checklists.filter { list in
            list.roles.contains { $0.rawValue == role } || (role == "processor" && list.usRoles.contains(.serviceProvider))
        }
        // Where each item stands in the paper is for people to say: lint asks until they have.
        if !lists.isEmpty {
            text += "terms:   # where each item stands in the paper\n"
            // One checklist may stand in the catalogue once for each role.
            var items: [String: [String]] = [:]
            for list in lists { items[list.name, default: []] += list.items.filter { !items[list.name, default: []].contains($0) } }
            for (name, items) in items.sorted(by: { $0.key < $1.key }) {
                text += "  \(name): {}   # \(items.joined(separator: ", ")); `all: \"Annex 4\"` confirms every one\n"
            }
        }
        return text + "mode: enforce\n"
    }

    private var mechanism: String? {
        let assessment = call.field("assessment").map { ", assessment: \(Self.quoted($0))" } ?? ""
        let today = call.now.day.iso8601
        switch call.field("mechanism") {
        case "adequacy": return "{mechanism: adequacy}"
        case "dpf": return "{mechanism: adequacy, decision: EU-US-DPF}"
        case "scc1": return "{mechanism: scc, module: 1, signed: \(today)\(assessment)}"
        case "scc2": return "{mechanism: scc, module: 2, signed: \(today)\(assessment)}"
        default: return nil
        }
    }

    private func vendor(_ id: String) throws(FormProblem) -> String {
        var text = """
            vendor: \(id)
            legal_name: \(Self.quoted(try given("legal_name", "the legal name")))
            established_in: \(try given("established_in", "a country"))

            """
        if let privacy = call.field("privacy") { text += "contacts: {privacy: \(Self.quoted(privacy))}\n" }
        text += """
            destinations:
              - {url: \(Self.quoted(try given("url", "an address"))), region: \(try given("region", "a country"))}
            endpoints:
              - id: records
                request: \(try given("request", "a call"))
                body: json
                records: $
                subject: [\(try given("subject", "a member"))]
                fields:

            """
        let lines = (call.field("members") ?? "").split(whereSeparator: \.isNewline).map { $0.split(separator: ":", maxSplits: 1) }
        for parts in lines where !parts.isEmpty {
            guard parts.count == 2 else { throw FormProblem("Each line is a member, a colon and a field.", field: "members") }
            let (member, field) = (parts[0].filter { $0 != " " }, parts[1].filter { $0 != " " })
            text += "      \(Self.quoted(String(member))): \(field)\n"
        }
        return text
    }

    private func caller(_ id: String) throws(FormProblem) -> String {
        let purpose = try given("purpose", "a purpose")
        return """
            caller: \(id)
            owner: \(Self.quoted(try given("owner", "an owner")))
            credentials: [{token_sha256: \(Self.quoted(try given("token_sha256", "the token's SHA-256")))}]
            may_use:
              - {agreement: \(try given("agreement", "an agreement")), purposes: [\(purpose)]}
            default_purpose: \(purpose)
            on_denied_record: reject

            """
    }

    private func given(_ name: String, _ what: String) throws(FormProblem) -> String {
        guard let text = call.field(name) else { throw FormProblem("Give \(what).", field: name) }
        guard !text.contains(where: \.isNewline) else { throw FormProblem("One line, please.", field: name) }
        return text
    }

    private func list(_ name: String) -> [String] {
        (call.field(name) ?? "").split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }.filter { !$0.isEmpty }
    }

    private static func quoted(_ text: String) -> String {
        "\"\(text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
}
