import WaybillCore

/// An agreement as a counsel reads it: sentences and lists, from the compiled set and nothing else.
struct AgreementReading {
    struct Purpose {
        var name: String
        var bases: [String]
        var endpoints: [String]
        /// Field and what is done to it.
        var fields: [(name: String, what: String, note: String)]
        var retention: String
        var usActivity: String?
    }
    var parties: [String] = []
    var purposes: [Purpose] = []
    var regions: [String] = []
    var mechanisms: [String] = []
    var subprocessors: [String] = []
    var terms: [String] = []
    var limits: [String] = []
    var term: String
    var review: String
    var mode: String
    /// In the catalogue and not agreed.
    var withheld: [String] = []
    var callers: [String] = []

    init(_ agreement: Agreement, in set: PolicySet) {
        let end = agreement.until.map { " until \($0.day.iso8601), that day not included" } ?? ", open-ended"
        term = "From \(agreement.from.day.iso8601)\(end)."
        review = agreement.reviewNext.map { "Next on \($0.day.iso8601)." } ?? "No date is set."
        mode =
            switch agreement.mode {
            case .enforce: "Everything is enforced."
            case .report(let until): "Until \(until.day.iso8601), fields that are not listed are only watched (report mode)."
            }
        parties = agreement.parties.map { party in
            let role = party.role.rawValue.replacing("_", with: " ")
            let us = party.usRole.map { ", under US law \($0.rawValue.replacing("_", with: " "))" } ?? ""
            let way = party.exports ? "; sends the data" : party.imports ? "; receives the data" : ""
            return "\(Self.name(party.org, agreement, set)) acts as \(role)\(us)\(way)."
        }
        purposes = agreement.purposes.map { Self.purpose($0, agreement, set) }
        regions = agreement.regions.map { "\($0.description)" }
        mechanisms = agreement.transfer.map(Self.mechanism)
        subprocessors = agreement.subprocessors.map { "\($0.id) in \($0.region.description): \($0.status.rawValue)." }
        terms = agreement.terms.sorted { $0.key < $1.key }.flatMap { list, items in
            items.sorted { $0.key < $1.key }.map { "\(list) \($0.key): \($0.value)" }
        }
        if let most = agreement.limits.recordsPerDay { limits.append("At most \(most) records a day.") }
        if let most = agreement.limits.subjectsPerDay { limits.append("At most \(most) people a day.") }
        let agreed = Set(agreement.purposes.flatMap { $0.fields.keys })
        withheld = set.fields.indices.filter { !agreed.contains(FieldID($0)) }.map { set.fields[$0].name }
        callers = set.callers.filter { $0.mayUse.contains { $0.agreement == agreement.id } }.map(\.id)
    }

    private static func name(_ org: String, _ agreement: Agreement, _ set: PolicySet) -> String {
        if org == set.organisation.id { return "\(set.organisation.name) (\(org))" }
        let vendor = set[agreement.vendor]
        return org == vendor.id ? "\(vendor.legalName) (\(org))" : org
    }

    private static func purpose(_ agreed: AgreedPurpose, _ agreement: Agreement, _ set: PolicySet) -> Purpose {
        let endpoints = set[agreement.vendor].endpoints
        let fields = agreed.fields.sorted { set[$0.key].name < set[$1.key].name }.map { id, field in
            let notes = [
                agreed.required.contains(id) ? "a record without it is refused" : nil, agreed.necessary.contains(id) ? "necessary" : nil,
                set[id].sensitive.isEmpty ? nil : "special category",
            ].compactMap { $0 }
            return (name: set[id].name, what: OperatorWords.text(set[field.operatorID].summary), note: notes.joined(separator: ", "))
        }
        // Regimes with one basis share a line.
        let byBasis = Dictionary(grouping: Regime.allCases.filter { agreed.basis[$0] != nil }) { agreed.basis[$0]?.rawValue ?? "" }
        let bases = byBasis.sorted { $0.key < $1.key }.map { basis, regimes in
            let words = basis == "opt_out" ? "none asked, with the right to opt out" : basis.replacing("_", with: " ")
            return "\(regimes.map(Self.name).joined(separator: ", ")): \(words)."
        }
        let evidence = agreed.basisEvidence.sorted { $0.key < $1.key }.map { "\($0.key.replacing("_", with: " ")): \($0.value)." }
        return Purpose(
            name: set[agreed.purpose].name, bases: bases + evidence,
            endpoints: agreed.endpoints.map { endpoints[$0.position] }.map { "\($0.id): \($0.template.method) \($0.template.text)" }
                .sorted(),
            fields: fields, retention: retention(agreed.retain),
            usActivity: agreed.usActivity.map { "\($0.rawValue.replacing("_", with: " "))." })
    }

    private static func name(_ regime: Regime) -> String {
        switch regime {
        case .gdpr: "GDPR"
        case .ukGDPR: "UK GDPR"
        case .fadp: "Swiss FADP"
        case .us: "US law"
        }
    }

    private static func retention(_ retain: AgreedPurpose.Retention?) -> String {
        guard let retain else { return "Nothing is agreed." }
        func days(_ seconds: Int64) -> String { "\(seconds / 86_400) days" }
        var text = "Deleted \(days(retain.forSeconds)) after the \(retain.after.rawValue.replacing("_", with: " "))."
        if let stop = retain.stopNewSubjectsSeconds { text += " A proof \(days(stop)) overdue stops new people." }
        if let stop = retain.suspendSeconds { text += " A proof \(days(stop)) overdue suspends the agreement." }
        return text
    }

    private static func mechanism(_ mechanism: Mechanism) -> String {
        var parts = [mechanism.kind.rawValue.replacing("_", with: " ")]
        if let decision = mechanism.decision { parts.append("decision \(decision)") }
        if let module = mechanism.module { parts.append("module \(module)") }
        if let signed = mechanism.signed { parts.append("signed \(signed.day.iso8601)") }
        if let until = mechanism.until { parts.append("until \(until.day.iso8601)") }
        if let assessment = mechanism.assessment { parts.append("assessment \(assessment)") }
        if !mechanism.onward.isEmpty { parts.append("onward to \(mechanism.onward.joined(separator: ", "))") }
        return "For \(mechanism.regimes.map(name).joined(separator: ", ")): \(parts.joined(separator: ", "))."
    }
}
