/// One line of a consent import: an event and whom it is about.
package struct ConsentLine: Sendable {
    package static let recipientsMax = 256
    package static let proofBytesMax = 4_096
    static let members: Set<String> = [
        "subject", "purpose", "state", "recipients", "event_time", "notice", "proof", "controller", "expires", "explicit", "actor",
    ]

    package var line: Int
    package var identifier: Identifier
    /// Without a sequence: the store gives it one.
    package var event: ConsentEvent

    package init(line: Int, identifier: Identifier, event: ConsentEvent) {
        self.line = line
        self.identifier = identifier
        self.event = event
    }

    /// Throws what is wrong with the line, without any of its values.
    package init(_ bytes: [UInt8], line: Int) throws(LineProblem) {
        let members = try LineMembers(bytes, line: line, known: Self.members)
        let subject = try members.requiredString("subject")
        let identifier = try members.identifier(subject, "subject")
        guard let state = try members.choice("state", of: ConsentEvent.State.self) else { throw members.problem("state", "is required") }
        let purpose = try members.id("purpose")
        let isStop = [.refused, .withdrawn, .revoked, .invalidated, .expired].contains(state)
        guard purpose != nil || isStop else {
            throw members.problem("purpose", "is required, except for a stop, which without it covers every purpose")
        }
        let time = try members.requiredTime("event_time")
        let expires = try members.time("expires")
        if let expires, expires.at <= time.at { throw members.problem("expires", "is not after event_time") }
        let proof = try members.string("proof")
        if let proof, !(1...Self.proofBytesMax).contains(proof.utf8.count) {
            throw members.problem("proof", "must hold 1 to \(Self.proofBytesMax) bytes; name where the proof is kept")
        }
        self.init(
            line: line, identifier: identifier,
            event: ConsentEvent(
                state: state, purpose: purpose, recipients: try members.ids("recipients", max: Self.recipientsMax),
                controller: try members.id("controller"), eventTime: time.at, dateOnly: time.dateOnly, notice: try members.id("notice"),
                proof: proof, expires: expires?.at, explicit: try members.bool("explicit") ?? false, actor: try members.id("actor")))
    }
}
