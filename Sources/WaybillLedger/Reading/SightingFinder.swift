/// Finds first-seen subjects in the log's store. Blocks.
package protocol SightingFinder: Sendable {
    /// Of every subject that was first seen with this identifier: mostly none or one.
    func sightings(with fingerprint: Fingerprint) throws -> [StoredSighting]
    func sightings(of number: UInt32) throws -> [StoredSighting]
}

/// Reads every sighting behind a row each time: exact, and slow among millions.
package struct SightingScan: SightingFinder {
    private static let rowsAtOnce = 10_000
    private let reader: any LogReader
    private let after: Int64

    package init(_ reader: any LogReader, after: Int64 = 0) {
        self.reader = reader
        self.after = after
    }

    package func sightings(with fingerprint: Fingerprint) throws -> [StoredSighting] {
        try scan { $0.names(fingerprint) }
    }

    package func sightings(of number: UInt32) throws -> [StoredSighting] { try scan { $0.number == number } }

    private func scan(_ isWanted: (StoredSighting) -> Bool) throws -> [StoredSighting] {
        var found = [StoredSighting]()
        var row = after
        while true {
            let rows = try reader.sightings(after: row, limit: Self.rowsAtOnce)
            guard let last = rows.last else { return found }
            found += rows.filter(isWanted)
            row = last.row
        }
    }
}

extension StoredSighting {
    package func names(_ fingerprint: Fingerprint) -> Bool { keyedFingerprints.contains(fingerprint) }

    package var keyedFingerprints: [Fingerprint] {
        stride(from: 0, to: fingerprints.count - 15, by: 16).map { start in
            Fingerprint(bytes: InlineArray { fingerprints[start + $0] })
        }
    }
}

extension SubjectTrace.Part {
    /// Nil: the salt has not 16 bytes.
    package init?(number: UInt32, salt: [UInt8]) {
        guard salt.count == 16 else { return nil }
        self.init(number: number, salt: InlineArray { salt[$0] })
    }
}
