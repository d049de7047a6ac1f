/// A name by which a subject is known, canonical: `email:anna@example.com`, `phone:+48601234567`, `crm:17`.
/// Personal data: never logged, never in an error.
package struct Identifier: Hashable, Sendable {
    /// `scheme:value`, UTF-8.
    package var bytes: [UInt8]
    package init(bytes: [UInt8]) { self.bytes = bytes }
}

/// Everything decisions need about a subject that many subjects share; interned by the index.
package struct SubjectProfile: Sendable, Hashable {
    package enum Kind: String, CaseIterable, Sendable {
        case consumer
        case businessContact = "business_contact"
        case employee
    }
    /// Objections, and US opt-outs, which are objections by another name.
    package enum ObjectionScope: String, CaseIterable, Sendable {
        case all
        case directMarketing = "direct_marketing"
        case profiling
        case sale, share
        case targetedAdvertising = "targeted_advertising"
        case sensitiveUse = "sensitive_use"
    }
    package struct Objection: Sendable, Hashable {
        package var scope: ObjectionScope
        package init(scope: ObjectionScope) { self.scope = scope }
    }
    package var consents: [ConsentStanding]
    package var kind: Kind?
    package var countries: [Region]
    /// The ceiling the person set, 0 to 3.
    package var preference: Int?
    package var objections: [Objection]
    package var restricted: Bool
    /// GPC seen and not undone by a two-step opt-in.
    package var gpc: Bool
    /// A privacy string could not be read: denies wherever US opt-outs matter.
    package var unreadableSignal: Bool
    /// A keyed tombstone stands; purposes a later consent or contract event lifted it for.
    package var erased: Bool
    package var erasureLiftedFor: [String]

    package init(
        consents: [ConsentStanding] = [], kind: Kind? = nil, countries: [Region] = [], preference: Int? = nil, objections: [Objection] = [],
        restricted: Bool = false, gpc: Bool = false, unreadableSignal: Bool = false, erased: Bool = false, erasureLiftedFor: [String] = []
    ) {
        self.consents = consents
        self.kind = kind
        self.countries = countries
        self.preference = preference
        self.objections = objections
        self.restricted = restricted
        self.gpc = gpc
        self.unreadableSignal = unreadableSignal
        self.erased = erased
        self.erasureLiftedFor = erasureLiftedFor
    }
}

/// A profile behind one reference: handing it out costs one count, however many lists it holds.
package final class SharedProfile: Sendable {
    package let profile: SubjectProfile
    package init(_ profile: SubjectProfile) { self.profile = profile }
}

/// What the index holds about one identifier's subject.
package struct SubjectEntry: Sendable, Equatable {
    /// Numbers below 2³¹ come from imports, the rest from the transfer log (first seen in a record).
    package var number: UInt32
    /// 16 random bytes; `K = HMAC(root key, salt)`.
    package var salt: InlineArray<16, UInt8>
    /// Position of `profile` in the index's table: equal positions mean equal profiles.
    package var profileNumber: UInt32
    package var born: Day?
    /// Consent expiring within 30 days, for the warning.
    package var expiresSoon: Bool
    private(set) var shared: SharedProfile

    package var profile: SubjectProfile {
        get { shared.profile }
        set { shared = SharedProfile(newValue) }
    }

    package static func == (a: SubjectEntry, b: SubjectEntry) -> Bool {
        a.number == b.number && a.profileNumber == b.profileNumber && a.born == b.born
    }

    package init(
        number: UInt32, salt: InlineArray<16, UInt8>, profile: SubjectProfile, profileNumber: UInt32, born: Day?, expiresSoon: Bool = false
    ) {
        self.init(
            number: number, salt: salt, shared: SharedProfile(profile), profileNumber: profileNumber, born: born, expiresSoon: expiresSoon)
    }

    init(
        number: UInt32, salt: InlineArray<16, UInt8>, shared: SharedProfile, profileNumber: UInt32, born: Day?, expiresSoon: Bool
    ) {
        self.number = number
        self.salt = salt
        self.shared = shared
        self.profileNumber = profileNumber
        self.born = born
        self.expiresSoon = expiresSoon
    }
}

/// The hot path's view of consents and facts. Never blocks.
package protocol SubjectLookup: Sendable {
    func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding
    /// Of the consent store's newest event in this view.
    var sequence: Int64 { get }
}

package enum SubjectFinding: Sendable {
    case known(SubjectEntry)
    /// Not in the store, and the index is complete.
    case unknown
    /// The entry's next change has passed: refresh it from the store, then look again.
    case stale
    /// The index cannot answer within its bound (`consent_store_unavailable`).
    case unavailable
}
