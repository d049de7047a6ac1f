/// One event of a subject's consent history (ISO/IEC TS 27560 fields that decisions need). Subjects are named elsewhere: an event
/// belongs to the subject whose history holds it.
package struct ConsentEvent: Sendable, Hashable {
    package enum State: String, CaseIterable, Sendable {
        case requested, deferred, refused, given, renewed, expired, withdrawn, revoked, invalidated, unknown
    }
    package var state: State
    /// Nil: every purpose (stops only).
    package var purpose: String?
    /// Vendors by id; empty: every recipient for a stop, none beyond the notice's for a grant.
    package var recipients: [String]
    package var controller: String?
    package var eventTime: Timestamp
    /// The event gave a date without a time: among events a grant counts as of 00:00 of that day and a stop as of 24:00. A stop binds
    /// at once whatever its date (see ConsentFold).
    package var dateOnly: Bool
    /// The time is an export's, not the event's own.
    package var exportTimeOnly: Bool
    package var notice: String?
    package var proof: String?
    package var expires: Timestamp?
    package var explicit: Bool
    /// Who acted: `subject`, `parent`, `controller`, …; `default`: nobody did, a default was recorded (never a choice).
    package var actor: String?
    /// Order of receipt, assigned by the store; breaks ties of time.
    package var sequence: Int64

    package init(
        state: State, purpose: String?, recipients: [String] = [], controller: String? = nil, eventTime: Timestamp, dateOnly: Bool = false,
        exportTimeOnly: Bool = false, notice: String? = nil, proof: String? = nil, expires: Timestamp? = nil, explicit: Bool = false,
        actor: String? = nil, sequence: Int64 = 0
    ) {
        self.state = state
        self.purpose = purpose
        self.recipients = recipients
        self.controller = controller
        self.eventTime = eventTime
        self.dateOnly = dateOnly
        self.exportTimeOnly = exportTimeOnly
        self.notice = notice
        self.proof = proof
        self.expires = expires
        self.explicit = explicit
        self.actor = actor
        self.sequence = sequence
    }
}

/// What a history says at one moment about one (controller, purpose, recipient): the result of folding events.
/// Holds no time and no sequence, so that equal standings of many subjects are stored once.
package struct ConsentStanding: Sendable, Hashable {
    package var controller: String?
    /// Nil: every purpose.
    package var purpose: String?
    /// One vendor; nil: every recipient (stops), or the recipients of `notice` (grants).
    package var recipient: String?
    package var state: ConsentEvent.State
    package var notice: String?
    package var hasProof: Bool
    package var explicit: Bool
    package var byParent: Bool
    /// Where the state came from a default or a source that expresses no choice (`consent_default_not_choice`).
    package var defaultNotChoice: Bool
    /// Order among grants and stops of one subject, without times: a stop overrides the grants whose recency is lower. 0 where the
    /// history holds no stop, so that most subjects' standings stay equal.
    package var recency: UInt16
    /// A grant later than the subject's objection to direct marketing: it lifts the objection for exactly this purpose.
    package var afterObjection: Bool

    package init(
        controller: String? = nil, purpose: String?, recipient: String?, state: ConsentEvent.State, notice: String? = nil,
        hasProof: Bool = false, explicit: Bool = false, byParent: Bool = false, defaultNotChoice: Bool = false, recency: UInt16 = 0,
        afterObjection: Bool = false
    ) {
        self.controller = controller
        self.purpose = purpose
        self.recipient = recipient
        self.state = state
        self.notice = notice
        self.hasProof = hasProof
        self.explicit = explicit
        self.byParent = byParent
        self.defaultNotChoice = defaultNotChoice
        self.recency = recency
        self.afterObjection = afterObjection
    }
}
