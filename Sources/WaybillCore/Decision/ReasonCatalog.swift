/// What each reason code means to the people who meet it: a title (RFC 9457), an HTTP status, and what an engineer can do.
///
/// Status: 403 where a rule refuses; 400 malformed, 401 unknown caller; 422 a body or record that cannot be read as the endpoint's; 429
/// volume; 503 where the gate could not decide or record, so that trying again later is right.
package enum ReasonCatalog {
    package struct Entry: Sendable, Hashable {
        package var title: String
        package var status: Int
        package var remedy: String

        init(_ title: String, _ remedy: String, status: Int = 403) {
            self.title = title
            self.status = status
            self.remedy = remedy
        }
    }

    package static func title(_ code: ReasonCode) -> String { entry(for: code).title }
    package static func status(_ code: ReasonCode) -> Int { entry(for: code).status }
    package static func remedy(_ code: ReasonCode) -> String { entry(for: code).remedy }

    package static func entry(for code: ReasonCode) -> Entry {
        switch code.step {
        case 0, 1: beforeAgreement(code)
        case 2, 3: agreementAndPurpose(code)
        case 4, 5: subjectAndBasis(code)
        case 6, 7: conditionsAndOptOuts(code)
        default: leaving(code)
        }
    }

    private static func beforeAgreement(_ code: ReasonCode) -> Entry {
        switch code {
        case .requestMalformed: Entry("The request is malformed", "Send well-formed HTTP and a plain path.", status: 400)
        case .endpointUnknown: Entry("No endpoint of this vendor matches the request", "Describe the call in the vendor's file.")
        case .recordSchemaUnknown:
            Entry(
                "The record does not have the shape the endpoint describes", "Correct the records selector in the vendor's file.",
                status: 422)
        case .subjectUnresolved:
            Entry("No usable identifier says whom the record is about", "Send a field that the endpoint's subject list names.", status: 422)
        case .jurisdictionUnknown:
            Entry("The subject's country is unknown", "Import the country, map a country field, or set assume.regimes.")
        case .policyUnavailable:
            Entry("No policy is in force", "Mend the policy set; waybill lint names what is wrong.", status: 503)
        case .consentStoreUnavailable:
            Entry(
                "Consents cannot be read in time",
                "Look at the gate's own log, which names the store and the remedy; nothing is sent until it is mended.", status: 503)
        case .logUnavailable:
            Entry(
                "The transfer log cannot be written",
                "Look at the gate's own log, which says why; free the disk or restart the gate, nothing is sent until then.", status: 503)
        case .clockUntrusted: Entry("The clock cannot be trusted", "Set the host's clock right.", status: 503)
        case .callerUnauthenticated: Entry("The caller is not known", "Present the caller's token or certificate.", status: 401)
        case .callerNotPermitted:
            Entry("This caller may not use this endpoint", "Add the agreement to the caller's may_use, if it should.")
        case .vendorUnknown: Entry("The vendor is not known", "Describe the vendor in a file under vendors/.")
        case .vendorNotApproved: Entry("The vendor is not approved", "Have the vendor approved.")
        case .vendorSuspended: Entry("The vendor is suspended", "Ask the privacy officer why; a suspension is lifted by resume.")
        case .vendorBreachHold: Entry("The vendor is on hold because of a breach", "Wait until the incident is closed.")
        case .dueDiligenceExpired: Entry("The vendor's due diligence has lapsed", "Review the vendor and record the next date.")
        case .destinationNotRegistered:
            Entry("The destination is not one of the vendor's", "Add the exact URL to the vendor's destinations.")
        case .subprocessorNotApproved: Entry("A subprocessor of the vendor is not approved", "Accept it, or have the vendor stop using it.")
        case .deletionProofOverdue: Entry("The vendor owes a proof of deletion", "Obtain the proof and record it.")
        default: unlisted(code)
        }
    }

    private static func agreementAndPurpose(_ code: ReasonCode) -> Entry {
        switch code {
        case .agreementMissing: Entry("No agreement covers this call", "Add the endpoint to an agreement the caller may use.")
        case .agreementDraft: Entry("The agreement is a draft", "Submit it and have it approved.")
        case .agreementInReview: Entry("The agreement is in review", "Have it approved.")
        case .agreementNotYetEffective: Entry("The agreement is not yet effective", "Wait for its effective.from.")
        case .agreementSuspended: Entry("The agreement is suspended", "Clear the cause, then resume it.")
        case .agreementExpired: Entry("The agreement has expired", "Conclude a new version.")
        case .agreementTerminated: Entry("The agreement was terminated", "Stop sending, or conclude a new version.")
        case .agreementSuperseded: Entry("A newer version of the agreement does not cover this", "Add the purpose to the newer version.")
        case .agreementTermsIncomplete:
            Entry("The agreement lacks a required term", "Write where each item of the checklist stands, under terms.")
        case .roleMismatch: Entry("The parties' roles do not fit", "Correct parties: our organisation exports, the vendor imports.")
        case .purposeMissing: Entry("No purpose is named", "Send Waybill-Purpose, or give the caller a default_purpose.")
        case .purposeUnknown: Entry("The purpose is not in the catalogue", "Name a purpose of catalog/purposes.yaml.")
        case .purposeTooGeneric: Entry("The purpose is too generic to be agreed on", "Name a purpose that narrows it.")
        case .purposeNotCovered: Entry("No agreement covers this purpose here", "Add the purpose to an agreement the caller may use.")
        default: unlisted(code)
        }
    }

    private static func subjectAndBasis(_ code: ReasonCode) -> Entry {
        switch code {
        case .subjectErased: Entry("The person was erased", "Remove the record from the sending system.")
        case .processingRestricted: Entry("Processing of the person's data is restricted", "Wait until the restriction is lifted.")
        case .objectionActive: Entry("The person objects", "Stop, or record compelling grounds in basis_evidence.")
        case .directMarketingObjection:
            Entry("The person objects to direct marketing", "Take the person off; only a later consent lifts it.")
        case .consentMissing: Entry("There is no consent", "Ask for consent, or import the one you hold.")
        case .consentUnknown: Entry("What is recorded is not a consent", "Import the consent with its own date and state.")
        case .consentPending: Entry("Consent was asked for and not yet given", "Wait for the answer.")
        case .consentRefused: Entry("Consent was refused", "Do not send; do not ask for another ground.")
        case .consentWithdrawn: Entry("Consent was withdrawn", "Do not send; a new consent is needed.")
        case .consentRevoked: Entry("Consent was revoked", "Do not send; a new consent is needed.")
        case .consentExpired: Entry("Consent has expired", "Ask for it again.")
        case .consentInvalidated: Entry("Consent was found invalid", "Ask for it again, in due form.")
        case .consentScopeMismatch:
            Entry("Consent does not cover this purpose or controller", "Ask for consent under a notice that lists it.")
        case .consentRecipientNotNamed:
            Entry("Consent does not name this recipient", "Ask for consent under a notice that names the vendor.")
        case .consentProofMissing: Entry("Consent cannot be proved", "Import it with its proof.")
        case .consentDefaultNotChoice: Entry("A default is not a choice", "Ask for consent.")
        case .assessmentMissing: Entry("The ground lacks its assessment or law", "Add assessment or law to basis_evidence.")
        case .basisSwapForbidden: Entry("Another ground may not replace consent", "Do not send; the person said no or was to be asked.")
        default: unlisted(code)
        }
    }

    private static func conditionsAndOptOuts(_ code: ReasonCode) -> Entry {
        switch code {
        case .specialCategoryConditionMissing:
            Entry("Special categories of data lack a condition of Article 9(2)", "Add art9 to basis_evidence, or drop the field.")
        case .consentNotExplicit: Entry("Consent is not explicit", "Ask for explicit consent, or drop the field.")
        case .ageUnknown: Entry("The age is unknown where children are expected", "Import the date of birth.")
        case .parentalConsentMissing: Entry("A parent's consent is missing", "Import the parent's consent with actor: parent.")
        case .usSaleOptOut: Entry("The person opted out of sale", "Do not send.")
        case .usShareOptOut: Entry("The person opted out of sharing", "Do not send.")
        case .usTargetedAdsOptOut: Entry("The person opted out of targeted advertising", "Do not send.")
        case .gpcOptOut: Entry("The person's browser signals an opt-out", "Do not send.")
        case .sensitiveLimitUse: Entry("The person limits the use of sensitive data", "Drop the field.")
        case .sensitiveOptInMissing: Entry("Sensitive data needs an opt-in", "Ask for consent, or drop the field.")
        case .minorOptInMissing: Entry("A minor's opt-in is missing", "Obtain the opt-in: below 13 from a parent.")
        case .serviceProviderTermsMissing:
            Entry("The contract lacks terms US law requires", "Confirm every item of the checklist of the vendor's us_role, under terms.")
        default: unlisted(code)
        }
    }

    private static func leaving(_ code: ReasonCode) -> Entry {
        switch code {
        case .regionNotAgreed: Entry("The destination's region is not agreed", "Add it to regions, or use a destination that is.")
        case .transferMechanismMissing: Entry("No transfer mechanism reaches this country", "Add a mechanism under transfer.")
        case .transferMechanismExpired: Entry("The transfer mechanism has expired", "Renew it.")
        case .transferMechanismInvalidated: Entry("The transfer mechanism was struck down", "Use another mechanism.")
        case .adequacyScopeMismatch:
            Entry("The adequacy decision does not cover this", "Use another mechanism, or name the right decision.")
        case .dpfNotListed: Entry("The vendor is not listed under the framework", "Record its certification, or use another mechanism.")
        case .sccModuleMismatch: Entry("The clauses' module does not fit the roles", "Sign the module for these roles.")
        case .transferAssessmentMissing: Entry("The transfer has no assessment", "Assess the transfer and cite it.")
        case .derogationNotOccasional: Entry("A derogation is only for occasional transfers", "Use a mechanism.")
        case .onwardTransferNotAgreed: Entry("An onward transfer is not agreed", "List the subprocessor under onward.")
        case .fieldNotAgreed: Entry("The field is not agreed", "List it in the agreement, if the vendor needs it.")
        case .fieldUnclassified: Entry("The member is not described", "Describe it in the endpoint's fields or structure.")
        case .fieldRequiredMissing: Entry("A required field is missing", "Send it.")
        case .freeTextUnscanned: Entry("Free text was not scanned", "Drop or replace it.")
        case .fieldSuspended: Entry("The field is stopped", "Ask the privacy officer why; waybill field resume lifts the stop.")
        case .personalizationLevelExceeded: Entry("The person's personalization ceiling is lower", "Do not send for this purpose.")
        case .volumeExceeded: Entry("The agreed daily volume is used up", "Send the rest after 00:00 UTC, or agree on more.", status: 429)
        case .dutyNotRecorded: Entry("The deletion duty cannot be entered", "Check the store, then send again.", status: 503)
        default: unlisted(code)
        }
    }

    /// Reached by no code: a test goes through all of them.
    private static func unlisted(_ code: ReasonCode) -> Entry { Entry("", "") }
}
