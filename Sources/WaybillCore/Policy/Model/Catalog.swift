/// A typed position in one of a policy set's tables. Valid only with the set it came from.
package struct PolicyIndex<Element>: Hashable, Sendable {
    package let rawValue: UInt16
    package init(_ position: Int) { rawValue = UInt16(position) }
    package var position: Int { Int(rawValue) }
}

package typealias FieldID = PolicyIndex<Field>
package typealias PurposeID = PolicyIndex<Purpose>
package typealias VendorID = PolicyIndex<Vendor>
package typealias EndpointID = PolicyIndex<Endpoint>  // within its vendor
package typealias AgreementID = PolicyIndex<Agreement>
package typealias CallerID = PolicyIndex<Caller>
package typealias OperatorID = PolicyIndex<any RedactionOperator>

/// Where a rule stands: file relative to the policy directory, line and column from 1.
package struct SourcePosition: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
    package var description: String { "\(file):\(line):\(column)" }
}

/// ISO 3166-1 alpha-2 (`DE`) or 3166-2 (`US-MA`); `EPO` for the one international organisation with an adequacy decision.
package struct Region: Hashable, Sendable, CustomStringConvertible {
    package let country: String
    package let subdivision: String?
    /// Nil unless the country is a known code and the subdivision is 1 to 3 letters or digits.
    package init?(_ text: String) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, ISO3166.countries.contains(String(first)) else { return nil }
        country = String(first)
        guard parts.count == 2 else {
            subdivision = nil
            return
        }
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) })
        else { return nil }
        subdivision = String(parts[1])
    }
    package var description: String { subdivision.map { "\(country)-\($0)" } ?? country }
    /// `other` lies in this region: `US` contains `US-MA`.
    package func contains(_ other: Region) -> Bool {
        country == other.country && (subdivision == nil || subdivision == other.subdivision)
    }
}

/// A legal regime that can apply to a record.
package enum Regime: String, CaseIterable, Sendable, Hashable {
    case gdpr
    case ukGDPR = "uk_gdpr"
    case fadp
    case us
}

package struct Organisation: Sendable {
    package enum Approvals: String, CaseIterable, Sendable { case files, required }
    package var id: String
    package var name: String
    package var establishedIn: Region
    /// Laws that bind beyond establishment, as written (`ccpa`): see `USLaw`.
    package var inScope: [USLaw]
    /// Regimes for a subject whose country is unknown; empty: `jurisdiction_unknown`.
    package var assumedRegimes: [Regime]
    package var approvals: Approvals
    package var position: SourcePosition
}

/// US state privacy laws by their usual short names, each with the state it protects.
package enum USLaw: String, CaseIterable, Sendable {
    case ccpa, vcdpa, cpa, ctdpa, ucpa, icdpa, indianacdpa, tipa, mtcdpa, tdpsa, ocpa, dpdpa, njdpa, nhpa, kcdpa, ndpa, modpa, mcdpa,
        ricdpa, fdbr
    package var state: String {
        switch self {
        case .ccpa: "CA"
        case .vcdpa: "VA"
        case .cpa: "CO"
        case .ctdpa: "CT"
        case .ucpa: "UT"
        case .icdpa: "IA"
        case .indianacdpa: "IN"
        case .tipa: "TN"
        case .mtcdpa: "MT"
        case .tdpsa: "TX"
        case .ocpa: "OR"
        case .dpdpa: "DE"
        case .njdpa: "NJ"
        case .nhpa: "NH"
        case .kcdpa: "KY"
        case .ndpa: "NE"
        case .modpa: "MD"
        case .mcdpa: "MN"
        case .ricdpa: "RI"
        case .fdbr: "FL"
        }
    }
}

/// One element of personal data in our catalogue.
package struct Field: Sendable {
    package enum Canonical: String, CaseIterable, Sendable { case email, phone }
    package enum Sensitivity: String, CaseIterable, Sendable { case gdpr9, us }
    package var name: String
    /// Fides `data_category`.
    package var category: String
    /// Set for `identifies: true`: the scheme of the identifiers it gives (`email:…`): `canonical` if set, else the field's
    /// name without a trailing `_id` (`crm_id` gives `crm:…`).
    package var identifierScheme: String?
    package var canonical: Canonical?
    package var sensitive: Set<Sensitivity>
    package var freeText: Bool
    /// About an organisation, not a person.
    package var entity: Bool
    package var position: SourcePosition
}

package struct Purpose: Sendable {
    package var name: String
    package var generic: Bool
    package var marketing: Bool
    package var narrows: [PurposeID]
    /// All purposes reached over `narrows`, nearest first, itself excluded.
    package var ancestors: [PurposeID]
    package var dpv: String?
    package var dataUse: String?
    package var tcf: [Int]
    /// 0 necessary, 1 limited data, 2 own profile, 3 vendor profiling. Default 3 if not written: unknown counts as most intrusive.
    package var personalization: Int
    package var position: SourcePosition
}

package struct Notice: Sendable {
    package var name: String
    package var from: Timestamp
    package var purposes: [String]
    package var recipients: [String]
    package var position: SourcePosition
}
