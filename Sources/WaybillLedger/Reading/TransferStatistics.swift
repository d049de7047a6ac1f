import WaybillCore

/// What transfers come to, over a period.
package struct TransferStatistics: Sendable {
    package enum Step: String, CaseIterable, Sendable { case all, month, day }

    package struct Counts: Sendable, Equatable {
        /// Intents, and denied requests.
        package var transfers = 0
        package var refused = 0
        /// Records of intents; denied ones, of both.
        package var records = 0
        package var denied = 0
        /// Of bodies, written to the vendor.
        package var bytes = 0
        /// Intents by how they ended: `ok`, `vendor_error`, `partial`, `aborted`, `unknown`, `open`.
        package var results: [String: Int] = [:]
        /// Transfers and denied requests, by decision.
        package var decisions: [String: Int] = [:]
        /// Intents, by what they sent, why, where to, under which agreement version, for whom, and on which basis. One may count for several.
        package var fields: [String: Int] = [:]
        package var purposes: [String: Int] = [:]
        package var countries: [String: Int] = [:]
        package var agreements: [String: Int] = [:]
        package var callers: [String: Int] = [:]
        package var mechanisms: [String: Int] = [:]
        /// Records by reason code.
        package var reasons: [String: Int] = [:]
        /// Intents, by who sent to whom and where.
        package var flows: [Flow: Int] = [:]
        package init() {}

        package struct Flow: Hashable, Sendable {
            package var caller: String
            package var vendor: String
            package var region: String
            package init(caller: String, vendor: String, region: String) {
                self.caller = caller
                self.vendor = vendor
                self.region = region
            }
        }

        mutating func add(_ tally: Tally) {
            let terms = tally.terms.terms
            for (code, records) in tally.reasons { reasons[code, default: 0] += records }
            guard tally.transfers != 0 else { return }
            decisions[terms.decision.rawValue, default: 0] += tally.transfers
            denied += tally.denied
            guard tally.state != .denied else {
                refused += tally.transfers
                return
            }
            transfers += tally.transfers
            records += tally.records
            bytes += tally.bytes
            results[tally.state.name, default: 0] += tally.transfers
            func count(_ names: [String], _ path: WritableKeyPath<Counts, [String: Int]>) {
                for name in names { self[keyPath: path][name, default: 0] += tally.transfers }
            }
            count(terms.fields, \.fields)
            count(terms.purposes, \.purposes)
            count([terms.region], \.countries)
            count(terms.agreements, \.agreements)
            count([terms.caller], \.callers)
            count(terms.mechanisms, \.mechanisms)
            flows[Flow(caller: terms.caller, vendor: terms.vendor, region: terms.region), default: 0] += tally.transfers
        }

        private static var groups: [WritableKeyPath<Counts, [String: Int]>] {
            [\.results, \.decisions, \.fields, \.purposes, \.countries, \.agreements, \.callers, \.mechanisms, \.reasons]
        }

        mutating func add(_ other: Counts) {
            for path in [\.transfers, \.refused, \.records, \.denied, \.bytes] as [WritableKeyPath<Counts, Int>] {
                self[keyPath: path] += other[keyPath: path]
            }
            for path in Self.groups { self[keyPath: path].merge(other[keyPath: path], uniquingKeysWith: +) }
            flows.merge(other.flows, uniquingKeysWith: +)
        }

        /// Nothing counts as nothing.
        mutating func dropZeros() {
            for path in Self.groups { self[keyPath: path] = self[keyPath: path].filter { $0.value != 0 } }
            flows = flows.filter { $0.value != 0 }
        }
    }
    /// By the day, the month (`2026-05`), or one without a name; in order, empty ones left out.
    package var periods: [(name: String, counts: Counts)]
}

