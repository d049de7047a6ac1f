// What `consent show`, `consent history` and `subject show` answer. They name no identifier but the one the operator typed.

/// A history folded at one moment.
package struct ConsentStandings: Sendable, Codable {
    package struct Standing: Sendable, Codable, Hashable {
        /// Nil: every purpose.
        package var purpose: String?
        /// Nil: every recipient of a stop, or those of the notice of a grant.
        package var recipient: String?
        package var controller: String?
        package var state: String
        package var notice: String?
        package var proof: Bool
        package var explicit: Bool
    }
    package var subject: String
    package var at: String
    package var standings: [Standing]
    /// When the same events next give something else.
    package var changesAt: String?

    package init(subject: String, history: SubjectHistory, notices: [String: Notice], at now: Timestamp) {
        let fold = ConsentFold.fold(history.events, notices: notices, now: now, objectionAt: history.facts.marketingObjectionAt)
        self.subject = subject
        at = now.rfc3339
        changesAt = fold.changesAt?.rfc3339
        standings = fold.standings.map {
            Standing(
                purpose: $0.purpose, recipient: $0.recipient, controller: $0.controller, state: $0.state.rawValue, notice: $0.notice,
                proof: $0.hasProof, explicit: $0.explicit)
        }
    }

    private enum CodingKeys: String, CodingKey {
        case subject, at, standings
        case changesAt = "changes_at"
    }
}

/// Every event, in order of receipt.
package struct ConsentHistory: Sendable, Codable {
    package struct Event: Sendable, Codable, Hashable {
        package var sequence: Int64
        package var state: String
        package var purpose: String?
        package var recipients: [String]
        package var controller: String?
        /// A date alone where the event gave no time.
        package var eventTime: String
        package var notice: String?
        package var proof: String?
        package var expires: String?
        package var explicit: Bool
        package var actor: String?

        private enum CodingKeys: String, CodingKey {
            case sequence, state, purpose, recipients, controller, notice, proof, expires, explicit, actor
            case eventTime = "event_time"
        }
    }
    package var subject: String
    package var events: [Event]

    package init(subject: String, history: SubjectHistory) {
        self.subject = subject
        events = history.events.map {
            Event(
                sequence: $0.sequence, state: $0.state.rawValue, purpose: $0.purpose, recipients: $0.recipients, controller: $0.controller,
                eventTime: $0.dateOnly ? $0.eventTime.day.iso8601 : $0.eventTime.rfc3339, notice: $0.notice, proof: $0.proof,
                expires: $0.expires?.rfc3339, explicit: $0.explicit, actor: $0.actor)
        }
    }
}

/// The facts about one subject.
package struct SubjectReport: Sendable, Codable {
    package struct Dated: Sendable, Codable, Hashable {
        package var what: String
        package var at: String
    }
    package var subject: String
    package var kind: String?
    package var countries: [String]
    package var countrySource: String?
    package var born: String?
    package var preference: Int?
    package var restricted: Bool
    package var objections: [Dated]
    package var signals: [Dated]
    /// How many identifiers of each scheme the subject has.
    package var identifiers: [String: Int]
    package var consentEvents: Int

    package init(subject: String, stored: StoredSubject) {
        let facts = stored.history.facts
        self.subject = subject
        kind = facts.kind?.rawValue
        countries = facts.countries.map(\.description)
        countrySource = facts.countrySource
        born = facts.born?.iso8601
        preference = facts.preference
        restricted = facts.restricted
        objections = facts.objections.map { Dated(what: $0.scope.rawValue, at: $0.at.rfc3339) }
        signals = facts.signals.map { Dated(what: $0.content.name, at: $0.at.rfc3339) }
        identifiers = stored.schemes
        consentEvents = stored.history.events.count
    }

    private enum CodingKeys: String, CodingKey {
        case subject, kind, countries, born, preference, restricted, objections, signals, identifiers
        case countrySource = "country_source"
        case consentEvents = "consent_events"
    }
}

extension SubjectFacts.Signal.Content {
    /// One word a signal, also in the store.
    package var name: String {
        switch self {
        case .gpc(true): "gpc"
        case .gpc(false): "no_gpc"
        case .usPrivacy(.optedOut(true)): "us_opted_out"
        case .usPrivacy(.optedOut(false)): "us_not_opted_out"
        case .usPrivacy(.doesNotApply): "us_does_not_apply"
        case .gpp(let choices): choices.name
        case .unreadable: "unreadable"
        }
    }

    /// But for GPP's, which have choices of their own.
    package static let all: [SubjectFacts.Signal.Content] = [
        .gpc(true), .gpc(false), .usPrivacy(.optedOut(true)), .usPrivacy(.optedOut(false)), .usPrivacy(.doesNotApply), .unreadable,
    ]

    package init?(name: String) {
        if let choices = GPPChoices(name: name) {
            self = .gpp(choices)
        } else if let content = Self.all.first(where: { $0.name == name }) {
            self = content
        } else {
            return nil
        }
    }
}
