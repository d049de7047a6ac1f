/// Makes findings of one record: who it is about, and what is said of which topic.
struct SourceFindings {
    let map: ConsentMap
    let now: Timestamp
    let identifiers: [Identifier]
    private(set) var all: [SourceFinding] = []

    /// Nil, and one refusal: nobody is named.
    init?(_ map: ConsentMap, now: Timestamp, email: String? = nil, phone: String? = nil, id: String? = nil) {
        self.map = map
        self.now = now
        var found: [Identifier] = []
        if let email, let one = Identifier(scheme: "email", canonical: .email, raw: Array(email.utf8)) { found.append(one) }
        if let phone, let one = Identifier(scheme: "phone", canonical: .phone, raw: Array(phone.utf8)) { found.append(one) }
        if let scheme = map.ids, let id, let one = Identifier(scheme: scheme, canonical: nil, raw: Array(id.utf8)) { found.append(one) }
        guard !found.isEmpty else { return nil }
        identifiers = found
        // One person: whatever name a later record has, it is theirs.
        if found.count > 1 { all.append(.facts(found, SubjectFactsChange())) }
    }

    static let nobody = SourceFinding.refused("names nobody: it has no usable e-mail address, phone number or id of a scheme that the map gives")

    /// The person said yes; without a time of the choice it is only known that an export says so.
    mutating func given(_ topic: ConsentMap.Topic, _ time: SourceTime?, proof: String? = nil, notice: String? = nil, expires: Timestamp? = nil) {
        var event = event(.given, topic, time)
        if time == nil { event.isOnlyKnownNow(now) }
        event.proof = proof.flatMap { (1...ConsentLine.proofBytesMax).contains($0.utf8.count) ? $0 : nil }
        event.notice = notice ?? topic.notice
        if let expires, expires > event.eventTime { event.expires = expires }
        add(event, why: time == nil ? "the source does not say when the person chose" : nil)
    }

    /// It stops at once, whatever else is unknown.
    mutating func stopped(_ topic: ConsentMap.Topic, _ time: SourceTime?, _ state: ConsentEvent.State = .withdrawn) {
        add(event(state, topic, time), why: nil)
    }

    /// Every purpose that the map speaks of, towards the same vendors.
    mutating func stoppedAll(_ time: SourceTime?) {
        for purpose in map.purposes {
            let topics = map.topics.values.filter { $0.purpose == purpose }
            let recipients = Set(topics.flatMap(\.recipients)).sorted()
            stopped(ConsentMap.Topic(purpose: purpose, recipients: recipients, notice: nil, given: [], withdrawn: []), time)
        }
    }

    /// It is known that nothing is known.
    mutating func unknown(_ topic: ConsentMap.Topic, _ time: SourceTime?, isDefault: Bool = false, why: String) {
        var event = event(.unknown, topic, time)
        if isDefault { event.actor = "default" }
        event.isOnlyKnownNow(now)
        add(event, why: why)
    }

    /// By the map's own words for a field's values.
    mutating func value(_ value: String, _ topic: ConsentMap.Topic, _ time: SourceTime?, isDefault: Bool = false, proof: String? = nil, notice: String? = nil) {
        if topic.withdrawn.contains(value) {
            stopped(topic, time)
        } else if isDefault {
            unknown(topic, time, isDefault: true, why: "a default set it, and a default is no choice")
        } else if topic.given.contains(value) {
            given(topic, time, proof: proof, notice: notice)
        } else {
            unknown(topic, time, why: "the map does not say what this value means")
        }
    }

    mutating func facts(_ change: SubjectFactsChange) { all.append(.facts(identifiers, change)) }
    mutating func refuse(_ sentence: String) { all.append(.refused(sentence)) }

    private mutating func add(_ event: ConsentEvent, why: String?) { all.append(.consent(identifiers[0], event, why: why)) }

    private func event(_ state: ConsentEvent.State, _ topic: ConsentMap.Topic, _ time: SourceTime?) -> ConsentEvent {
        ConsentEvent(
            state: state, purpose: topic.purpose, recipients: topic.recipients, controller: map.controller, eventTime: time?.at ?? now,
            dateOnly: time?.dateOnly ?? false, notice: topic.notice, actor: "subject")
    }
}

extension ConsentEvent {
    /// It has no time of its own: the same export read twice on one day is one event.
    fileprivate mutating func isOnlyKnownNow(_ now: Timestamp) {
        exportTimeOnly = true
        eventTime = now.day.start
        dateOnly = true
    }
}
