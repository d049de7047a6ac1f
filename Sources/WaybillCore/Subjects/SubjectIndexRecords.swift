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

/// Subject number → record: one shard of the index. Numbers come in dense runs, so a directory of small chunks finds a record
/// without a search; all chunks lie in one array, so that reading one touches no reference count.
struct RecordTable {
    enum Reading {
        case entry(SubjectEntry)
        case stale
        case forwarded(UInt32)
        case free
    }

    private static let chunkRecords = 64
    /// Where each chunk begins in `records`, plus one; 0: none of its numbers is known. Numbers from imports, and those from the
    /// transfer log.
    private var imported: [UInt32] = []
    private var sighted: [UInt32] = []
    private var records: [SubjectRecord] = []
    /// The beginning of the interner's table, as far as any record here needs it. A copy a shard, so that no look-up waits for another
    /// shard's or counts references to a shared table.
    private var profiles: [SharedProfile] = []

    var byteCount: Int {
        records.capacity * MemoryLayout<SubjectRecord>.stride
            + (imported.capacity + sighted.capacity) * MemoryLayout<UInt32>.stride
    }

    func record(of number: UInt32) -> SubjectRecord? {
        let (chunk, offset) = place(of: number)
        let start: UInt32
        if number < SubjectIndex.sightedNumbersFrom {
            guard chunk < imported.count else { return nil }
            start = imported[chunk]
        } else {
            guard chunk < sighted.count else { return nil }
            start = sighted[chunk]
        }
        guard start != 0 else { return nil }
        let record = records[Int(start) - 1 + offset]
        return record.tag == .free ? nil : record
    }

    func read(_ number: UInt32, now: Timestamp) -> Reading {
        guard let record = record(of: number) else { return .free }
        if record.tag == .forwarded { return .forwarded(UInt32(truncatingIfNeeded: record.changesAt)) }
        if now.nanoseconds >= record.changesAt { return .stale }
        return .entry(
            SubjectEntry(
                number: number, salt: record.salt, shared: profiles[Int(record.tag.profile)], profileNumber: record.tag.profile,
                born: record.born == SubjectRecord.bornUnknown ? nil : Day(number: record.born), expiresSoon: record.tag.expiresSoon))
    }

    /// `table` is the interner's and must hold the record's profile.
    mutating func set(_ record: SubjectRecord, of number: UInt32, profiles table: [SharedProfile]) {
        let (chunk, offset) = place(of: number)
        let start: Int
        if number < SubjectIndex.sightedNumbersFrom {
            start = Self.start(of: chunk, in: &imported, records: &records)
        } else {
            start = Self.start(of: chunk, in: &sighted, records: &records)
        }
        if table.count > profiles.count { profiles.append(contentsOf: table[profiles.count...]) }
        records[start + offset] = record
    }

    private static func start(of chunk: Int, in directory: inout [UInt32], records: inout [SubjectRecord]) -> Int {
        if directory.count <= chunk { directory.append(contentsOf: repeatElement(0, count: chunk + 1 - directory.count)) }
        if directory[chunk] == 0 {
            directory[chunk] = UInt32(records.count + 1)
            // By a tenth instead of doubling: room for what is not there counts against the budget too.
            if records.count + chunkRecords > records.capacity { records.reserveCapacity(records.count * 11 / 10 + chunkRecords) }
            records.append(contentsOf: repeatElement(SubjectRecord(), count: chunkRecords))
        }
        return Int(directory[chunk]) - 1
    }

    private func place(of number: UInt32) -> (chunk: Int, offset: Int) {
        let position = Int(number & (SubjectIndex.sightedNumbersFrom - 1)) / SubjectIndex.recordShardCount
        return (position / Self.chunkRecords, position % Self.chunkRecords)
    }
}
