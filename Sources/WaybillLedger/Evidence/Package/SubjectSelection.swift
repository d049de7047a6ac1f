import WaybillCore

/// Finds the transfers that named one person, by the numbers in the side records, and what opens them and no other.
struct SubjectSelection {
    private let reader: any LogReader
    private let scope: PackageScope
    private let keys: LogKeys
    private let trace: SubjectTrace
    private let named: [Identifier]
    private var scratch: [CanonicalScanner.Member] = []
    private var commits: CommitCache

    /// `named`: what the package may name the person by, because whoever asked brought it along.
    init(reader: any LogReader, scope: PackageScope, keys: LogKeys, trace: SubjectTrace, named: [Identifier]) {
        self.reader = reader
        commits = CommitCache(reader: reader)
        self.scope = scope
        self.keys = keys
        self.trace = trace
        self.named = named
    }

    /// The first entry whose side record is still there; the period's end if none is.
    func firstSideRecord() throws -> UInt64 { try reader.sideRows(from: 0, limit: 1).first?.first ?? scope.end }

    /// Copies transfers and outcomes in rising order, and writes their openings.
    mutating func copy(
        into entries: inout PackageEntries, openings: PackageFile, progress: (UInt64, UInt64) throws -> Void
    ) throws -> ReportCounting {
        let records = try found(progress)
        var counting = ReportCounting()
        var pending: [(index: UInt64, bytes: [UInt8])] = []
        for record in records {
            guard let (bytes, outcome) = try transfer(record.index) else { continue }
            // An outcome stands behind its intent, and maybe behind the next one.
            for early in pending where early.index < record.index { try add(early.bytes, early.index, &entries, &counting) }
            pending.removeAll { $0.index < record.index }
            try add(bytes, record.index, &entries, &counting)
            try openings.append(try opening(of: record, bytes) + [0x0a])
            if let outcome { pending.append(outcome) }
            pending.sort { $0.index < $1.index }
        }
        for rest in pending { try add(rest.bytes, rest.index, &entries, &counting) }
        return counting
    }

    private mutating func add(
        _ bytes: [UInt8], _ index: UInt64, _ entries: inout PackageEntries, _ counting: inout ReportCounting
    ) throws {
        try bytes.withUnsafeBytes { bytes in
            if let entry = EntryReading(bytes, &scratch), let kind = entry.kindFast { counting.take(entry, kind) }
            try entries.add(bytes, index)
        }
    }

