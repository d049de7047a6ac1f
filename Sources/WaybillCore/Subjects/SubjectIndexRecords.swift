import Synchronization

/// What the index holds of one subject. 32 bytes.
struct SubjectRecord {
    /// Nanoseconds; `.max`: never. In a forwarded record the number it leads to.
    var changesAt: Int64 = .max
    var salt = InlineArray<16, UInt8>(repeating: 0)
    var tag = Tag.free
    var born: Int32 = SubjectRecord.bornUnknown

    static let bornUnknown = Int32.min

    /// Position of the profile and one flag, or one of two marks.
    struct Tag: Equatable {
        var raw: UInt32
        static let free = Tag(raw: .max)
        static let forwarded = Tag(raw: .max - 1)
        private static let expiresSoonBit: UInt32 = 1 << 31

        private init(raw: UInt32) { self.raw = raw }
        init(profile: UInt32, expiresSoon: Bool) { raw = profile | (expiresSoon ? Self.expiresSoonBit : 0) }
        var profile: UInt32 { raw & ~Self.expiresSoonBit }
        var expiresSoon: Bool { raw & Self.expiresSoonBit != 0 }
    }
}

/// Subject number → record: one shard of the index. Numbers are dense, so the number is the position; a chunk exists once one
/// of its numbers does.
struct RecordTable {
    enum Reading {
        case entry(SubjectEntry)
        case stale
        case forwarded(UInt32)
        case free
    }

    private static let chunkRecords = 64
    /// Numbers from imports, then those from the transfer log.
    private var families: InlineArray<2, [[SubjectRecord]]> = [[], []]
    /// A shared copy of the interner's table, as long as any record here needs it.
    private var profiles = ProfileChunks()

    var byteCount: Int {
        var bytes = 0
        for family in families.indices {
            bytes += families[family].capacity * MemoryLayout<[SubjectRecord]>.stride
            for chunk in families[family] { bytes += chunk.capacity * MemoryLayout<SubjectRecord>.stride }
        }
        return bytes
    }

    func record(of number: UInt32) -> SubjectRecord? {
        let (family, chunk, offset) = place(of: number)
        guard chunk < families[family].count, !families[family][chunk].isEmpty else { return nil }
        let record = families[family][chunk][offset]
        return record.tag == .free ? nil : record
    }

    func read(_ number: UInt32, now: Timestamp) -> Reading {
        guard let record = record(of: number) else { return .free }
        if record.tag == .forwarded { return .forwarded(UInt32(truncatingIfNeeded: record.changesAt)) }
        if now.nanoseconds >= record.changesAt { return .stale }
        return .entry(
            SubjectEntry(
                number: number, salt: record.salt, profile: profiles[record.tag.profile], profileNumber: record.tag.profile,
                born: record.born == SubjectRecord.bornUnknown ? nil : Day(number: record.born), expiresSoon: record.tag.expiresSoon))
    }

    /// `profiles` must hold the record's profile.
    mutating func set(_ record: SubjectRecord, of number: UInt32, profiles newer: ProfileChunks?) {
        let (family, chunk, offset) = place(of: number)
        while families[family].count <= chunk { families[family].append([]) }
        if families[family][chunk].isEmpty {
            families[family][chunk] = Array(repeating: SubjectRecord(), count: Self.chunkRecords)
        }
        families[family][chunk][offset] = record
        if let newer, newer.count > profiles.count { profiles = newer }
    }

    private func place(of number: UInt32) -> (family: Int, chunk: Int, offset: Int) {
        let position = Int(number & (SubjectIndex.sightedNumbersFrom - 1)) / SubjectIndex.recordShardCount
        return (number < SubjectIndex.sightedNumbersFrom ? 0 : 1, position / Self.chunkRecords, position % Self.chunkRecords)
    }
}

final class RecordShard: Sendable {
    let table = Mutex(RecordTable())
}
