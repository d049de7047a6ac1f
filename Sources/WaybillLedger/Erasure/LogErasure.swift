package import WaybillCore

/// What an erasure asks of one log's store, beside its entry. Everything may be done twice.
package struct LogErasure {
    static let rowsMax = 256
    private let store: any ErasableLog
    private let keys: LogKeys

    package init(store: any ErasableLog, keys: LogKeys) {
        self.store = store
        self.keys = keys
    }

    /// First-seen subjects that one of the identifiers leads to, or that have one of the numbers, each row of theirs once.
    package static func sightings(
        in reader: any LogReader, of fingerprints: Set<Fingerprint>, numbers: Set<UInt32> = []
    ) throws(LogStoreError) -> [StoredSighting] {
        var found: [StoredSighting] = []
        try forEachSighting(in: reader) { sighting in
            if numbers.contains(sighting.number) || sighting.keyedFingerprints.contains(where: fingerprints.contains) {
                found.append(sighting)
            }
        }
        return found
    }

    /// The root over the tombstones of a person's identifiers, which must be sorted: what the log's entry says.
    package static func mark(of identifiers: [WaybillCore.Fingerprint]) -> TreeHash {
        MerkleHashing.root(of: identifiers.lazy.map { identifier in identifier.bytes.withUnsafeBytes { MerkleHashing.leaf($0) } })
    }

    /// How many entries name the subject.
    package func transfers(of numbers: Set<UInt32>) throws(LogStoreError) -> Int {
        var count = 0
        try forEachSideRow { row throws(LogStoreError) in count += try Self.entries(in: row, numbers).count }
        return count
    }

    /// Overwrites what the rows keep of these numbers: salt, fingerprints, identifiers. From other people's rows those identifiers go that
    /// `isForgotten` names. The numbers themselves stay, so that none is ever given again.
    ///
    /// Returns what stood there: by number, the fingerprints.
    @discardableResult
    package func blankSightings(
        of numbers: Set<UInt32>, where isForgotten: (Fingerprint) -> Bool
    ) throws -> [(number: UInt32, fingerprints: [Fingerprint])] {
        var changed: [StoredSighting] = []
        var gone: [(number: UInt32, fingerprints: [Fingerprint])] = []
        try LogErasure.forEachSighting(in: store) { sighting throws(LogStoreError) in
            let prints = sighting.keyedFingerprints
            guard !prints.isEmpty || !sighting.salt.isEmpty else { return }
            var new = sighting
            if numbers.contains(sighting.number) {
                (new.salt, new.fingerprints, new.sealed) = ([], [], [])
                gone.append((sighting.number, prints))
            } else {
                let lost = prints.filter(isForgotten)
                guard !lost.isEmpty else { return }
                try strip(lost, from: &new)
                gone.append((sighting.number, lost))
            }
            changed.append(new)
        }
        for start in stride(from: 0, to: changed.count, by: Self.rowsMax) {
            try store.overwrite(side: [], sightings: Array(changed[start..<min(start + Self.rowsMax, changed.count)]))
        }
        return gone
    }

    /// Puts 0 in the place of the numbers in every side record.
    package func sweep(_ numbers: Set<UInt32>) throws(LogStoreError) {
        var changed: [StoredSideRow] = []
        let seal = keys.sideRows
        try forEachSideRow { row throws(LogStoreError) in
            guard try !Self.entries(in: row, numbers).isEmpty,
                let body = SideRecord.row(row.body, first: row.first, without: numbers, seal: seal)
            else { return }
            changed.append(StoredSideRow(first: row.first, body: body))
            guard changed.count >= Self.rowsMax else { return }
            try store.overwrite(side: changed, sightings: [])
            changed = []
        }
        if !changed.isEmpty { try store.overwrite(side: changed, sightings: []) }
    }

    /// The erasure's entry at or after `index`; nil: there is none.
    package func entry(_ mark: TreeHash, from index: UInt64) throws -> UInt64? {
        let wanted = Array("\"tomb\":\"\(mark.description)\"".utf8)
        var found: UInt64?
        var scratch = [CanonicalScanner.Member]()
        try store.forEachEntry(from: index) { index, bytes in
            // Of all kinds only this one is about as long, so that few others are looked through.
            guard found == nil, bytes.count < 1_024, let entry = EntryReading(bytes, &scratch), entry.kind == .erasure,
                bytes.contains(wanted)
            else { return }
            found = index
        }
        return found
    }

    /// Whether the entry at `index` is this erasure's.
    package func isEntry(_ mark: TreeHash, at index: UInt64) throws -> Bool {
        guard let head = try store.head(), index < head.size else { return false }
        var isIt = false
        let wanted = Array("\"tomb\":\"\(mark.description)\"".utf8)
        try store.forEachEntry(from: index, to: index + 1) { _, bytes in isIt = bytes.contains(wanted) }
        return isIt
    }

    private func strip(_ lost: [Fingerprint], from sighting: inout StoredSighting) throws(LogStoreError) {
        let salt = sighting.salt
        guard salt.count == 16 else { return }
        let kept = sighting.keyedFingerprints.filter { !lost.contains($0) }
        sighting.fingerprints = kept.flatMap { print in withUnsafeBytes(of: print.bytes) { Array($0) } }
        do {
            let identifiers = try keys.open(sighting.sealed, number: sighting.number).filter { !lost.contains(keys.fingerprint($0)) }
            sighting.sealed = try keys.seal(identifiers, number: sighting.number, salt: InlineArray { salt[$0] })
        } catch {
            throw .broken("A first-seen subject's identifiers do not open; put the master key back, or restore the log.")
        }
    }

    private static func entries(in row: StoredSideRow, _ numbers: Set<UInt32>) throws(LogStoreError) -> [UInt64] {
        guard let entries = SideRecord.entries(inRow: row.body, first: row.first, naming: numbers) else {
            throw .broken("The side records of the commit at entry \(row.first) are damaged; run waybill log verify.")
        }
        return entries
    }

    private func forEachSideRow(_ body: (StoredSideRow) throws(LogStoreError) -> Void) throws(LogStoreError) {
        try LogErasure.forEachSideRow(in: store, body)
    }

    static func forEachSideRow(in reader: any LogReader, _ body: (StoredSideRow) throws(LogStoreError) -> Void) throws(LogStoreError) {
        var from: UInt64 = 0
        while true {
            let rows = try reader.sideRows(from: from, limit: rowsMax)
            for row in rows { try body(row) }
            guard let last = rows.last else { return }
            from = last.first + 1
        }
    }

    private static func forEachSighting(
        in reader: any LogReader, _ body: (StoredSighting) throws(LogStoreError) -> Void
    ) throws(LogStoreError) {
        var row: Int64 = 0
        while true {
            let sightings = try reader.sightings(after: row, limit: 4_096)
            for sighting in sightings { try body(sighting) }
            guard let last = sightings.last else { return }
            row = last.row
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func contains(_ wanted: [UInt8]) -> Bool {
        guard count >= wanted.count else { return false }
        return (0...(count - wanted.count)).contains { self[$0...].starts(with: wanted) }
    }
}
