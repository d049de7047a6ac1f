extension ConsentSource {
    /// HubSpot: subscription statuses of the communication preferences API (v4 and its dated versions: `channel`, `status`,
    /// `subscriberIdString`, `subscriptionId`, `timestamp`, `legalBasis`; v3: `recipient`, `subscriptionStatuses`), and app webhooks
    /// (`subscriptionType`, `objectId`, `propertyName`, `propertyValue`, `occurredAt`).
    ///
    /// Source: developers.hubspot.com, communication preferences: get and update a subscription status; webhooks. `NOT_SPECIFIED` is no choice,
    /// and `SUBSCRIBED` on another basis than consent is none either.
    static let hubspot = ConsentSource(name: "hubspot") { record, map, now in
        if record["subscriptionType"] != nil { return webhook(record, map, now) }
        let statuses = record.objects("subscriptionStatuses")
        let email = record.text("subscriberIdString") ?? record.text("recipient") ?? record.text("emailAddress")
        guard var findings = SourceFindings(map, now: now, email: email) else { return [SourceFindings.nobody] }
        for status in statuses.isEmpty ? [record] : statuses { read(status, &findings) }
        return findings.all
    }

    private static func read(_ status: SourceRecord, _ findings: inout SourceFindings) {
        let time = status.time("timestamp")
        let isOut = ["UNSUBSCRIBED", "NOT_SUBSCRIBED"].contains(status.text("status"))
        if isOut, ["PORTAL_WIDE_STATUS", "BRAND_WIDE_STATUS"].contains(status.text("sourceOfStatus")) { return findings.stoppedAll(time) }
        guard let id = status.text("subscriptionId") ?? status.text("id"), let topic = findings.map.topics[id] else {
            return findings.refuse("is about a subscription type that the map does not name")
        }
        switch status.text("status") {
        case "UNSUBSCRIBED", "NOT_SUBSCRIBED": findings.stopped(topic, time)
        case "SUBSCRIBED":
            guard status.text("legalBasis") == "CONSENT_WITH_NOTICE" else {
                return findings.unknown(topic, time, why: "subscribed, but not on the basis of a consent with notice")
            }
            findings.given(topic, time, proof: status.text("legalBasisExplanation"))
        case "NOT_SPECIFIED": findings.unknown(topic, time, why: "NOT_SPECIFIED is no choice")
        default: findings.refuse("has a status that HubSpot does not document; update the gate, or take the line out")
        }
    }

    private static func webhook(_ record: SourceRecord, _ map: ConsentMap, _ now: Timestamp) -> [SourceFinding] {
        guard var findings = SourceFindings(map, now: now, id: record.text("objectId")) else { return [SourceFindings.nobody] }
        let time = record.time("occurredAt")
        switch record.text("subscriptionType") {
        // The person asked HubSpot to forget them: everything stops, and our own erasure is asked for by people.
        case "contact.privacyDeletion": findings.stoppedAll(time)
        case "contact.propertyChange":
            let name = record.text("propertyName") ?? ""
            let prefix = "hs_email_optout_"
            if name == "hs_email_optout" {
                if record.flag("propertyValue") != false { findings.stoppedAll(time) }
            } else if let topic = map.topics[name], let value = record.text("propertyValue") {
                findings.value(value, topic, time)
            } else if name.hasPrefix(prefix), let topic = map.topics[String(name.dropFirst(prefix.count))] {
                if record.flag("propertyValue") == false {
                    findings.unknown(topic, time, why: "an opt-out that ended is no opt-in")
                } else {
                    findings.stopped(topic, time)
                }
            } else {
                findings.refuse("is about a property that the map does not name")
            }
        default: findings.refuse("is an event that says nothing about consents; subscribe to contact.propertyChange only")
        }
        return findings.all
    }
}
