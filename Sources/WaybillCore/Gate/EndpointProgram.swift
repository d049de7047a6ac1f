/// An endpoint as judging sees it, with what is worked out of its slots once a policy set. A class: copying an endpoint costs a retain for
/// each of its tables.
final class EndpointProgram: Sendable {
    enum Role: Sendable {
        case none, country, birthDate
        case identifier(IdentifierKind)
    }
    let vendor: Vendor
    let endpoint: Endpoint
    /// By slot.
    let roles: [Role]
    /// By person: slots of its subject paths, in order of preference.
    let subjectSlots: [[Int]]
    let sharedRoles: [Role]
    /// By slot.
    let slotFields: [FieldID]
    let slotPersons: [Int]
    /// Fields that count as present in every record: those of the path, and those shared.
    let outerFields: [FieldID]
    /// By slot: the bit of its field in a record's mask; empty where the endpoint has more fields than a mask has bits.
    let slotBits: [UInt8]
    /// For what lies outside the records and may not go.
    let nothing: FieldPlan
    let decisions = DecisionCache()

    init(_ endpoint: Endpoint, of vendor: Vendor, in policy: PolicySet) {
        self.vendor = vendor
        self.endpoint = endpoint
        roles = endpoint.slots.map { Role(policy[$0.field]) }
        sharedRoles = endpoint.shared.map { Role(policy[$0.field]) }
        slotFields = endpoint.slots.map(\.field)
        slotPersons = endpoint.slots.map(\.person)
        outerFields = endpoint.pathFields.map(\.field) + endpoint.shared.map(\.field)
        var distinct: [FieldID] = []
        for field in slotFields where !distinct.contains(field) { distinct.append(field) }
        slotBits = distinct.count > FieldMask.bitWidth ? [] : slotFields.map { UInt8(distinct.firstIndex(of: $0) ?? 0) }
        nothing = .dropAll(.fieldNotAgreed, fieldCount: policy.fields.count)
        subjectSlots = endpoint.people.enumerated().map { person, definition in
            definition.subject.compactMap { path in endpoint.slots.firstIndex { $0.person == person && $0.path == path } }
        }
    }
}

/// Which of an endpoint's fields stand in a record.
typealias FieldMask = UInt128

extension EndpointProgram.Role {
    /// A record's country and birth date are read from fields of those names (policies.md, "Facts about subjects").
    init(_ field: Field) {
        if let scheme = field.identifierScheme {
            self = .identifier(IdentifierKind(scheme: scheme, canonical: field.canonical))
        } else if field.name == "country" {
            self = .country
        } else if field.name == "birth_date" {
            self = .birthDate
        } else {
            self = .none
        }
    }
}
