package import WaybillCore
package import WaybillLedger

// What people and machines read of one person, as JSON: the API's answers, the console's and the command line's.
extension SubjectDesk {
    /// Facts, what stands, and identifiers: for those who may look people up, never for a log.
    package func view(_ record: KnownSubject) -> JSONValue {
        let facts = record.history.facts
        return .object([
            "subject": .string(parts.ids.subject(record.history.number)),
            "identifiers": .array(
                record.identifiers.map { identifier in
                    let (scheme, value) = identifier.parts
                    return .object(["scheme": .string(scheme), "value": .string(value)])
                }),
            "kind": .optional(facts.kind?.rawValue), "countries": .strings(facts.countries.map(\.description)),
            "country_source": .optional(facts.countrySource), "born": .optional(facts.born?.iso8601),
            "preference": facts.preference.map { .int(Int64($0)) } ?? .null, "restricted": .bool(facts.restricted),
            "erasing": .bool(record.isErasing), "objections": .array(objections(facts)),
            "signals": .array(
                facts.signals.map { .object(["signal": .string($0.content.name), "at": .string($0.at.rfc3339)]) }),
            "gpc": .bool(facts.gpcSeen), "unreadable_signal": .bool(facts.lastSignalUnreadable),
            "consents": .array(standings(record.history)), "consent_events": .int(Int64(record.history.events.count)),
        ])
    }

    private func objections(_ facts: SubjectFacts) -> [JSONValue] {
        SubjectProfile.ObjectionScope.allCases.compactMap { scope in
            guard let at = facts.stops(scope).max() else { return nil }
            return .object([
                "scope": .string(scope.rawValue), "at": .string(at.rfc3339), "stands": .bool(facts.standingScopes.contains(scope)),
            ])
        }
    }

    /// What the history says now, by purpose and vendor, and which event says so.
    package func standings(_ history: SubjectHistory) -> [JSONValue] {
        let notices = parts.records.notices
        let fold = ConsentFold.fold(history.events, notices: notices, now: now)
        return fold.standings.map { standing in
            let event = ConsentReason.event(of: standing, in: history.events)
            let stop = fold.standings.first { overrides($0, standing) }
            let own = ConsentReason.sentence(standing, event, notices)
            let later = stop.map { ConsentReason.sentence($0, ConsentReason.event(of: $0, in: history.events), notices) }
            return .object([
                "purpose": .optional(standing.purpose), "recipient": .optional(standing.recipient),
                "controller": .optional(standing.controller), "state": .string(standing.state.rawValue),
                "permits": .bool(standing.state.permits && stop == nil),
                "why": .string(later.map { "\(own) But a wider stop came later: \($0)" } ?? own),
                "since": .optional(event.map(ConsentReason.time)), "notice": .optional(standing.notice),
                "proof": .bool(standing.hasProof), "explicit": .bool(standing.explicit),
                "expires": .optional(event?.expires?.rfc3339),
                "event": .optional(event.map { parts.ids.event(history.number, $0.sequence) }),
            ])
        }
    }

    /// A later stop for every purpose, a wider one, or every vendor ends a grant that is narrower: as `ConsentJudge` decides it.
    private func overrides(_ stop: ConsentStanding, _ grant: ConsentStanding) -> Bool {
        guard grant.state.permits, stop.state.isStop, stop.recency > grant.recency else { return false }
        let isWider = stop.purpose.map { wide in wide == grant.purpose || wider(than: grant.purpose).contains(wide) } ?? true
        return isWider && (stop.recipient == nil || grant.recipient == nil || stop.recipient == grant.recipient)
            && (stop.controller == nil || grant.controller == nil || stop.controller == grant.controller)
    }

    private func wider(than purpose: String?) -> Set<String> {
        guard let set = parts.policy(), let id = purpose.flatMap({ set.purpose(named: $0) }) else { return [] }
        return Set(set[id].ancestors.map { set[$0].name })
    }

    /// Every event, newest first.
    package func history(_ record: KnownSubject) -> [JSONValue] {
        record.history.events.reversed().map { view($0, of: record.history.number, withProof: true) }
    }

    package func view(_ event: ConsentEvent, of number: UInt32, withProof: Bool) -> JSONValue {
        var members: [String: JSONValue] = [
            "event": .string(parts.ids.event(number, event.sequence)), "subject": .string(parts.ids.subject(number)),
            "state": .string(event.state.rawValue), "purpose": .optional(event.purpose), "recipients": .strings(event.recipients),
            "controller": .optional(event.controller), "event_time": .string(ConsentReason.time(event)),
            "notice": .optional(event.notice), "expires": .optional(event.expires?.rfc3339), "explicit": .bool(event.explicit),
            "actor": .optional(event.actor),
        ]
        if withProof { members["proof"] = .optional(event.proof) }
        return .object(members)
    }