extension TransferFinder {
    /// Exact for any period: whole days and hours are summed by the index, the edges read transfer by transfer. `filter.state` is not used.
    package func statistics(_ filter: TransferFilter, by step: TransferStatistics.Step) throws -> TransferStatistics {
        try reading { view in
            var filter = filter
            filter.state = nil
            let last = try view.log.head()?.time.milliseconds ?? 0
            let low = max(filter.since?.roundedUpMilliseconds ?? 0, 0)
            // A period that is not over yet has no edge.
            let until = filter.until?.roundedUpMilliseconds ?? .max
            let high = until > last ? (last / TallyBuckets.dayMilliseconds + 1) * TallyBuckets.dayMilliseconds : until
            guard low < high else { return TransferStatistics(periods: []) }
            let terms = try view.terms(filter)
            let parts = PeriodParts(low..<high)
            var tallies: [Tally] = []
            tallies += try view.tallies(terms: terms, in: .days(parts.days))
            for hours in parts.hours { tallies += try view.tallies(terms: terms, in: .hours(hours)) }
            for edge in parts.edges where !edge.isEmpty {
                let entries = try view.entries(
                    since: Timestamp(nanoseconds: edge.lowerBound * 1_000_000), until: Timestamp(nanoseconds: edge.upperBound * 1_000_000))
                tallies += try view.indexed(filter, in: entries).map { Tally($0) }
            }
            tallies += try view.corrections(filter, milliseconds: low..<high)
            return TransferStatistics(tallies, by: step)
        }
    }
}

/// A range of milliseconds as whole days, whole hours beside them, and what is left.
struct PeriodParts: Equatable {
    var days: Range<Int64>
    var hours: [Range<Int64>]
    var edges: [Range<Int64>]

    init(_ range: Range<Int64>) {
        func whole(_ range: Range<Int64>, _ length: Int64) -> Range<Int64> {
            let low = (range.lowerBound + length - 1) / length
            return low..<max(low, range.upperBound / length)
        }
        /// What `range` has before and behind `inner`; all of it if that is empty.
        func around(_ inner: Range<Int64>, _ range: Range<Int64>) -> [Range<Int64>] {
            inner.isEmpty ? [range] : [range.lowerBound..<inner.lowerBound, inner.upperBound..<range.upperBound].filter { !$0.isEmpty }
        }
        func scaled(_ range: Range<Int64>, _ length: Int64) -> Range<Int64> { range.lowerBound * length..<range.upperBound * length }
        days = whole(range, TallyBuckets.dayMilliseconds)
        hours = []
        edges = []
        for rest in around(scaled(days, TallyBuckets.dayMilliseconds), range) {
            let hours = whole(rest, TallyBuckets.hourMilliseconds)
            if !hours.isEmpty { self.hours.append(hours) }
            edges += around(scaled(hours, TallyBuckets.hourMilliseconds), rest)
        }
    }
}

extension TransferStatistics {
    private struct Key: Hashable {
        var period: Int64
        var terms: ObjectIdentifier
        var state: TransferState
    }

    /// Sums of equal terms are added up before they are counted by what the terms say.
    init(_ tallies: [Tally], by step: Step) {
        var sums: [Key: Tally] = [:]
        for tally in tallies {
            let period = Self.period(tally.start, step)
            let key = Key(period: period, terms: ObjectIdentifier(tally.terms), state: tally.state)
            if sums[key] == nil { sums[key] = tally } else { sums[key]?.add(tally) }
        }
        var counts: [Int64: Counts] = [:]
        for (key, sum) in sums { counts[key.period, default: Counts()].add(sum) }
        periods = counts.sorted { $0.key < $1.key }.map { period, counts in
            var counts = counts
            counts.dropZeros()
            return (Self.name(period, step), counts)
        }
    }

    private static func period(_ start: Int64, _ step: Step) -> Int64 {
        let day = Day(number: Int32(clamping: start / TallyBuckets.dayMilliseconds))
        switch step {
        case .all: return 0
        case .day: return Int64(day.number)
        case .month: return Int64(day.civil.year * 100 + day.civil.month)
        }
    }

    private static func name(_ period: Int64, _ step: Step) -> String {
        switch step {
        case .all: ""
        case .day: Day(number: Int32(clamping: period)).iso8601
        case .month: String(Day(year: Int(period / 100), month: Int(period % 100), day: 1)?.iso8601.dropLast(3) ?? "")
        }
    }
}

extension Tally {
    fileprivate mutating func add(_ other: Tally) {
        transfers += other.transfers
        records += other.records
        denied += other.denied
        bytes += other.bytes
        for (code, count) in other.reasons { reasons[code, default: 0] += count }
    }
}

extension Timestamp {
    /// Entry times have whole milliseconds: none lies between this and the time itself.
    fileprivate var roundedUpMilliseconds: Int64 { milliseconds + (nanoseconds % 1_000_000 == 0 ? 0 : 1) }
}
