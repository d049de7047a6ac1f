/// One consistent, immutable, compiled state of `policies/`. Requests hold the set they began with; a reload makes a new one.
///
/// A class, so that handing it on costs one retain and not one for each table.
package final class PolicySet: Sendable {
    /// SHA-256 over every file's path and bytes, hex: what log entries pin.
    package let digest: String
    package let organisation: Organisation
    package let fields: [Field]
    package let purposes: [Purpose]
    package let notices: [String: Notice]
    package let facts: LegalFacts
    package let checklists: [TermsChecklist]
    package let vendors: [Vendor]
    package let agreements: [Agreement]
    package let callers: [Caller]
    package let operators: [any RedactionOperator]

    let vendorsByName: [String: VendorID]
    let purposesByName: [String: PurposeID]
    let callersByToken: [[UInt8]: CallerID]
    let callersByName: [String: CallerID]
    /// By `Caller.Credential.sanKey`.
    let callersBySAN: [String: CallerID]
    let routes: [RouteKey: Route]
    /// By agreement version: the next newer version of the same agreement.
    let nextVersions: [AgreementID?]
    /// For the load that comes after this one.
    let basis: PolicyReuse.Basis

    init(
        digest: String, organisation: Organisation, fields: [Field], purposes: [Purpose], notices: [String: Notice], facts: LegalFacts,
        checklists: [TermsChecklist], vendors: [Vendor], agreements: [Agreement], callers: [Caller], operators: [any RedactionOperator],
        vendorsByName: [String: VendorID], purposesByName: [String: PurposeID], callersByToken: [[UInt8]: CallerID],
        callersByName: [String: CallerID], callersBySAN: [String: CallerID] = [:], routes: [RouteKey: Route],
        basis: PolicyReuse.Basis = PolicyReuse.Basis()
    ) {
        self.digest = digest
        self.organisation = organisation
        self.fields = fields
        self.purposes = purposes
        self.notices = notices
        self.facts = facts
        self.checklists = checklists
        self.vendors = vendors
        self.agreements = agreements
        self.callers = callers
        self.operators = operators
        self.vendorsByName = vendorsByName
        self.purposesByName = purposesByName
        self.callersByToken = callersByToken
        self.callersByName = callersByName
        self.callersBySAN = callersBySAN
        self.routes = routes
        nextVersions = Self.nextVersions(of: agreements)
        self.basis = basis
    }
}

extension PolicySet {
    private static func nextVersions(of agreements: [Agreement]) -> [AgreementID?] {
        var next: [AgreementID?] = Array(repeating: nil, count: agreements.count)
        for versions in Dictionary(grouping: agreements.indices, by: { agreements[$0].id }).values where versions.count > 1 {
            let ordered = versions.sorted { agreements[$0].version < agreements[$1].version }
            for (older, newer) in zip(ordered, ordered.dropFirst()) { next[older] = AgreementID(newer) }
        }
        return next
    }
}

/// What one caller may do at one endpoint, worked out when the set loads: agreement versions and the purposes in them.
package struct Route: Sendable {
    package struct Candidate: Sendable, Hashable {
        package var agreement: AgreementID
        /// Index into the agreement's `purposes`.
        package var term: Int
        package var purpose: PurposeID
    }
    /// Grouped by agreement, newest version first. Every version the caller's permissions name, in force or not.
    package var candidates: [Candidate]
    /// Used when the request names no purpose: from the one `may_use` entry whose `endpoints` match, else `default_purpose`.
    package var defaultPurposes: [PurposeID]
}

struct RouteKey: Hashable, Sendable {
    var caller: CallerID
    var vendor: VendorID
    var endpoint: EndpointID
}

extension PolicySet {
    package subscript(id: FieldID) -> Field { fields[id.position] }
    package subscript(id: PurposeID) -> Purpose { purposes[id.position] }
    package subscript(id: VendorID) -> Vendor { vendors[id.position] }
    package subscript(id: AgreementID) -> Agreement { agreements[id.position] }
    package subscript(id: CallerID) -> Caller { callers[id.position] }
    package subscript(id: OperatorID) -> any RedactionOperator { operators[id.position] }

    package func vendor(named name: String) -> VendorID? { vendorsByName[name] }
    package func purpose(named name: String) -> PurposeID? { purposesByName[name] }
    package func caller(named name: String) -> CallerID? { callersByName[name] }
    /// `sha256`: 32 bytes, of the token presented.
    package func caller(tokenSHA256 sha256: [UInt8]) -> CallerID? { callersByToken[sha256] }
    /// `san`: a DNS name or URI in a client certificate that was verified.
    package func caller(mtlsSAN san: String) -> CallerID? { callersBySAN[Caller.Credential.sanKey(san)] }
    /// Nil: no permission of this caller covers the endpoint.
    package func route(caller: CallerID, vendor: VendorID, endpoint: EndpointID) -> Route? {
        routes[RouteKey(caller: caller, vendor: vendor, endpoint: endpoint)]
    }
}
