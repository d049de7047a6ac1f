extension ConsentSource {
    /// Braze: user profiles of `/users/export/ids` and `/users/export/segment` (`email_subscribe`, `email_opted_in_at`,
    /// `email_unsubscribed_at`, and the same of `push`), and subscription group changes of Currents (`subscription_group_id`,
    /// `subscription_status`, `time`).
    ///
    /// Source: braze.com/docs, user export endpoints and subscription states: `subscribed` is what every new address is, without a choice;
    /// `opted_in` is the person's own.
    static let braze = ConsentSource(name: "braze") { record, map, now in
        let id = record.text("external_id") ?? record.text("external_user_id")
        let email = record.text("email") ?? record.text("email_address")
        guard var findings = SourceFindings(map, now: now, email: email, phone: record.text("phone"), id: id) else {
            return [SourceFindings.nobody]
        }
        if let group = record.text("subscription_group_id") {
            guard let topic = map.topics[group] else {
                findings.refuse("is about a subscription group that the map does not name")
                return findings.all
            }
            state(record.text("subscription_status"), topic, nil, record.time("time"), record.time("time"), &findings)
        } else {
            for channel in ["email", "push"] {
                guard let status = record.text("\(channel)_subscribe") else { continue }
                guard let topic = map.topics[channel] else {
                    if status.lowercased() == "unsubscribed" {
                        findings.refuse("has an opt-out that the map does not name; add `\(channel)`")
                    }
                    continue
                }
                state(
                    status, topic, record.time("\(channel)_opted_in_at"), record.time("\(channel)_unsubscribed_at"), nil, &findings)
            }
        }
        return findings.all
    }

    private static func state(
        _ status: String?, _ topic: ConsentMap.Topic, _ optedInAt: SourceTime?, _ outAt: SourceTime?, _ at: SourceTime?,
        _ findings: inout SourceFindings
    ) {
        switch status?.lowercased() {
        case "opted_in": findings.given(topic, optedInAt ?? at)
        case "unsubscribed": findings.stopped(topic, outAt ?? at)
        case "subscribed": findings.unknown(topic, at, isDefault: true, why: "`subscribed` is what every address is that nobody asked")
        default: findings.refuse("has a subscription state that Braze does not document; update the gate, or take the line out")
        }
    }
}
