package struct Agreement: Sendable {
    package enum Role: String, CaseIterable, Sendable {
        case controller
        case jointController = "joint_controller"
        case processor, subprocessor
        case thirdParty = "third_party"
    }
    package enum USRole: String, CaseIterable, Sendable {
        case business
        case serviceProvider = "service_provider"
        case contractor
        case thirdParty = "third_party"
    }
    package struct Party: Sendable {
        package var org: String
        package var role: Role
        package var usRole: USRole?
        package var exports: Bool
        package var imports: Bool
    }
    package struct Subprocessor: Sendable {
        package enum Status: String, CaseIterable, Sendable { case proposed, accepted, objected }
        package var id: String
        package var region: Region
        package var notified: Timestamp?
        package var objectBy: Timestamp?
        package var status: Status
    }
    package enum Mode: Sendable, Hashable { case enforce, report(until: Timestamp) }
    package struct Limits: Sendable {
        package var recordsPerDay: Int?
        package var subjectsPerDay: Int?
    }
    package var id: String
    package var version: Int
    package var vendor: VendorID
    /// Half-open; `until` nil: evergreen.
    package var from: Timestamp
    package var until: Timestamp?
    package var parties: [Party]
    package var owner: String
    package var reviewNext: Timestamp?
    package var subprocessors: [Subprocessor]
    package var purposes: [AgreedPurpose]
    package var regions: [Region]
    package var transfer: [Mechanism]
    package var limits: Limits
    /// Checklists confirmed, by name: `art28.3`, `ccpa7051`, … with the items confirmed; `all` confirms every one.
    package var terms: [String: [String: String]]
    package var mode: Mode
    /// SHA-256 of the file's bytes, hex: `pol.h` of log entries.
    package var digest: String
    package var position: SourcePosition

    package var vendorParty: Party? { parties.first { $0.imports } }
    package var exporter: Party? { parties.first { $0.exports } }
}

package enum Basis: String, CaseIterable, Sendable, Hashable {
    case consent, contract
    case legalObligation = "legal_obligation"
    case legitimateInterest = "legitimate_interest"
    case vitalInterest = "vital_interest"
    case publicTask = "public_task"
    case optOut = "opt_out"
    case notRequired = "not_required"
}

package struct AgreedPurpose: Sendable {
    package enum USActivity: String, CaseIterable, Sendable {
        case businessPurpose = "business_purpose"
        case sale, share
    }
    package struct Retention: Sendable {
        package enum After: String, CaseIterable, Sendable {
            case transfer
            case purposeEnd = "purpose_end"
            case agreementEnd = "agreement_end"
        }
        package var forSeconds: Int64
        package var after: After
        /// Seconds after the duty's date; nil: step not written.
        package var warnSeconds: Int64?
        package var stopNewSubjectsSeconds: Int64?
        package var suspendSeconds: Int64?
    }
    package var purpose: PurposeID
    /// Of the agreement's vendor; globs already resolved.
    package var endpoints: Set<EndpointID>
    /// Every regime has one once loaded.
    package var basis: [Regime: Basis]
    /// `assessment`, `law`, `art9`, `compelling_grounds`: references, never free text about a person.
    package var basisEvidence: [String: String]
    package var usActivity: USActivity?
    /// What may go, and how. Unlisted fields are dropped.
    package var fields: [FieldID: AgreedField]
    package var required: [FieldID]
    package var necessary: [FieldID]
    package var retain: Retention?
    package var position: SourcePosition
}

package struct AgreedField: Sendable {
    package var operatorID: OperatorID
    package var position: SourcePosition
}

package struct Mechanism: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        case adequacy, scc, idta
        case ukAddendum = "uk_addendum"
        case sccSwiss = "scc_swiss"
        case bcr, derogation
    }
    package var kind: Kind
    /// Regimes it serves; default by kind: adequacy, scc, bcr, derogation: gdpr (adequacy by its decision); idta, uk_addendum: uk_gdpr; scc_swiss: fadp.
    package var regimes: [Regime]
    /// Adequacy: the framework's name, nil for a country decision.
    package var decision: String?
    package var module: Int?
    package var signed: Timestamp?
    package var until: Timestamp?
    package var assessment: String?
    package var onward: [String]
    /// Derogation: the ground, and whether it is declared occasional.
    package var ground: String?
    package var occasional: Bool
    package var position: SourcePosition
}
