import WaybillCore
import WaybillLedger

/// The YAML that the forms for people make. What is missing or cannot be read is said at its field; whether it is right, lint judges.
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

    /// Those that bind a vendor of this role, each once: one may stand in the catalogue once for each role.
    static func checklists(of role: Agreement.Role, in set: PolicySet) -> [(name: String, items: [String])] {
        var items: [String: [String]] = [:]
        for list in set.checklists where list.roles.contains(role) || role == .processor && list.usRoles.contains(.serviceProvider) {
            items[list.name, default: []] += list.items.filter { !items[list.name, default: []].contains($0) }
        }
        return items.sorted { $0.key < $1.key }.map { (name: $0.key, items: $0.value) }
    }

    // MARK: Documents

    private func agreement(_ id: String) throws(FormProblem) -> String {
        guard let vendorID = set.vendor(named: try given("vendor", "the vendor")) else {
            throw FormProblem("Choose a vendor.", field: "vendor")
        }
        let vendor = set[vendorID]
        guard let role = Agreement.Role(rawValue: try given("role", "the vendor's role")) else {
            throw FormProblem("Choose a role.", field: "role")
        }
        let owner = try given("owner", "who answers for it")
        let (from, until) = (try day("from"), try optionalDay("until"))
        if let until, until.number <= from.number { throw FormProblem("It would end before it begins.", field: "until") }
        let exporter = role == .jointController ? role.rawValue : "controller"
        var text = """
            agreement: \(id)
            version: 1
            vendor: \(vendor.id)
            effective: {from: \(from.iso8601)T00:00:00Z, until: \(until.map { "\($0.iso8601)T00:00:00Z" } ?? "open")}
            parties:
              - {org: \(set.organisation.id), role: \(exporter), exports: true}
              - {org: \(vendor.id), role: \(role.rawValue)\(role == .processor ? ", us_role: service_provider" : ""), imports: true}
            owner: \(Self.quoted(owner))

            """
        if let review = try optionalDay("review") { text += "review: {every: P12M, next: \(review.iso8601)}\n" }
        text += try purpose(vendor)
        let regions = try list("regions", "the countries")
        if let wrong = regions.first(where: { Region($0) == nil }) {
            throw FormProblem("`\(wrong)` is no country; write ISO codes like DE or US.", field: "regions")
        }
        text += "regions: [\(regions.joined(separator: ", "))]\n"
        if let mechanism = try mechanism() { text += "transfer:\n  - \(mechanism)\n" }
        return text + (try terms(role)) + "mode: enforce\n"
    }

    private func purpose(_ vendor: Vendor) throws(FormProblem) -> String {
        guard let purpose = set.purpose(named: try given("purpose", "the purpose")), !set[purpose].generic else {
            throw FormProblem("Choose a purpose.", field: "purpose")
        }
        guard let basis = Basis(rawValue: try given("basis", "the lawful basis")) else {
            throw FormProblem("Choose a basis.", field: "basis")
        }
        let endpoints = try list("endpoints", "the calls")
        for pattern in endpoints where pattern.contains(where: { !$0.isLetter && !$0.isNumber && !"._*-".contains($0) }) {
            throw FormProblem("Ids of calls have letters, digits, dots and dashes; * stands for any.", field: "endpoints")
        }
        let fields = (call.fields["fields"] ?? []).filter { !$0.isEmpty }
        guard !fields.isEmpty else { throw FormProblem("Tick the fields that may be sent.", field: "fields") }
        guard fields.allSatisfy({ name in set.fields.contains { $0.name == name } }) else {
            throw FormProblem("Tick fields of the catalogue.", field: "fields")
        }
        var text = """
            purposes:
              - id: \(set[purpose].name)
                endpoints: [\(endpoints.map(Self.quoted).joined(separator: ", "))]
                basis: \(basis == .consent ? "{gdpr: consent, us: opt_out}" : basis.rawValue)

            """
        if let evidence = try evidence(basis) { text += "    basis_evidence: \(evidence)\n" }
        text += "    us_activity: business_purpose\n    fields:\n"
        return text + fields.map { "      \($0): keep\n" }.joined()
    }

    private func evidence(_ basis: Basis) throws(FormProblem) -> String? {
        switch basis {
        case .legitimateInterest, .publicTask:
            "{assessment: \(Self.quoted(try given("evidence", "the reference of the assessment")))}"
        case .legalObligation: "{law: \(Self.quoted(try given("evidence", "the law")))}"
        case .consent, .contract, .vitalInterest, .optOut, .notRequired: nil
        }
    }

    private func mechanism() throws(FormProblem) -> String? {
        let today = call.now.day.iso8601
        switch call.field("mechanism") {
        case "adequacy": return "{mechanism: adequacy}"
        case "dpf": return "{mechanism: adequacy, decision: EU-US-DPF}"
        case "scc1", "scc2":
            let assessment = Self.quoted(try given("assessment", "the reference of the transfer assessment"))
            let module = call.field("mechanism") == "scc1" ? 1 : 2
            return "{mechanism: scc, module: \(module), signed: \(today), assessment: \(assessment)}"
        default: return nil
        }
    }

    private func terms(_ role: Agreement.Role) throws(FormProblem) -> String {
        let lists = Self.checklists(of: role, in: set)
        guard !lists.isEmpty else { return "" }
        let place = Self.quoted(try given("terms", "where the terms stand that this role needs"))
        return "terms:   # `all` confirms every item; each may have a line of its own instead\n"
            + lists.map { "  \($0.name): {all: \(place)}   # \($0.items.joined(separator: ", "))\n" }.joined()
    }

    private func vendor(_ id: String) throws(FormProblem) -> String {
        var text = """
            vendor: \(id)
            legal_name: \(Self.quoted(try given("legal_name", "the legal name")))
            established_in: \(try country("established_in"))

            """
        if let privacy = call.field("privacy") { text += "contacts: {privacy: \(Self.quoted(privacy))}\n" }
        text += """
            destinations:
              - {url: \(Self.quoted(try given("url", "the address"))), region: \(try country("region"))}
            endpoints:
              - id: records
                request: \(Self.quoted(try given("request", "a call")))
                body: json
                records: $
                subject: [\(Self.quoted(try given("subject", "the member")))]
                fields:

            """
        let lines = try givenLines("members", "the members of the body").map { $0.split(separator: ":", maxSplits: 1) }
        for parts in lines {
            guard parts.count == 2 else { throw FormProblem("Each line is a member, a colon and a field.", field: "members") }
            let (member, field) = (parts[0].filter { $0 != " " }, String(parts[1].filter { !$0.isWhitespace }))
            guard set.fields.contains(where: { $0.name == field }) else {
                throw FormProblem("`\(field)` is no field of the catalogue.", field: "members")
            }
            text += "      \(Self.quoted(String(member))): \(field)\n"
        }
        return text
    }

    private func caller(_ id: String) throws(FormProblem) -> String {
        let owner = try given("owner", "an owner")
        let digest = try given("token_sha256", "the token's SHA-256").lowercased()
        guard digest.utf8.count == 64, digest.allSatisfy(\.isHexDigit) else {
            throw FormProblem("A SHA-256 has 64 digits of 0-9 and a-f.", field: "token_sha256")
        }
        let agreement = try given("agreement", "an agreement")
        guard set.agreements.contains(where: { $0.id == agreement }) else { throw FormProblem("Choose an agreement.", field: "agreement") }
        guard let purpose = set.purpose(named: try given("purpose", "a purpose")).map({ set[$0].name }) else {
            throw FormProblem("Choose a purpose.", field: "purpose")
        }
        return """
            caller: \(id)
            owner: \(Self.quoted(owner))
            credentials: [{token_sha256: \(Self.quoted(digest))}]
            may_use:
              - {agreement: \(agreement), purposes: [\(purpose)]}
            default_purpose: \(purpose)
            on_denied_record: reject

            """
    }

    // MARK: Fields

    private func given(_ name: String, _ what: String) throws(FormProblem) -> String {
        guard let text = call.field(name) else { throw FormProblem("Give \(what).", field: name) }
        guard !text.contains(where: \.isNewline) else { throw FormProblem("One line, please.", field: name) }
        return text
    }

    private func givenLines(_ name: String, _ what: String) throws(FormProblem) -> [Substring] {
        let lines = (call.field(name) ?? "").split(whereSeparator: \.isNewline).filter { !$0.allSatisfy(\.isWhitespace) }
        guard !lines.isEmpty else { throw FormProblem("Give \(what).", field: name) }
        return lines
    }

    private func day(_ name: String) throws(FormProblem) -> Day {
        guard let day = Day(iso8601: try given(name, "a day")) else { throw FormProblem("Write a day like 2026-05-01.", field: name) }
        return day
    }

    private func optionalDay(_ name: String) throws(FormProblem) -> Day? { call.field(name) == nil ? nil : try day(name) }

    private func country(_ name: String) throws(FormProblem) -> String {
        guard let region = Region(try given(name, "a country")) else {
            throw FormProblem("Write an ISO code like DE or US-MA.", field: name)
        }
        return region.description
    }

    private func list(_ name: String, _ what: String) throws(FormProblem) -> [String] {
        let parts = try given(name, what).split(separator: ",").map { String($0.filter { !$0.isWhitespace }) }.filter { !$0.isEmpty }
        guard !parts.isEmpty else { throw FormProblem("Give \(what).", field: name) }
        return parts
    }

    /// By code points: to YAML a quote is one also with a mark behind it that combines.
    private static func quoted(_ text: String) -> String {
        var quoted = "\"".unicodeScalars
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { quoted.append("\\") }
            quoted.append(scalar)
        }
        quoted.append("\"")
        return String(quoted)
    }
}
