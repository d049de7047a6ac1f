package import WaybillLedger

/// First-seen subjects in the log's database: by number in no time, by fingerprint through the derived index as far as it is.
package struct SQLiteSightings: SightingFinder {
    private static let rowsAtOnce = 10_000
    private let reader: SQLiteLogReader
    private let index: (any TransferIndex)?

    /// Without an index every sighting is read.
    package init(_ reader: SQLiteLogReader, index: (any TransferIndex)?) {
        self.reader = reader
        self.index = index
    }

    package func sightings(with fingerprint: Fingerprint) throws -> [StoredSighting] {
        let (rows, after) = try indexed(fingerprint)
        let indexed = try rows.flatMap { try reader.sightings(where: "id = ?1", .int($0)) }.filter { $0.names(fingerprint) }
        return try indexed + SightingScan(reader, after: after).sightings(with: fingerprint)
    }

    /// Rows that may have it, and the last one that was looked at.
    private func indexed(_ fingerprint: Fingerprint) throws -> ([Int64], Int64) {
        guard let index, let first = try reader.commits(from: 0, limit: 1).first else { return ([], 0) }
        do {
            return try index.reading { snapshot in
                guard let position = try snapshot.position(of: first.root), try reader.holds(position) else { return ([], 0) }
                return (try snapshot.sightingRows(position, with: fingerprint), position.sighting)
            }
        } catch is LogStoreError {
            // The answer does not depend on the index, only its time does.
            return ([], 0)
        }
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
