import Crypto
import WaybillCore

/// A sample of a vendor's transfers that anyone can draw again from the entries and the seed, with nothing but SHA-256.
///
/// An intent's rank is SHA-256(seed's UTF-8 bytes ‖ leaf hash); the sample is the `count` lowest ranks, lowest first. The population is
/// every intent to the vendor with an entry time within the engagement's period and an index below the sample's `size`.
package struct AuditSample: Sendable {
    package static let countMax = 10_000
    package static let seedBytesMax = 256

    package struct Draw: Sendable, Equatable {
        package var index: UInt64
        package var xid: String
        package var time: String
        package var endpoint: String
        package var leaf: TreeHash
        package var rank: TreeHash
    }
    package var population = 0
    /// Lowest rank first.
    package var draws: [Draw] = []

    package static func rank(seed: String, leaf: TreeHash) -> TreeHash {
        var hash = SHA256()
        hash.update(data: Array(seed.utf8))
        hash.update(data: leaf.bytes)
        return TreeHash(Array(hash.finalize())) ?? leaf
    }

    /// Reads the period's entries once. Throws if the log cannot be read.
    package init(_ sample: Engagement.Sample, of scope: Engagement.Scope, from reader: any LogReader) throws {
        let low = try reader.firstEntry(notBefore: scope.from)
        let high = min(sample.size, try reader.firstEntry(notBefore: scope.until))
        guard low < high else { return }
        var scratch = [CanonicalScanner.Member]()
        try reader.forEachEntry(from: low, to: high) { index, bytes in
            guard let entry = EntryReading(bytes, &scratch), entry.kindFast == .intent, entry.string("vendor") == scope.vendor,
                let time = entry.time, time >= scope.from, time < scope.until
            else { return }
            population += 1
            let leaf = MerkleHashing.leaf(bytes)
            let rank = AuditSample.rank(seed: sample.seed, leaf: leaf)
            guard draws.count < sample.count || draws.last.map({ rank < $0.rank }) == true else { return }
            let place = draws.firstIndex { rank < $0.rank } ?? draws.count
            draws.insert(
                Draw(
                    index: index, xid: entry.string("xid") ?? "", time: entry.string("t") ?? "", endpoint: entry.string("endp") ?? "",
                    leaf: leaf, rank: rank), at: place)
            if draws.count > sample.count { draws.removeLast() }
        }
    }
}
