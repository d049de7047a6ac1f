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
    private let retiredKeys: [Curve25519.Signing.PublicKey]?
    private let outside: [UInt8]?
    private let keys: LogKeys?

    /// `shards`: oldest first. The others as for `LogVerifier`; `outside` is held against the shard whose origin it names.
    package init(
        shards: [Shard], publicKeys: [Curve25519.Signing.PublicKey], retiredKeys: [Curve25519.Signing.PublicKey]? = nil,
        outside: [UInt8]? = nil, keys: LogKeys? = nil
    ) {
        self.shards = shards
        self.publicKeys = publicKeys
        self.retiredKeys = retiredKeys
        self.outside = outside
        self.keys = keys
    }

    /// `isCopy`: the shard stands for itself, and the one before it need not be there. `progress` hears
    /// of entries done and entries there, over all shards.
    package func verify(isCopy: Bool = false, progress: (UInt64, UInt64) -> Void = { _, _ in }) -> Report {
        let total = shards.reduce(UInt64(0)) { $0 + (Self.size($1.reader)) }
        let outsideShard = shardNamedOutside()
        var reports: [(name: String, report: VerificationReport)] = []
        var later = LaterShards()
        var done: UInt64 = 0
        // Newest first: what a shard lacks, only a later one can explain.
        for (i, shard) in shards.enumerated().reversed() {
            let verifier = LogVerifier(
                reader: shard.reader, publicKeys: publicKeys, retiredKeys: retiredKeys, outside: i == outsideShard ? outside : nil,
                keys: keys, later: later)
            let report = verifier.verify { at, _ in progress(done + at, total) }
            done += report.entries
            later.prunedMonths.formUnion(report.shard.prunedMonths)
            // Of an empty one the one before still counts.
            if later.sightings == nil, report.entries > 0 { later.sightings = shard.reader }
            later.goOn = later.goOn || report.entries > 0
            reports.insert((shard.name, report), at: 0)
        }
        return Report(shards: reports, faults: faults(reports, isCopy: isCopy))
    }

    private func faults(_ reports: [(name: String, report: VerificationReport)], isCopy: Bool) -> [Report.Fault] {
        var faults: [Report.Fault] = []
        for (i, (name, report)) in reports.enumerated() {
            if !isCopy, let what = linkFault(i, reports) { faults.append(Report.Fault(shard: name, index: 0, kind: .identity, what: what)) }
            faults += report.faults.map { Report.Fault(shard: name, index: $0.index, kind: $0.kind, what: $0.what) }
        }
        return faults
    }

    /// What is wrong between a shard and the one before it.
    private func linkFault(_ i: Int, _ reports: [(name: String, report: VerificationReport)]) -> String? {
        let report = reports[i].report
        // An empty shard was made and not begun: the next start begins it.
        guard report.entries > 0 else { return nil }
        guard i > 0 else {
            guard let cited = report.shard.cited else { return nil }
            let isDeleted = reports.contains { $0.report.shard.deletedOrigins.contains(cited.origin) }
            return isDeleted ? nil : "The shard before it (\(cited.origin)) is missing, and no entry says that it was deleted."
        }
        let (before, last) = (reports[i - 1], reports[i - 1].report)
        guard let cited = report.shard.cited else { return "The shard does not cite the one before it (\(before.name))." }
        let origin = Self.origin(shards[i - 1].reader)
        guard cited.origin == origin, cited.size == last.entries, cited.root == last.root else {
            return "The shard does not begin where the one before it (\(before.name)) ends."
        }
        return nil
    }

    private func shardNamedOutside() -> Int? {
        guard let outside, !shards.isEmpty else { return nil }
        let origin = String(decoding: outside.prefix { $0 != 0x0a }, as: UTF8.self)
        return shards.lastIndex { Self.origin($0.reader) == origin } ?? shards.count - 1
    }

    // What cannot be read here, the shard's own verification names.
    private static func size(_ reader: any LogReader) -> UInt64 { do { return try reader.head()?.size ?? 0 } catch { return 0 } }
    private static func origin(_ reader: any LogReader) -> String? { do { return try reader.identity()?.origin } catch { return nil } }
}
