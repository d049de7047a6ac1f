extension ConsentSource {
    /// Salesforce: `ContactPointTypeConsent`, `ContactPointConsent` and `CommSubscriptionConsent` records, `Individual`, and `Contact` or `Lead` with
    /// `HasOptedOutOfEmail`, as the REST API's queries and the Data Loader's CSV files have them.
    ///
    /// Source: developer.salesforce.com, Object Reference of those objects: `PrivacyConsentStatus` (`OptIn`, `OptOut`, `Seen`, `NotSeen`),
    /// `CaptureDate`, `CaptureSource`, `EffectiveFrom`, `EffectiveTo`, `DataUsePurposeId`, `PartyId`. A checkbox that is not ticked is no consent.
    static let salesforce = ConsentSource(name: "salesforce") { record, map, now in
        let party = record.text("PartyId") ?? record.text("IndividualId")
        if record["PrivacyConsentStatus"] != nil || record["CommSubscriptionChannelTypeId"] != nil {
            return consent(record, party, map, now)
        }
        let (email, phone) = (record.text("Email"), record.text("MobilePhone"))
        guard var findings = SourceFindings(map, now: now, email: email, phone: phone, id: party ?? record.text("Id")) else {
            return [SourceFindings.nobody]
        }
        read(person: record, &findings)
        return findings.all
    }

    /// The record's own id is the consent's and nobody's; without a party the contact point says whose it is. `ConsentGiverId` is whoever spoke
    /// for them.
    private static func consent(_ record: SourceRecord, _ party: String?, _ map: ConsentMap, _ now: Timestamp) -> [SourceFinding] {
        func point(_ name: String) -> String? { record.text("ContactPoint.\(name)") ?? record.object("ContactPoint")?.text(name) }
        guard
            var findings = SourceFindings(
                map, now: now, email: record.text("Email") ?? point("EmailAddress"),
                phone: record.text("MobilePhone") ?? point("TelephoneNumber"), id: party ?? point("ParentId"))
        else { return [SourceFindings.nobody] }
        read(consent: record, &findings)
        return findings.all
    }

    private static func read(consent record: SourceRecord, _ findings: inout SourceFindings) {
        var names = [record.text("DataUsePurposeId"), record.text("CommSubscriptionChannelTypeId")].compactMap { $0 }
        if case .object(let purpose)? = record["DataUsePurpose"], let name = purpose["Name"]?.plainText { names.append(name) }
        if let name = record.text("DataUsePurpose.Name") { names.append(name) }
        guard let topic = names.compactMap({ findings.map.topics[$0] }).first else {
            return findings.refuse("is about a data use purpose that the map does not name")
        }
        let captured = record.time("CaptureDate") ?? record.time("ConsentCapturedDateTime")
        let from = record.time("EffectiveFrom") ?? record.time("EffectiveFromDate")
        switch record.text("PrivacyConsentStatus") {
        case "OptOut": findings.stopped(topic, captured)
        case "OptIn":
            // It counts from when it was captured, and not before it is in effect.
            let time = captured.map { captured in from.map { $0.at > captured.at ? $0 : captured } ?? captured }
            let until = (record.time("EffectiveTo") ?? record.time("EffectiveToDate"))?.at
            if let until, let time, until <= time.at { return findings.stopped(topic, SourceTime(at: until), .expired) }
            findings.given(topic, time, proof: record.text("CaptureSource") ?? record.text("ConsentCapturedSource"), expires: until)
        case "Seen", "NotSeen": findings.unknown(topic, captured, why: "the notice was shown or not, and nothing was chosen")
        default: findings.refuse("has a status that Salesforce does not document; update the gate, or take the line out")
        }
    }

    private static func read(person record: SourceRecord, _ findings: inout SourceFindings) {
        let time = record.time("LastModifiedDate")
        var change = SubjectFactsChange()
        let at = time?.at ?? findings.now
        if record.flag("HasOptedOutProcessing") == true { change.objections.append(.init(scope: .all, at: at)) }
        if record.flag("HasOptedOutProfiling") == true { change.objections.append(.init(scope: .profiling, at: at)) }
        if record.flag("HasOptedOutSolicit") == true { change.objections.append(.init(scope: .directMarketing, at: at)) }
        if record.flag("HasOptedOutTracking") == true { change.objections.append(.init(scope: .targetedAdvertising, at: at)) }
        if !change.objections.isEmpty { findings.facts(change) }
        if record.flag("ShouldForget") == true { findings.stoppedAll(time) }
        for name in ["HasOptedOutOfEmail", "HasOptedOutOfFax", "DoNotCall"] {
            guard let isOut = record.flag(name) else { continue }
            guard let topic = findings.map.topics[name] else {
                if isOut { findings.refuse("has an opt-out that the map does not name; add `\(name)`") }
                continue
            }
            if isOut {
                findings.stopped(topic, time)
            } else {
                findings.unknown(topic, time, isDefault: true, why: "a box that is not ticked is a default, and no consent")
            }
        }
    }
}
