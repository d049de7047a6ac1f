/// Everything imported about a subject beside consents, with the dates that a profile leaves out.
package struct SubjectFacts: Sendable, Hashable {
    package struct Objection: Sendable, Hashable {
        package var scope: SubjectProfile.ObjectionScope
        package var at: Timestamp
        package init(scope: SubjectProfile.ObjectionScope, at: Timestamp) {
            self.scope = scope
            self.at = at
        }
    }

    /// A choice that a browser or a site sent along.
    package struct Signal: Sendable, Hashable {
        package enum Content: Sendable, Hashable {
            case gpc(Bool)
            case usPrivacy(USPrivacyString)
            case gpp(GPPChoices)
            /// A US-privacy or GPP string of no known form: it denies until a later one can be read. Its text is not kept.
            case unreadable
        }
        package var content: Content
        package var at: Timestamp
        package init(content: Content, at: Timestamp) {
            self.content = content
            self.at = at
        }
    }

    /// The person took a stop back, in two steps where the law asks for two. What comes later stands again.
    package struct Lift: Sendable, Hashable {
        /// Nil: Global Privacy Control.
        package var scope: SubjectProfile.ObjectionScope?
        package var at: Timestamp
        package init(scope: SubjectProfile.ObjectionScope?, at: Timestamp) {
            self.scope = scope
            self.at = at
        }
        /// The scope's own word, or `gpc`.
        package var name: String { scope?.rawValue ?? "gpc" }
        package init?(name: String, at: Timestamp) {
            let scope = SubjectProfile.ObjectionScope(rawValue: name)
            guard scope != nil || name == "gpc" else { return nil }
            self.init(scope: scope, at: at)
        }
    }

    package var kind: SubjectProfile.Kind?
    package var countries: [Region]
    package var countrySource: String?
    package var born: Day?
    package var preference: Int?
    package var restricted: Bool
    /// Histories: an import adds to them and never takes away.
    package var objections: [Objection]
    package var signals: [Signal]
    package var lifts: [Lift] = []

    package init(
        kind: SubjectProfile.Kind? = nil, countries: [Region] = [], countrySource: String? = nil, born: Day? = nil, preference: Int? = nil,
        restricted: Bool = false, objections: [Objection] = [], signals: [Signal] = []
    ) {
        self.kind = kind
        self.countries = countries
        self.countrySource = countrySource
        self.born = born
        self.preference = preference
        self.restricted = restricted
        self.objections = objections
        self.signals = signals
    }
}

/// One facts line as a change: what it does not mention stays as it is.
package struct SubjectFactsChange: Sendable, Hashable {
    /// `.some(nil)` clears.
    package var kind: SubjectProfile.Kind??
    package var countries: [Region]?
    package var countrySource: String??
    package var born: Day??
    package var preference: Int??
    package var restricted: Bool?
    package var objections: [SubjectFacts.Objection] = []
    package var signals: [SubjectFacts.Signal] = []
    package var lifts: [SubjectFacts.Lift] = []

    package init() {}
}

extension SubjectFacts {
    package mutating func apply(_ change: SubjectFactsChange) {
        if let kind = change.kind { self.kind = kind }
        if let countries = change.countries { self.countries = countries }
        if let countrySource = change.countrySource { self.countrySource = countrySource }
        if let born = change.born { self.born = born }
        if let preference = change.preference { self.preference = preference }
        if let restricted = change.restricted { self.restricted = restricted }
        for objection in change.objections where !objections.contains(objection) { objections.append(objection) }
        for signal in change.signals where !signals.contains(signal) { signals.append(signal) }
        for lift in change.lifts where !lifts.contains(lift) { lifts.append(lift) }
    }

    /// When the subject last objected to direct marketing or to everything: a grant after it lifts the objection for its purpose.
    var marketingObjectionAt: Timestamp? {
        objections.filter { ($0.scope == .directMarketing || $0.scope == .all) && stands($0.scope, $0.at) }.map(\.at).max()
    }

    /// The scopes that stand, by objection or by signal. A stop binds whatever its date; a privacy string that says "not opted out" undoes
    /// nothing, and neither does GPC's absence: opting in again takes steps of its own (`Lift`).
    package var standingScopes: [SubjectProfile.ObjectionScope] {
        SubjectProfile.ObjectionScope.allCases.filter { scope in stops(scope).contains { stands(scope, $0) } }
    }

