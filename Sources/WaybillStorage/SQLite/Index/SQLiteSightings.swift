package import WaybillLedger

/// First-seen subjects in the log's database: by number in no time, by fingerprint through the derived index where there is one.
package struct SQLiteSightings: SightingFinder {
    private let reader: SQLiteLogReader

    package init(_ reader: SQLiteLogReader) { self.reader = reader }

    package func sightings(with fingerprint: Fingerprint) throws -> [StoredSighting] {
        try SightingScan(reader).sightings(with: fingerprint)
    }

    package func sightings(of number: UInt32) throws -> [StoredSighting] {
        try reader.sightings(where: "number = ?1", .int(Int64(number)))
    }
}

extension SQLiteLogReader {
    /// `condition` is one of ours, never input.
    func sightings(where condition: String, _ value: SQLiteValue) throws(LogStoreError) -> [StoredSighting] {
        try query("SELECT id, number, salt, fingerprints, sealed FROM sightings WHERE \(condition) ORDER BY id", [value], into: []) {
            let number = UInt32(truncatingIfNeeded: $1.int(1))
            $0.append(StoredSighting(row: $1.int(0), number: number, salt: $1.blob(2), fingerprints: $1.blob(3), sealed: $1.blob(4)))
        }
    }
}
