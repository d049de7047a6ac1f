/// Folds a subject's consent events into standings at one moment: "Consent" in decisions.md.
///
/// One standing a (controller, purpose, recipient) that events name: the latest event by (time, sequence) decides it, the most
/// restrictive at a tie. How a stop that names no purpose or recipient, or a parent purpose, relates to grants for others is left to
/// the reader of the standings (`ConsentJudge`), who knows the purpose graph; `recency` carries the order that needs.
package enum ConsentFold {
    package struct Result: Sendable {
        package var standings: [ConsentStanding]
        /// The next moment at which the same events give other standings; nil: never.
        package var changesAt: Timestamp?
        /// When the first of the grants that permit now ends; nil: none does.
        package var expiresAt: Timestamp?
    }

    /// A grant's clock may be this far ahead of ours.
    package static let skewSeconds: Int64 = 300

    /// `objectionAt`: when the subject objected to direct marketing (or to everything), so that later grants can be told apart.
    package static func fold(
        _ events: [ConsentEvent], notices: [String: Notice], now: Timestamp, objectionAt: Timestamp? = nil
    ) -> Result {
        let dated = events.map { DatedEvent($0, notices: notices) }
        let standings = standings(of: dated, now: now, objectionAt: objectionAt)
        let expiresAt = winners(of: dated, now: now).compactMap { $0.latest.endsAfter(now) }.min()
        return Result(
            standings: standings,
            changesAt: nextChange(of: dated, from: standings, now: now, objectionAt: objectionAt, expiresAt: expiresAt),
            expiresAt: expiresAt)
    }

    /// A grant that starts later may win its key or not; an expiry of a winner always shows.
    private static func nextChange(
        of events: [DatedEvent], from current: [ConsentStanding], now: Timestamp, objectionAt: Timestamp?, expiresAt: Timestamp?
    ) -> Timestamp? {
        let starts = Set(events.compactMap { $0.startsAfter(now) }).sorted()
        for start in starts {
            if let expiresAt, expiresAt <= start { return expiresAt }
            if standings(of: events, now: start, objectionAt: objectionAt) != current { return start }
        }
        return expiresAt
    }

    private static func standings(of events: [DatedEvent], now: Timestamp, objectionAt: Timestamp?) -> [ConsentStanding] {
        var entries: [(standing: ConsentStanding, order: DatedEvent.Order, counts: Bool)] = []
        for winner in winners(of: events, now: now) {
            entries.append(entry(of: winner.latest, at: winner.key, now: now, objectionAt: objectionAt))
            // Neither a request nor an import that says nothing undoes a stop: it stays beside them until a grant lifts it.
            if let stop = winner.stop, !winner.latest.state.isStop, !winner.latest.state.permits {
                entries.append(entry(of: stop, at: winner.key, now: now, objectionAt: objectionAt))
            }
        }
        guard entries.count > 1 else {
            if let only = entries.first, only.counts, only.standing.state.isStop { entries[0].standing.recency = 1 }
            return entries.map { $0.standing }
        }
        // The number goes up only where a stop follows a grant, so that equal situations of many subjects have equal numbers.
        entries.sort { $0.order < $1.order }
        var recency: UInt16 = 0
        var afterGrant = true
        for i in entries.indices where entries[i].counts {
            if entries[i].standing.state.isStop {
                if afterGrant, recency < .max { recency += 1 }
                afterGrant = false
                entries[i].standing.recency = recency
            } else {
                afterGrant = true
                // Beyond 65,534 turns the stops win.
                entries[i].standing.recency = min(recency, .max - 1)
            }
        }
        return entries.map { $0.standing }.sorted(by: precedes)
    }

    private static func entry(
        of event: DatedEvent, at key: DatedEvent.Key, now: Timestamp, objectionAt: Timestamp?
    ) -> (standing: ConsentStanding, order: DatedEvent.Order, counts: Bool) {
        let hasEnded = event.state.permits && (event.ends.map { now >= $0 } ?? false)
        let state = hasEnded ? .expired : event.state
        let permits = state.permits
        let standing = ConsentStanding(
            controller: key.controller, purpose: key.purpose, recipient: key.recipient, state: state, notice: event.notice,
            hasProof: event.hasProof, explicit: event.explicit, byParent: event.byParent, defaultNotChoice: event.isDefault,
            afterObjection: permits && (objectionAt.map { event.order.instant > $0 } ?? false))
        // A grant that ran out is over, but it is nobody's stop for anything else.
        return (standing, event.order, permits || (state.isStop && !hasEnded))
    }

    /// By key, in the order of first mention: the event that decides it now, and the latest stop no later grant lifts.
    private static func winners(
        of events: [DatedEvent], now: Timestamp
    ) -> [(key: DatedEvent.Key, latest: DatedEvent, stop: DatedEvent?)] {
        var found: [(key: DatedEvent.Key, latest: DatedEvent, stop: DatedEvent?)] = []
        var positions: [DatedEvent.Key: Int] = [:]
        var lastGrant: [DatedEvent.Key: DatedEvent.Order] = [:]
        for event in events where event.startsAfter(now) == nil {
            for key in event.keys {
                let i = positions[key] ?? found.count
                if i == found.count {
                    positions[key] = i
                    found.append((key, event, event.state.isStop ? event : nil))
                } else {
                    if found[i].latest.order < event.order { found[i].latest = event }
                    if event.state.isStop, found[i].stop.map({ $0.order < event.order }) ?? true { found[i].stop = event }
                }
                if event.state.permits, lastGrant[key].map({ $0 < event.order }) ?? true { lastGrant[key] = event.order }
            }
        }
        for i in found.indices {
            guard let stop = found[i].stop, let grant = lastGrant[found[i].key], stop.order < grant else { continue }
            found[i].stop = nil
        }
        return found
    }

    /// Any total order will do, as long as equal sets come out equal.
    private static func precedes(_ a: ConsentStanding, _ b: ConsentStanding) -> Bool {
        (a.purpose ?? "", a.recipient ?? "", a.controller ?? "", a.state.rawValue, a.recency)
            < (b.purpose ?? "", b.recipient ?? "", b.controller ?? "", b.state.rawValue, b.recency)
    }
}