    /// Who received what: as `waybill subject disclosures --output ndjson`, without what only engineers read.
    package static func view(_ disclosure: TransferFinder.Disclosure) -> JSONValue {
        let summary = disclosure.transfer.summary
        let terms = disclosure.transfer.terms.terms
        let fields = disclosure.lines.isEmpty ? terms.fields : Set(disclosure.lines.flatMap(\.fields)).sorted()
        let bases = disclosure.lines.isEmpty ? terms.bases : Set(disclosure.lines.map(\.basis).filter { !$0.isEmpty }).sorted()
        return .object([
            "xid": .string(summary.xid), "time": .string(summary.time), "vendor": .string(summary.vendor),
            "country": .string(summary.region), "caller": .string(summary.caller), "endpoint": .string(summary.endpoint),
            "purposes": .strings(summary.purposes), "agreements": .strings(summary.agreements), "fields": .strings(fields),
            "bases": .strings(bases), "mechanisms": .strings(terms.mechanisms),
            "outcome": .string(disclosure.transfer.ending?.result.rawValue ?? "open"), "index": .int(Int64(clamping: summary.index)),
        ])
    }

    /// Newest first.
    package func disclosures(_ record: KnownSubject, limit: Int, from cursor: ExportCursor?) async throws(ControlFailure) -> DisclosurePage {
        guard let identifier = record.identifiers.first else { return DisclosurePage() }
        return try await parts.disclosures.disclosures(of: identifier, limit: limit, from: cursor)
    }

    /// All that is held about the person (Articles 15 and 20): facts, consents with proofs, receipts, disclosures, links, requests.
    package func export(_ number: UInt32, by actor: SubjectActor) async throws(ControlFailure) -> JSONValue {
        let record = try await record(number)
        let page = try await disclosures(record, limit: Self.exportedDisclosuresMax, from: nil)
        let links = try registered { try parts.register.links(of: record.history.number) }
        let receipts = try receipts(record)
        try await note("subject.export", record.history.salt, ["disclosures": String(page.items.count)], by: actor)
        return .object([
            "made_at": .string(now.rfc3339), "facts": view(record), "consent_history": .array(history(record)),
            "receipts": .array(receipts), "disclosures": .array(page.items.map(Self.view)),
            "disclosures_complete": .bool(page.next == nil && page.prunedBefore == nil),
            "disclosures_known_from": .optional(page.prunedBefore?.rfc3339),
            "links": .array(
                links.map { link in
                    .object([
                        "made_at": .string(link.madeAt.rfc3339), "expires_at": .string(link.expiresAt.rfc3339),
                        "revoked_at": .optional(link.revokedAt?.rfc3339),
                    ])
                }),
        ])
    }

    package static let exportedDisclosuresMax = 100_000
}

extension Identifier {
    /// Scheme and value.
    package var parts: (scheme: String, value: String) {
        let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
        return (String(decoding: scheme, as: UTF8.self), String(decoding: bytes.dropFirst(scheme.count + 1), as: UTF8.self))
    }
}

/// Why a standing is what it is, in words.
enum ConsentReason {
    static func event(of standing: ConsentStanding, in events: [ConsentEvent]) -> ConsentEvent? {
        let own = events.filter { event in
            event.purpose == standing.purpose && event.controller == standing.controller
                && (standing.recipient.map { event.recipients.contains($0) } ?? event.recipients.isEmpty)
        }
        let states: Set<ConsentEvent.State> =
            switch standing.state {
            // An import that is no choice, and a grant that ran out, were given once.
            case .unknown, .expired: [standing.state, .given, .renewed]
            default: [standing.state]
            }
        return own.filter { states.contains($0.state) }.max { ($0.eventTime, $0.sequence) < ($1.eventTime, $1.sequence) }
    }

    static func time(_ event: ConsentEvent) -> String { event.dateOnly ? event.eventTime.day.iso8601 : event.eventTime.rfc3339 }

    static func sentence(_ standing: ConsentStanding, _ event: ConsentEvent?, _ notices: [String: Notice]) -> String {
        let at = event.map { " on \($0.eventTime.day.iso8601)" } ?? ""
        switch standing.state {
        case .given: return "Given\(at)."
        case .renewed: return "Renewed\(at)."
        case .requested, .deferred: return "Asked for\(at), and not answered yet."
        case .refused: return "Refused\(at)."
        case .withdrawn: return "Withdrawn by the person\(at)."
        case .revoked: return "Revoked\(at), by somebody other than the person."
        case .expired: return "It ran out\((event?.expires).map { " on \($0.day.iso8601)" } ?? at)."
        case .invalidated: return "Declared invalid\(at)."
        case .unknown:
            if standing.defaultNotChoice { return "A default set it; a default is no choice." }
            if event?.exportTimeOnly ?? false { return "Only the time of an export is known, not when the person chose." }
            if let event, let notice = event.notice.flatMap({ notices[$0] }), event.eventTime < notice.from {
                return "It is older than the notice that it names."
            }
            return "The source does not say that the person chose."
        }
    }
}
