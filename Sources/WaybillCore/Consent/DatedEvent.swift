extension ConsentEvent {
    /// Where it stands among events: a stop that gives only a day stands at that day's end.
    package var bindsUntil: Timestamp { dateOnly && state.isStop ? Day(number: eventTime.day.number + 1).start : eventTime }
}

/// An event as the fold sees it: its place in time, what it is worth, and the keys it speaks about.
struct DatedEvent {
    struct Key: Hashable {
        var controller: String?
        var purpose: String?
        /// Nil: all recipients of a stop, the notice's recipients of a grant.
        var recipient: String?
    }
    struct Order: Comparable {
        var instant: Timestamp
        var sequence: Int64
        var restrictiveness: Int
        static func < (a: Order, b: Order) -> Bool {
            (a.instant, a.sequence, a.restrictiveness) < (b.instant, b.sequence, b.restrictiveness)
        }
    }
    let keys: [Key]
    let state: ConsentEvent.State
    let order: Order
    /// Nil: counts at once.
    private let starts: Timestamp?
    let ends: Timestamp?
    let notice: String?
    let hasProof: Bool
    let explicit: Bool
    let byParent: Bool
    let isDefault: Bool

    init(_ event: ConsentEvent, notices: [String: Notice]) {
        let day = event.eventTime.day
        isDefault = event.actor == "default"
        // A choice whose own date nobody knows, that is older than the text it answers, or that a default made, is no choice.
        let precedesNotice = event.notice.flatMap { notices[$0] }.map { event.eventTime < $0.from } ?? false
        let isDated = !event.exportTimeOnly && !precedesNotice
        let isGrant = event.state.permits
        state = isGrant && (!isDated || isDefault || event.purpose == nil) ? .unknown : event.state
        var instant = event.eventTime
        if event.dateOnly { instant = state.isStop ? Day(number: day.number + 1).start : day.start }
        // Without a date of its own a grant comes before everything that has one: it can never lift a stop or hide it. Neither can an
        // import that says nothing take the place of what is known.
        if isGrant || event.state == .unknown, !isDated { instant = Timestamp(nanoseconds: .min) }
        order = Order(instant: instant, sequence: event.sequence, restrictiveness: state.restrictiveness)
        starts = state.permits ? instant.adding(seconds: -ConsentFold.skewSeconds) : nil
        ends = state.permits ? event.expires : nil
        notice = event.notice
        hasProof = event.proof != nil
        explicit = event.explicit
        byParent = event.actor == "parent"
        keys =
            event.recipients.isEmpty
            ? [Key(controller: event.controller, purpose: event.purpose, recipient: nil)]
            : event.recipients.map { Key(controller: event.controller, purpose: event.purpose, recipient: $0) }
    }

    /// When it begins to count, if that is still to come. Stops count at once, whatever their date.
    func startsAfter(_ now: Timestamp) -> Timestamp? { starts.flatMap { $0 > now ? $0 : nil } }
    /// When it ends, if it permits and has not ended yet.
    func endsAfter(_ now: Timestamp) -> Timestamp? { ends.flatMap { $0 > now ? $0 : nil } }
}
