/// Why a record, a field or a request was stopped. The order of cases is the order of checks in decisions.md:
/// the first failing one is `primary`.
package enum ReasonCode: String, CaseIterable, Sendable, Hashable {
    // 0 integrity
    case requestMalformed = "request_malformed"
    case endpointUnknown = "endpoint_unknown"
    case recordSchemaUnknown = "record_schema_unknown"
    case subjectUnresolved = "subject_unresolved"
    case jurisdictionUnknown = "jurisdiction_unknown"
    case policyUnavailable = "policy_unavailable"
    case consentStoreUnavailable = "consent_store_unavailable"
    case logUnavailable = "log_unavailable"
    case clockUntrusted = "clock_untrusted"
    // 1 caller and vendor
    case callerUnauthenticated = "caller_unauthenticated"
    case callerNotPermitted = "caller_not_permitted"
    case vendorUnknown = "vendor_unknown"
    case vendorNotApproved = "vendor_not_approved"
    case vendorSuspended = "vendor_suspended"
    case vendorBreachHold = "vendor_breach_hold"
    case dueDiligenceExpired = "due_diligence_expired"
    case destinationNotRegistered = "destination_not_registered"
    case subprocessorNotApproved = "subprocessor_not_approved"
    case deletionProofOverdue = "deletion_proof_overdue"
    // 2 agreement
    case agreementMissing = "agreement_missing"
    case agreementDraft = "agreement_draft"
    case agreementInReview = "agreement_in_review"
    case agreementNotYetEffective = "agreement_not_yet_effective"
    case agreementSuspended = "agreement_suspended"
    case agreementExpired = "agreement_expired"
    case agreementTerminated = "agreement_terminated"
    case agreementSuperseded = "agreement_superseded"
    case agreementTermsIncomplete = "agreement_terms_incomplete"
    case roleMismatch = "role_mismatch"
    // 3 purpose
    case purposeMissing = "purpose_missing"
    case purposeUnknown = "purpose_unknown"
    case purposeTooGeneric = "purpose_too_generic"
    case purposeNotCovered = "purpose_not_covered"
    // 4 subject stops
    case subjectErased = "subject_erased"
    case processingRestricted = "processing_restricted"
    case objectionActive = "objection_active"
    case directMarketingObjection = "direct_marketing_objection"
    // 5 lawful basis
    case consentMissing = "consent_missing"
    case consentUnknown = "consent_unknown"
    case consentPending = "consent_pending"
    case consentRefused = "consent_refused"
    case consentWithdrawn = "consent_withdrawn"
    case consentRevoked = "consent_revoked"
    case consentExpired = "consent_expired"
    case consentInvalidated = "consent_invalidated"
    case consentScopeMismatch = "consent_scope_mismatch"
    case consentRecipientNotNamed = "consent_recipient_not_named"
    case consentProofMissing = "consent_proof_missing"
    case consentDefaultNotChoice = "consent_default_not_choice"
    case assessmentMissing = "assessment_missing"
    case basisSwapForbidden = "basis_swap_forbidden"
    // 6 special category, child
    case specialCategoryConditionMissing = "special_category_condition_missing"
    case consentNotExplicit = "consent_not_explicit"
    case ageUnknown = "age_unknown"
    case parentalConsentMissing = "parental_consent_missing"
    // 7 US opt-outs
    case usSaleOptOut = "us_sale_opt_out"
    case usShareOptOut = "us_share_opt_out"
    case usTargetedAdsOptOut = "us_targeted_ads_opt_out"
    case gpcOptOut = "gpc_opt_out"
    case sensitiveLimitUse = "sensitive_limit_use"
    case sensitiveOptInMissing = "sensitive_opt_in_missing"
    case minorOptInMissing = "minor_opt_in_missing"
    case serviceProviderTermsMissing = "service_provider_terms_missing"
    // 8 cross-border
    case regionNotAgreed = "region_not_agreed"
    case transferMechanismMissing = "transfer_mechanism_missing"
    case transferMechanismExpired = "transfer_mechanism_expired"
    case transferMechanismInvalidated = "transfer_mechanism_invalidated"
    case adequacyScopeMismatch = "adequacy_scope_mismatch"
    case dpfNotListed = "dpf_not_listed"
    case sccModuleMismatch = "scc_module_mismatch"
    case transferAssessmentMissing = "transfer_assessment_missing"
    case derogationNotOccasional = "derogation_not_occasional"
    case onwardTransferNotAgreed = "onward_transfer_not_agreed"
    // 9 fields
    case fieldNotAgreed = "field_not_agreed"
    case fieldUnclassified = "field_unclassified"
    case fieldRequiredMissing = "field_required_missing"
    case freeTextUnscanned = "free_text_unscanned"
    case fieldSuspended = "field_suspended"
    // 10 personalization
    case personalizationLevelExceeded = "personalization_level_exceeded"
    // 11 limits and duties
    case volumeExceeded = "volume_exceeded"
    case dutyNotRecorded = "duty_not_recorded"

    /// The number of the step in decisions.md, 0 to 11.
    package var step: Int { ReasonCode.steps[order] }

    /// The position in the order of checks.
    package var order: Int { ReasonCode.orders[self] ?? 0 }

    /// The code narrows what is sent of a record and does not refuse it by itself.
    package var isFieldLevel: Bool {
        switch self {
        case .fieldNotAgreed, .fieldUnclassified, .freeTextUnscanned, .fieldSuspended: true
        default: false
        }
    }

    private static let orders = Dictionary(uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })
    private static let steps: [Int] = {
        let firsts: [ReasonCode] = [
            .requestMalformed, .callerUnauthenticated, .agreementMissing, .purposeMissing, .subjectErased, .consentMissing,
            .specialCategoryConditionMissing, .usSaleOptOut, .regionNotAgreed, .fieldNotAgreed, .personalizationLevelExceeded,
            .volumeExceeded,
        ]
        var step = -1
        return allCases.map { code in
            if firsts.contains(code) { step += 1 }
            return step
        }
    }()
}

/// Rides along with a decision that stands; never refuses.
package enum Warning: String, CaseIterable, Sendable, Hashable {
    case agreementExpiring = "agreement_expiring"
    case reviewDue = "review_due"
    case consentExpiring = "consent_expiring"
    case mechanismAtRisk = "mechanism_at_risk"
    case reportMode = "report_mode"
}

package enum Outcome: String, CaseIterable, Sendable, Hashable {
    case allow
    case allowRedacted = "allow_redacted"
    case deny
    case hold
}