    /// False: certainly none of the numbers, which stand in rows as four bytes each. Saves taking most rows apart.
    private static func mayName(_ row: [UInt8], _ numbers: Set<UInt32>) -> Bool {
        row.withUnsafeBytes { bytes in
            guard bytes.count >= 4 else { return false }
            let lasts = Set(numbers.map { UInt8(truncatingIfNeeded: $0) })
            if lasts.count == 1, let last = lasts.first {
                for i in 3..<bytes.count where bytes[i] == last {
                    if numbers.contains(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: i - 3, as: UInt32.self))) { return true }
                }
                return false
            }
            return (3..<bytes.count).contains { i in
                numbers.contains(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: i - 3, as: UInt32.self)))
            }
        }
    }

    /// The side records of the period that name one of the person's numbers.
    private func found(_ progress: (UInt64, UInt64) throws -> Void) throws -> [SideRecord] {
        let numbers = Set(trace.parts.map(\.number).filter { $0 != 0 })
        var found: [SideRecord] = []
        var at = try scope.first == 0 ? 0 : reader.commits(from: scope.first, limit: 1).first?.first ?? scope.end
        while at < scope.end {
            let rows = try reader.sideRows(from: at, limit: 64)
            guard let last = rows.last else { break }
            for row in rows where row.first < scope.end {
                guard SubjectSelection.mayName(row.body, numbers) else { continue }
                guard let records = SideRecord.records(inRow: row.body, first: row.first) else {
                    throw PackageError("The side records at entry \(row.first) are damaged; run waybill log verify.")
                }
                found += records.filter { record in
                    record.index >= scope.first && record.index < scope.end && record.commitments.contains { numbers.contains($0.number) }
                }
            }
            at = last.first + 1
            try progress(min(at, scope.end) - scope.first, scope.end - scope.first)
        }
        return found
    }

    /// The intent, and the outcome that closes it if there is one. Nil: no intent (a denial commits to nobody).
    private mutating func transfer(_ index: UInt64) throws -> (intent: [UInt8], outcome: (index: UInt64, bytes: [UInt8])?)? {
        var intent: [UInt8]?
        var ending: [UInt8] = []
        var at = index
        while at < scope.size, let commit = try commits.at(at) {
            var outcome: (index: UInt64, bytes: [UInt8])?
            commit.body.withUnsafeBytes { bytes in
                _ = EntryBundle.forEach(bytes) { offset, range in
                    let here = commit.first + UInt64(offset)
                    guard here >= index, here < scope.size, outcome == nil, here == index || !ending.isEmpty else { return }
                    let bytes = UnsafeRawBufferPointer(rebasing: bytes[range])
                    if here == index {
                        guard let entry = EntryReading(bytes, &scratch), entry.kindFast == .intent, let xid = entry.value("xid") else {
                            return
                        }
                        intent = Array(bytes)
                        ending = Array("\"xid\":".utf8) + Array(xid) + [0x7d]
                    } else if bytes.count >= ending.count, bytes[(bytes.count - ending.count)...].elementsEqual(ending),
                        let entry = EntryReading(bytes, &scratch), entry.kindFast == .outcome
                    {
                        outcome = (here, Array(bytes))
                    }
                }
            }
            guard let intent else { return nil }
            // From here on nothing this old is open, so no outcome of it follows.
            if outcome != nil || commit.oldestOpen > index { return (intent, outcome) }
            at = commit.end
        }
        return intent.map { ($0, nil) }
    }

    /// One line of `openings.ndjson`: for each of the person's numbers in the transfer `r` and the commitments it opens, and the person's
    /// decision lines with their key. Neither the person's key nor a salt can be had from it.
    private mutating func opening(of record: SideRecord, _ bytes: [UInt8]) throws -> [UInt8] {
        let xid = bytes.withUnsafeBytes { EntryReading($0, &scratch)?.xid }
        guard let xid else { throw PackageError("Entry \(record.index) of the log is damaged; run waybill log verify.") }
        let numbers = Set(record.commitments.map(\.number))
        var opened: [CanonicalValue] = []
        for part in trace.parts where numbers.contains(part.number) {
            let r = LogKeys.opening(subjectKey: keys.subjectKey(salt: part.salt), xid: xid)
            let own = Set(record.commitments.filter { $0.number == part.number }.map(\.hash))
            let identifiers = named.compactMap { identifier -> CanonicalValue? in
                let hash = LogKeys.commitment(opening: r, identifier: identifier.bytes)
                guard own.contains(hash) else { return nil }
                return .object(["c": .string(hash.description), "id": .string(String(decoding: identifier.bytes, as: UTF8.self))])
            }
            opened.append(
                .object([
                    "r": .string(r.description), "named": .array(identifiers),
                    "commitments": .array(own.sorted().map { .string($0.description) }),
                ]))
        }
        let positions = Set(record.commitments.filter { c in trace.parts.contains { $0.number == c.number } }.map(\.position))
        let key = keys.decisionKey(xid: xid)
        // Other people's lines stay shut: their keyed hashes are enough for the root.
        let lines = record.lines.map { line -> CanonicalValue in
            let value = CanonicalParser.parse(line) ?? .object([:])
            let isOwn = value.members?["s"]?.values?.contains { place in positions.contains(place.integer.map { UInt32(clamping: $0) }) }
            return isOwn == true ? value : .string(KeyedHash.mac(key: key, line).description)
        }
        return CanonicalValue.object([
            "index": .int(Int(record.index)), "xid": .string(xid.description), "subjects": .array(opened),
            "commitments": .array(record.commitments.map { .string($0.hash.description) }),
            "decisions": .object(["key": .string(key.description), "lines": .array(lines)]),
        ]).bytes
    }
}

/// Reads commits one by one and keeps the last few: a person's transfers and their outcomes often share one.
private struct CommitCache {
    private static let keptMax = 8
    let reader: any LogReader
    private var kept: [StoredCommit] = []

    init(reader: any LogReader) { self.reader = reader }

    /// The commit that holds the entry; nil: there is none.
    mutating func at(_ index: UInt64) throws -> StoredCommit? {
        if let known = kept.last(where: { $0.first <= index && index < $0.end }) { return known }
        guard let commit = try reader.commits(from: index, limit: 1).first, commit.first <= index else { return nil }
        if kept.count >= CommitCache.keptMax { kept.removeFirst() }
        kept.append(commit)
        return commit
    }
}
