package import WaybillCore
package import WaybillLedger

/// What a draft would have changed of the transfers of the last days: each kind of transfer decided again, with and without it.
package struct Impact: Sendable, Codable, Equatable {
    package struct Line: Sendable, Codable, Hashable {
        package var caller: String
        package var endpoint: String
        package var purposes: [String]
        package var transfers = 0
        package var records = 0
        /// Records of it would be denied, and were not before: why.
        package var newlyDenied: String?
        /// Would pass, and did not before.
        package var newlyPermitted = false
        /// Each with what is done to it.
        package var fieldsMore: [String] = []
        package var fieldsFewer: [String] = []
        package var samples: [String] = []
    }
    /// Of transfers, and of kinds of them, which are held in memory: beyond either the newest are told, and `isWhole` is false.
    package static let transfersMax = 5_000_000
    static let casesMax = 20_000
    static let samplesMax = 3
    package static let days: Int64 = 30
    /// Transfers between two looks at the clock, the progress and whether it shall stop.
    private static let transfersAtOnce = 1_000
    /// What cannot be known, in words.
    package static let caveat = """
        The log keeps no values and no consents: every transfer is decided again as if the person had agreed to everything and nothing stood \
        in the way. What hangs on one person's consent, objection, age or on daily limits is not in these figures.
        """

    package var since: String
    package var until: String
    package var transfers = 0
    package var records = 0
    package var recordsNewlyDenied = 0
    package var recordsNewlyPermitted = 0
    package var isWhole = true
    /// Where it is not whole: the oldest transfer that was replayed.
    package var coveredSince: String?
    /// Only what changes, most records first.
    package var lines: [Line] = []

    /// `each`: calls back for the transfers of a vendor since a time, newest first, until it answers false.
    package static func work(
        vendors: Set<String>, before: PolicySet, after: PolicySet, now: Timestamp, days: Int64 = Impact.days,
        reached: @escaping (_ stage: String, _ done: UInt64, _ total: UInt64) throws -> Void = { _, _, _ in },
        each: (_ filter: TransferFilter, _ visit: (IndexedTransfer) throws -> Bool) throws -> Void
    ) throws -> Impact {
        let since = now.adding(seconds: -days * 86_400)
        let stage = Stage(days: days, vendors: vendors.count, now: now)
        try reached(stage.name, 0, stage.total)
        var impact = Impact(since: since.rfc3339, until: now.rfc3339)
        var (old, new) = (Replay(before, now: now), Replay(after, now: now))
        var lines: [Replay.Case: Line?] = [:]
        for (place, vendor) in vendors.sorted().enumerated() where impact.isWhole {
            var filter = TransferFilter()
            filter.vendor = vendor
            filter.since = since
            try each(filter) { transfer in
                if impact.transfers % transfersAtOnce == 0 {
                    try reached(stage.name, stage.done(transfer.milliseconds, place), stage.total)
                }
                let terms = transfer.terms.terms
                let given = Replay.Case(
                    caller: terms.caller, vendor: terms.vendor, endpoint: terms.endpoint, destination: terms.destination,
                    purposes: terms.purposes, regimes: terms.regimes, present: (terms.fields + terms.droppedFields).sorted())
                guard impact.transfers < transfersMax, lines.count < casesMax || lines[given] != nil else {
                    impact.isWhole = false
                    impact.coveredSince = Timestamp(nanoseconds: transfer.milliseconds * 1_000_000).rfc3339
                    return false
                }
                impact.transfers += 1
                impact.records += transfer.records
                if lines[given] == nil { lines[given] = .some(compare(given, old.decide(given), new.decide(given))) }
                guard var line = lines[given] ?? nil else { return true }
                line.transfers += 1
                line.records += transfer.records
                if line.samples.count < samplesMax { line.samples.append(transfer.xid.description) }
                if line.newlyDenied != nil { impact.recordsNewlyDenied += transfer.records }
                if line.newlyPermitted { impact.recordsNewlyPermitted += transfer.records }
                lines[given] = .some(line)
                return true
            }
        }
        impact.lines = merged(lines.values.compactMap { $0 })
            .sorted { ($1.records, $0.caller, $0.endpoint) < ($0.records, $1.caller, $1.endpoint) }
        return impact
    }

    /// Kinds that differ in what nobody is told, like the law that bound them, but change alike, as one line.
    private static func merged(_ lines: [Line]) -> [Line] {
        var found: [Line: Line] = [:]
        for line in lines {
            var key = line
            (key.transfers, key.records, key.samples) = (0, 0, [])
            guard var known = found[key] else {
                found[key] = line
                continue
            }
            known.transfers += line.transfers
            known.records += line.records
            known.samples = Array((known.samples + line.samples).sorted().suffix(samplesMax))
            found[key] = known
        }
        return Array(found.values)
    }

    /// How far a replay is: transfers come newest first, so that their times tell it.
    private struct Stage {
        let days: Int64
        let vendors: Int
        let now: Timestamp
        var name: String { "days replayed" }
        var total: UInt64 { UInt64(days) * UInt64(max(1, vendors)) }
        func done(_ milliseconds: Int64, _ place: Int) -> UInt64 {
            UInt64(days) * UInt64(place) + UInt64(min(days, max(0, (now.milliseconds - milliseconds) / 86_400_000)))
        }
    }

    /// How much it covers, one sentence.
    package var coverage: String {
        let (from, to) = (Self.shown(since), Self.shown(until))
        guard !isWhole else { return "All \(transfers) transfers from \(from) to \(to) were replayed." }
        let back = coveredSince.map(Self.shown) ?? from
        return "Only the newest \(transfers) transfers up to \(to) were replayed, back to \(back): there were more than one answer takes."
    }

    /// To the second.
    private static func shown(_ time: String) -> String { "\(time.prefix(19))Z" }

    /// Nil: nothing changes.
    private static func compare(_ given: Replay.Case, _ old: Replay.Result, _ new: Replay.Result) -> Line? {
        guard old != new, old.permits || new.permits else { return nil }
        var line = Line(caller: given.caller, endpoint: given.endpoint, purposes: given.purposes)
        if old.permits, !new.permits { line.newlyDenied = new.code?.rawValue ?? "" }
        line.newlyPermitted = !old.permits && new.permits
        for (field, what) in new.sent.sorted(by: { $0.key < $1.key }) where old.sent[field] != what {
            line.fieldsMore.append("\(field), \(OperatorWords.text(what))")
        }
        for (field, what) in old.sent.sorted(by: { $0.key < $1.key }) where new.permits && new.sent[field] != what {
            line.fieldsFewer.append("\(field), \(OperatorWords.text(what))")
        }
        return line
    }
}
