import WaybillCore

/// Counts for the report while entries go by. Transfers mostly share their terms, so terms are told apart as bytes and read at the end.
struct ReportCounting {
    private struct Terms {
        var transfers = 0
        var records = 0
        var bytes = 0

        mutating func add(_ records: Int, _ bytes: Int) {
            transfers += 1
            self.records += records
            self.bytes += bytes
        }
    }
    private static let members: [StaticString] = ["fields", "mech", "pol", "pset", "purposes", "region"]
    private var terms: [[UInt8]: Terms] = [:]
    private var codes: [[UInt8]: Int] = [:]
    private var results: [[UInt8]: Int] = [:]
    private var days: [[UInt8]: (transfers: Int, denied: Int)] = [:]
    private var key: [UInt8] = []
    private var denied = 0

    mutating func take(_ entry: EntryReading, _ kind: EntryKind) {
        switch kind {
        case .intent:
            key.removeAll(keepingCapacity: true)
            for name in ReportCounting.members {
                if let value = entry.value(name) { key.append(contentsOf: value) }
                key.append(0x0a)
            }
            let (records, bytes) = (entry.int("n") ?? 0, entry.int("bytes") ?? 0)
            terms[key, default: Terms()].add(records, bytes)
            count(day: entry) { $0.transfers += 1 }
        case .denied:
            denied += 1
            if let value = entry.value("codes") { codes[Array(value), default: 0] += 1 }
            count(day: entry) { $0.denied += 1 }
        case .outcome: if let result = entry.text("res") { results[Array(result), default: 0] += 1 }
        default: return
        }
    }

    private mutating func count(day entry: EntryReading, _ change: (inout (transfers: Int, denied: Int)) -> Void) {
        guard let time = entry.text("t"), time.count == EntryTime.byteCount else { return }
        change(&days[Array(time.prefix(10)), default: (0, 0)])
    }

    /// The agreement versions that transfers were made under, each with a policy set that holds it.
    var agreements: [(id: String, version: Int, digest: String, policySet: String)] {
        var found: [String: (id: String, version: Int, digest: String, policySet: String)] = [:]
        for key in terms.keys {
            let parts = ReportCounting.parts(key)
            for policy in parts[2]?.values ?? [] {
                guard let members = policy.members, let id = members["id"]?.text, let version = members["ver"]?.integer,
                    let digest = members["h"]?.text, let set = parts[3]?.text
                else { continue }
                found["\(id)@\(version) \(digest)"] = (id, version, digest, set)
            }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func parts(_ key: [UInt8]) -> [CanonicalValue?] {
        key.split(separator: 0x0a, omittingEmptySubsequences: false).map { CanonicalParser.parse(Array($0)) }
    }

    func fill(_ report: inout EvidenceReport, open: Int) {
        var purposes: [String: (transfers: Int, fields: [String: Int])] = [:]
        var (countries, mechanisms): ([String: Int], [String: Int]) = ([:], [:])
        for (key, count) in terms {
            let parts = ReportCounting.parts(key)
            report.transfers += count.transfers
            report.records += count.records
            report.bytes += count.bytes
            if let region = parts[5]?.text { countries[region, default: 0] += count.transfers }
            for mechanism in parts[1]?.strings ?? [] { mechanisms[mechanism, default: 0] += count.transfers }
            for purpose in parts[4]?.strings ?? [] {
                purposes[purpose, default: (0, [:])].transfers += count.transfers
                for field in parts[0]?.strings ?? [] { purposes[purpose, default: (0, [:])].fields[field, default: 0] += count.transfers }
            }
        }
        report.refusedRequests = denied
        var outcomes = Dictionary(uniqueKeysWithValues: results.map { (String(decoding: $0.key, as: UTF8.self), $0.value) })
        if open > 0 { outcomes["open"] = open }
        report.outcomes = ReportCounting.counts(outcomes)
        report.countries = ReportCounting.counts(countries)
        report.mechanisms = ReportCounting.counts(mechanisms)
        report.fieldsByPurpose = purposes.sorted { ($1.value.transfers, $0.key) < ($0.value.transfers, $1.key) }.map {
            ($0.key, ReportCounting.counts($0.value.fields))
        }
        var reasons: [String: Int] = [:]
        for (text, count) in codes {
            for (code, records) in CanonicalParser.parse(text)?.members ?? [:] {
                reasons[code, default: 0] += count * (records.integer ?? 0)
            }
        }
        report.denialsByReason = ReportCounting.counts(reasons)
        report.days = days.compactMap { text, count in
            Day(iso8601: String(decoding: text, as: UTF8.self)).map { .init(day: $0, transfers: count.transfers, denied: count.denied) }
        }.sorted { $0.day < $1.day }
    }

    private static func counts(_ counts: [String: Int]) -> [EvidenceReport.Count] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { EvidenceReport.Count(name: $0.key, count: $0.value) }
    }
}
