import WaybillCore

/// First-seen subjects: each opens with the log's keys, has the fingerprints and the salt that were sealed with it, and each number that
/// side records name has one.
struct SightingVerification {
    private var seen = NumberSet()
    private var known = NumberSet()
    private let missingMax = 16

    /// A number in a side record.
    mutating func saw(_ number: UInt32) { if number >= Sightings.firstNumber { seen.insert(number) } }

    /// `sides`: where the side records are that name them.
    mutating func finish(_ reader: any LogReader, _ keys: LogKeys?, sides: any LogReader) throws -> [VerificationReport.Fault] {
        var faults = [VerificationReport.Fault]()
        var repeated: Set<UInt32> = []
        try forEach(reader) { sighting in
            if let what = SightingVerification.judge(sighting, keys) { faults.append(.init(index: nil, kind: .sighting, what: what)) }
            guard sighting.number >= Sightings.firstNumber else { return }
            if !known.insert(sighting.number) { repeated.insert(sighting.number) }
        }
        if !repeated.isEmpty { faults += try twice(reader, repeated) }
        let missing = seen.subtracting(known, max: missingMax)
        if !missing.isEmpty { faults += try confirm(missing, sides) }
        return faults
    }

    private func forEach(_ reader: any LogReader, _ body: (StoredSighting) throws -> Void) throws {
        var row: Int64 = 0
        while true {
            let sightings = try reader.sightings(after: row, limit: 1_000)
            guard let last = sightings.last else { return }
            guard last.row > row else { throw LogStoreError.broken("First-seen subjects are out of order; the file is damaged.") }
            for sighting in sightings { try body(sighting) }
            row = last.row
        }
    }

    private static func judge(_ sighting: StoredSighting, _ keys: LogKeys?) -> String? {
        // An erasure leaves the number alone, so that it is never given again.
        if sighting.salt.isEmpty, sighting.fingerprints.isEmpty, sighting.sealed.isEmpty { return nil }
        let name = "First-seen subject \(sighting.number)"
        guard sighting.number >= Sightings.firstNumber, sighting.salt.count == 16, !sighting.fingerprints.isEmpty,
            sighting.fingerprints.count % 16 == 0
        else { return "\(name) is not of the form the log writes." }
        guard let keys else { return nil }
        let opened: (identifiers: [Identifier], salt: [UInt8])
        do { opened = try keys.openWithSalt(sighting.sealed, number: sighting.number) } catch {
            return "\(name) does not open: its number or its sealed identifiers were changed."
        }
        guard opened.salt == sighting.salt else { return "\(name) has another salt than was sealed with it." }
        let prints = Set(opened.identifiers.map { keys.fingerprint($0) })
        var stored: Set<Fingerprint> = []
        for at in stride(from: 0, to: sighting.fingerprints.count, by: 16) {
            guard stored.insert(Fingerprint(bytes: InlineArray { sighting.fingerprints[at + $0] })).inserted else {
                return "\(name) has a fingerprint twice."
            }
        }
        return stored.isSubset(of: prints) ? nil : "\(name) has fingerprints that are not those of its identifiers."
    }

    /// A number may have more rows, each with further fingerprints.
    private func twice(_ reader: any LogReader, _ repeated: Set<UInt32>) throws -> [VerificationReport.Fault] {
        var prints: [UInt32: [[UInt8]]] = [:]
        var faults = [VerificationReport.Fault]()
        try forEach(reader) { sighting in
            guard repeated.contains(sighting.number) else { return }
            for at in stride(from: 0, to: sighting.fingerprints.count - 15, by: 16) {
                let print = Array(sighting.fingerprints[at..<at + 16])
                if prints[sighting.number]?.contains(print) ?? false {
                    faults.append(.init(index: nil, kind: .sighting, what: "First-seen subject \(sighting.number) stands there twice."))
                }
                prints[sighting.number, default: []].append(print)
            }
        }
        return faults
    }

    /// Names the first entry about each; an erasure that went on meanwhile has taken the number out of the side records.
    private func confirm(_ missing: Set<UInt32>, _ reader: any LogReader) throws -> [VerificationReport.Fault] {
        var left = missing
        var faults = [VerificationReport.Fault]()
        var from: UInt64 = 0
        while !left.isEmpty {
            let rows = try reader.sideRows(from: from, limit: 64)
            guard let last = rows.last, last.first >= from, last.first < .max else { break }
            from = last.first + 1
            for row in rows {
                for record in SideRecord.records(inRow: row.body, first: row.first) ?? [] {
                    for commitment in record.commitments where left.remove(commitment.number) != nil {
                        faults.append(
                            .init(index: record.index, kind: .sighting, what: "First-seen subject \(commitment.number) is missing."))
                    }
                }
            }
        }
        return faults
    }
}

/// Numbers from 2³¹ on, by a bit each.
private struct NumberSet {
    private var words: [UInt64] = []

    /// False: it was there.
    @discardableResult
    mutating func insert(_ number: UInt32) -> Bool {
        let at = Int(number - Sightings.firstNumber)
        if at / 64 >= words.count { words.append(contentsOf: repeatElement(0, count: at / 64 + 1 - words.count)) }
        defer { words[at / 64] |= 1 << UInt64(at % 64) }
        return words[at / 64] >> UInt64(at % 64) & 1 == 0
    }

    /// At most `max` numbers that are here and not in `other`.
    func subtracting(_ other: NumberSet, max: Int) -> Set<UInt32> {
        var numbers: Set<UInt32> = []
        for (i, word) in words.enumerated() {
            var rest = word & ~(i < other.words.count ? other.words[i] : 0)
            while rest != 0 {
                guard numbers.count < max else { return numbers }
                numbers.insert(Sightings.firstNumber + UInt32(i * 64 + rest.trailingZeroBitCount))
                rest &= rest - 1
            }
        }
        return numbers
    }
}
