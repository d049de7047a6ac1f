package import Crypto
import WaybillCore

/// Verifies all shards of a log, each whole and each beginning where the one before ended.
package struct ShardChainVerifier {
    package struct Shard {
        /// As people call it: `2026h2`.
        package var name: String
        package var reader: any LogReader
        package init(name: String, reader: any LogReader) {
            self.name = name
            self.reader = reader
        }
    }

    package struct Report: Sendable {
        package struct Fault: Sendable, Equatable {
            package var shard: String
            package var index: UInt64?
            package var kind: FaultKind
            package var what: String
        }
        /// In order, the live one last.
        package var shards: [(name: String, report: VerificationReport)]
        /// Oldest shard first.
        package var faults: [Fault]
    }

    private let shards: [Shard]
    private let publicKeys: [Curve25519.Signing.PublicKey]
    private let outside: [UInt8]?
    private let keys: LogKeys?

    /// `shards`: oldest first. The others as for `LogVerifier`; `outside` is held against the shard whose origin it names.
    package init(shards: [Shard], publicKeys: [Curve25519.Signing.PublicKey], outside: [UInt8]? = nil, keys: LogKeys? = nil) {
        self.shards = shards
        self.publicKeys = publicKeys
        self.outside = outside
        self.keys = keys
    }

    /// Throws only if a shard cannot be read at all. `progress` hears of entries done and entries there, over all shards.
    package func verify(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> Report {
        let total = try shards.reduce(UInt64(0)) { try $0 + ($1.reader.head()?.size ?? 0) }
        let outsideShard = try shardNamedOutside()
        var reports: [(name: String, report: VerificationReport)] = []
        var later = LaterShards()
        var done: UInt64 = 0
        // Newest first: what a shard lacks, only a later one can explain.
        for (i, shard) in shards.enumerated().reversed() {
            let verifier = LogVerifier(
                reader: shard.reader, publicKeys: publicKeys, outside: i == outsideShard ? outside : nil, keys: keys, later: later)
            let report = verifier.verify { at, _ in progress(done + at, total) }
            done += report.entries
            later.prunedMonths.formUnion(report.shard.prunedMonths)
            later.firstSeen.formUnion(report.firstSeen)
            reports.insert((shard.name, report), at: 0)
        }
        return Report(shards: reports, faults: try faults(reports))
    }

    private func faults(_ reports: [(name: String, report: VerificationReport)]) throws -> [Report.Fault] {
        var faults: [Report.Fault] = []
        for (i, (name, report)) in reports.enumerated() {
            if let (kind, what) = try linkFault(i, reports) { faults.append(Report.Fault(shard: name, index: 0, kind: kind, what: what)) }
            faults += report.faults.map { Report.Fault(shard: name, index: $0.index, kind: $0.kind, what: $0.what) }
        }
        return faults
    }

    /// What is wrong between a shard and the one before it.
    private func linkFault(_ i: Int, _ reports: [(name: String, report: VerificationReport)]) throws -> (FaultKind, String)? {
        let report = reports[i].report
        // An empty shard was made and not begun: the next start begins it.
        guard report.entries > 0 else { return nil }
        guard i > 0 else {
            guard let cited = report.shard.cited else { return nil }
            let isDeleted = reports.contains { $0.report.shard.deletedOrigins.contains(cited.origin) }
            return isDeleted ? nil : (.missing, "The shard before it (\(cited.origin)) is missing, and no entry says that it was deleted.")
        }
        let (before, last) = (reports[i - 1], reports[i - 1].report)
        guard let cited = report.shard.cited else { return (.identity, "The shard does not cite the one before it (\(before.name)).") }
        let origin = try shards[i - 1].reader.identity()?.origin
        guard cited.origin == origin, cited.size == last.entries, cited.root == last.root else {
            return (.checkpoint, "The shard does not begin where the one before it (\(before.name)) ends.")
        }
        return nil
    }

    private func shardNamedOutside() throws -> Int? {
        guard let outside, !shards.isEmpty else { return nil }
        let origin = String(decoding: outside.prefix { $0 != 0x0a }, as: UTF8.self)
        return try shards.lastIndex { try $0.reader.identity()?.origin == origin } ?? shards.count - 1
    }
}