    package var gpcSeen: Bool { gpcStops.contains { stands(nil, $0) } }

    /// When the person said stop in this scope, in whatever words.
    package func stops(_ scope: SubjectProfile.ObjectionScope) -> [Timestamp] {
        objections.filter { $0.scope == scope }.map(\.at) + signals.filter { $0.content.scopes.contains(scope) }.map(\.at)
    }

    package var gpcStops: [Timestamp] {
        signals.filter { signal in
            switch signal.content {
            case .gpc(let isOn): isOn
            case .gpp(let choices): choices.gpc
            case .usPrivacy, .unreadable: false
            }
        }.map(\.at)
    }

    /// Nothing later took it back.
    private func stands(_ scope: SubjectProfile.ObjectionScope?, _ at: Timestamp) -> Bool {
        !lifts.contains { $0.scope == scope && $0.at > at }
    }

    /// The latest privacy string decides; at a tie the unreadable one.
    package var lastSignalUnreadable: Bool {
        var latest: (at: Timestamp, unreadable: Bool)?
        for signal in signals {
            let unreadable: Bool
            switch signal.content {
            case .gpc: continue
            case .usPrivacy, .gpp: unreadable = false
            case .unreadable: unreadable = true
            }
            if latest.map({ $0.at < signal.at || ($0.at == signal.at && unreadable) }) ?? true { latest = (signal.at, unreadable) }
        }
        return latest?.unreadable ?? false
    }
}

extension SubjectFacts.Signal.Content {
    /// What it stops.
    package var scopes: Set<SubjectProfile.ObjectionScope> {
        switch self {
        case .usPrivacy(.optedOut(true)): [.sale, .share]
        case .gpp(let choices): choices.scopes
        case .gpc, .usPrivacy, .unreadable: []
        }
    }
}

/// A subject's whole history, as a store keeps it.
package struct SubjectHistory: Sendable {
    /// A grant that ends within this time is worth a warning.
    package static let expiresSoonSeconds: Int64 = 30 * 86_400

    package var number: UInt32
    package var salt: InlineArray<16, UInt8>
    package var facts: SubjectFacts
    /// In order of receipt.
    package var events: [ConsentEvent]
    /// When the person was erased before coming back; `.max`: the erasure is under way. Nil: never.
    package var erasedAt: Timestamp?

    package init(
        number: UInt32, salt: InlineArray<16, UInt8>, facts: SubjectFacts = SubjectFacts(), events: [ConsentEvent] = [],
        erasedAt: Timestamp? = nil
    ) {
        self.number = number
        self.salt = salt
        self.facts = facts
        self.events = events
        self.erasedAt = erasedAt
    }

    /// What the index holds from `now` until `changesAt`.
    package func indexed(notices: [String: Notice], now: Timestamp) -> IndexedSubject {
        let fold =
            events.isEmpty
            ? nil : ConsentFold.fold(events, notices: notices, now: now, objectionAt: facts.marketingObjectionAt)
        let warnsFrom = fold?.expiresAt?.adding(seconds: -Self.expiresSoonSeconds)
        let expiresSoon = warnsFrom.map { now >= $0 } ?? false
        let changes = [fold?.changesAt, expiresSoon ? nil : warnsFrom].compactMap { $0 }
        return IndexedSubject(
            number: number, salt: salt,
            profile: SubjectProfile(
                consents: fold?.standings ?? [], kind: facts.kind, countries: facts.countries, preference: facts.preference,
                objections: facts.standingScopes.map { SubjectProfile.Objection(scope: $0) }, restricted: facts.restricted,
                gpc: facts.gpcSeen, unreadableSignal: facts.lastSignalUnreadable, erased: erasedAt != nil,
                erasureLiftedFor: erasedAt.map { liftedPurposes(fold?.standings ?? [], since: $0) } ?? []),
            born: facts.born, changesAt: changes.min(), expiresSoon: expiresSoon)
    }

    /// Purposes for which a consent newer than the erasure stands.
    private func liftedPurposes(_ standings: [ConsentStanding], since erasedAt: Timestamp) -> [String] {
        let asked = Set(events.filter { $0.state.permits && $0.eventTime > erasedAt }.compactMap(\.purpose))
        return Set(standings.filter(\.state.permits).compactMap(\.purpose)).intersection(asked).sorted()
    }
}

extension Timestamp {
    /// No time that anything bears.
    package static let max = Timestamp(nanoseconds: .max)
}
