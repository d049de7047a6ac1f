package import WaybillCore

extension LogReader {
    /// Full tiles as stored; incomplete ones made from entries or from the level below.
    package func tile(_ name: Tile.Name, width: Int) throws -> [UInt8]? {
        if let body = try storedTile(name) { return body.count == Tile.fullBytes ? body : nil }
        guard width < Tile.width else { return nil }
        var body = [UInt8]()
        if name.level == 0 {
            let low = name.index * UInt64(Tile.width)
            try forEachEntry(from: low, to: low + UInt64(width)) { _, entry in body.append(MerkleHashing.leaf(entry)) }
        } else {
            for child in 0..<UInt64(width) {
                let child = Tile.Name(level: name.level - 1, index: name.index * UInt64(Tile.width) + child)
                guard let hashes = try storedTile(child), hashes.count == Tile.fullBytes else { return nil }
                body.append(
                    hashes.withUnsafeBytes { bytes in
                        MerkleHashing.root(of: (0..<Tile.width).lazy.map { TreeHash(at: $0 * TreeHash.byteCount, in: bytes) })
                    })
            }
        }
        return body.count == width * TreeHash.byteCount ? body : nil
    }

    /// Every entry of `low..<high` (as far as there are any) in order.
    package func forEachEntry(from low: UInt64, to high: UInt64 = .max, _ body: (UInt64, UnsafeRawBufferPointer) throws -> Void) throws {
        var at = low
        while at < high {
            let commits = try commits(from: at, limit: 16)
            guard !commits.isEmpty else { return }
            for commit in commits where at < high {
                guard commit.first <= at, commit.end > at else {
                    throw LogStoreError.broken("Entry \(at) is missing from the log's store; run waybill log verify.")
                }
                let whole = try commit.body.withUnsafeBytes { bytes in
                    try EntryBundle.forEach(bytes) { offset, range in
                        let index = commit.first + UInt64(offset)
                        if index >= at, index < high { try body(index, UnsafeRawBufferPointer(rebasing: bytes[range])) }
                    } == commit.count
                }
                guard whole else { throw LogStoreError.broken("The commit at entry \(commit.first) is damaged; run waybill log verify.") }
                at = commit.end
            }
        }
    }

    /// The first entry committed at or after `time`; the log's size if there is none.
    package func firstEntry(notBefore time: Timestamp) throws -> UInt64 {
        guard let head = try head() else { return 0 }
        var (low, high) = (UInt64(0), head.size)
        while low < high {
            let middle = low + (high - low) / 2
            guard let commit = try self.time(ofEntry: middle) else { return head.size }
            if commit.time < time {
                low = middle + 1
            } else {
                high = min(middle, commit.first)
            }
        }
        return low
    }
}

/// The row of a commit: each entry after its length in two bytes.
package enum EntryBundle {
    /// Gives each entry's range; returns how many there were, or nil if the row ends within one.
    static func forEach(_ bytes: UnsafeRawBufferPointer, _ body: (Int, Range<Int>) throws -> Void) rethrows -> Int? {
        var (at, count) = (0, 0)
        while at < bytes.count {
            guard at + 2 <= bytes.count else { return nil }
            let end = at + 2 + (Int(bytes[at]) << 8 | Int(bytes[at + 1]))
            guard end <= bytes.count else { return nil }
            try body(count, at + 2..<end)
            at = end
            count += 1
        }
        return count
    }
}
