/// What a person or a machine is to the organisation. A principal may have several; some exclude each other on one object (four eyes).
package enum Role: String, CaseIterable, Codable, Sendable {
    case caller
    case vendorManager = "vendor_manager"
    case approver
    case privacyOfficer = "privacy_officer"
    case auditor
    /// As an auditor, of one vendor and one engagement, with an end date.
    case vendorAuditor = "vendor_auditor"
    case administrator
}

/// One thing that is permitted or not. Every operation of the API and every page of the console names exactly one.
package enum Permission: String, CaseIterable, Codable, Sendable {
    /// Vendors, agreements and their versions, purposes, fields, callers.
    case readPolicies = "policies.read"
    /// Drafts of vendors and agreements, their evidence, and submitting them.
    case draftPolicies = "policies.draft"
    /// Approving and resuming, never what one drafted oneself; terminating.
    case approveAgreements = "agreements.approve"
    /// Suspending, the kill switch.
    case stopTransfers = "transfers.stop"
    /// Transfers, statistics and explanations, without identifiers and values.
    case readTransfers = "transfers.read"
    /// Decisions that send nothing.
    case tryDecisions = "decisions.try"
    /// Looking people up by identifier, their facts, consents, receipts and disclosures.
    case readSubjects = "subjects.read"
    /// Consents, restrictions, objections, personalization, links to a person's page.
    case changeSubjects = "subjects.change"
    case eraseSubjects = "subjects.erase"
    case readAudits = "audits.read"
    /// Opening engagements, samples, evidence, findings, closing.
    case conductAudits = "audits.conduct"
    /// Entries, proofs, exports, packages, verification.
    case readLog = "log.read"
    /// Sinks, health in words, metrics.
    case readOperations = "operations.read"
    /// Accounts, tokens, sessions of others, roles.
    case manageAccess = "access.manage"
    /// One's own account: its sessions, password, second factor.
    case useOwnAccount = "account.use"
}

extension Permission {
    /// Whoever is bound may do only what is looked at through that: what a permission gives of everything, it does not give of a part.
    func isNarrowed(to principal: Principal) -> Bool {
        switch self {
        case .useOwnAccount: true
        case .readTransfers: principal.vendor != nil || principal.caller != nil
        case .readAudits, .conductAudits: principal.caller == nil
        case .readPolicies, .readLog: principal.caller == nil && principal.vendor != nil
        default: false
        }
    }

    /// The table of `docs/access.md`: who may.
    package var roles: Set<Role> {
        switch self {
        case .readPolicies: [.vendorManager, .approver, .privacyOfficer, .auditor, .vendorAuditor]
        case .draftPolicies: [.vendorManager]
        case .approveAgreements: [.approver]
        case .stopTransfers: [.approver, .privacyOfficer]
        case .readTransfers: [.caller, .vendorManager, .approver, .privacyOfficer, .auditor, .vendorAuditor]
        case .tryDecisions: [.vendorManager, .approver, .privacyOfficer, .auditor]
        case .readSubjects, .changeSubjects, .eraseSubjects: [.privacyOfficer]
        case .readAudits: [.vendorManager, .approver, .privacyOfficer, .auditor, .vendorAuditor]
        case .conductAudits: [.auditor]
        case .readLog: [.privacyOfficer, .auditor, .vendorAuditor]
        case .readOperations: [.administrator, .auditor]
        case .manageAccess: [.administrator]
        case .useOwnAccount: Set(Role.allCases)
        }
    }
}
