/// An endpoint as judging sees it, with what is worked out of its slots once a policy set. A class: copying an endpoint costs a retain for
/// each of its tables.
final class EndpointProgram: Sendable {
    enum Role: Sendable { case none, identifier, country, birthDate }
    let vendor: Vendor
    let endpoint: Endpoint
    /// By slot.
    let roles: [Role]
    /// By person: slots of its subject paths, in order of preference.
    let subjectSlots: [[Int]]
    let sharedRoles: [Role]

    init(_ endpoint: Endpoint, of vendor: Vendor, in policy: PolicySet) {
        self.vendor = vendor
        self.endpoint = endpoint
        roles = endpoint.slots.map { Role(policy[$0.field]) }
        sharedRoles = endpoint.shared.map { Role(policy[$0.field]) }
        subjectSlots = endpoint.people.enumerated().map { person, definition in
            definition.subject.compactMap { path in endpoint.slots.firstIndex { $0.person == person && $0.path == path } }
        }
    }
}

extension EndpointProgram.Role {
    /// A record's country and birth date are read from fields of those names (policies.md, "Facts about subjects").
    init(_ field: Field) {
        if field.identifierScheme != nil {
            self = .identifier
        } else if field.name == "country" {
            self = .country
        } else if field.name == "birth_date" {
            self = .birthDate
        } else {
            self = .none
        }
    }
}
