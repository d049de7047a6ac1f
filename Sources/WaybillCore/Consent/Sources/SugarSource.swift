extension ConsentSource {
    /// Sugar: contacts, leads and targets with `dp_business_purpose`, `dp_consent_last_updated`, `email` (`email_address`, `opt_out`,
    /// `primary_address`) and the linked `dataprivacy` records (`type`, `status`, `business_purpose`, `date_closed`), as REST v11 answers with
    /// `fields` and `link`s expanded.
    ///
    /// Source: support.sugarcrm.com, Data Privacy Guide. A business purpose counts only beside a completed record of the Data Privacy module
    /// that says so; a new address is opted in by default, which is no consent.
    static let sugar = ConsentSource(name: "sugar") { record, map, now in
        let addresses = record.objects("email")
        let address = addresses.first { $0.flag("primary_address") == true } ?? addresses.first
        let email = address?.text("email_address") ?? record.text("email1")
        guard var findings = SourceFindings(map, now: now, email: email, phone: record.text("phone_mobile"), id: record.text("id")) else {
            return [SourceFindings.nobody]
        }
        purposes(record, &findings)
        if let isOut = address?.flag("opt_out") ?? record.flag("email_opt_out") {
            let time = record.time("date_modified")
            guard let topic = map.topics["email"] else {
                if isOut { findings.refuse("has an opt-out that the map does not name; add `email`") }
                return findings.all
            }
            if isOut {
                findings.stopped(topic, time)
            } else {
                findings.unknown(topic, time, isDefault: true, why: "an address is opted in by default, and a default is no choice")
            }
        }
        return findings.all
    }

    private static func purposes(_ record: SourceRecord, _ findings: inout SourceFindings) {
        let proofs = record.objects("dataprivacy").filter { ["Closed", "Completed"].contains($0.text("status") ?? "") }
        for name in record.texts("dp_business_purpose") {
            guard let topic = findings.map.topics[name] else {
                findings.refuse("has a business purpose that the map does not name")
                continue
            }
            let consents = proofs.filter { isConsent($0) && $0.texts("business_purpose").contains(name) }
            // Its own closing is when the person's consent was recorded; the contact's field only follows.
            let dated = consents.compactMap { proof in proof.time("date_closed").map { (proof, $0) } }.max { $0.1.at < $1.1.at }
            guard !consents.isEmpty else {
                findings.unknown(
                    topic, record.time("dp_consent_last_updated"),
                    why: "a business purpose without its Data Privacy record proves no consent")
                continue
            }
            findings.given(topic, dated?.1, proof: dated?.0.text("id").map { "sugar:DataPrivacy/\($0)" })
        }
        for proof in proofs where ["Withdraw Consent", "withdraw_consent"].contains(proof.text("type") ?? "") {
            for name in proof.texts("business_purpose") {
                if let topic = findings.map.topics[name] {
                    findings.stopped(topic, proof.time("date_closed"))
                } else {
                    findings.refuse("withdraws a business purpose that the map does not name")
                }
            }
        }
    }

    private static func isConsent(_ proof: SourceRecord) -> Bool {
        ["Consent to Process", "consent_to_process"].contains(proof.text("type") ?? "")
    }
}
