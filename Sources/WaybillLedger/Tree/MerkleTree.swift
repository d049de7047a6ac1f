/// Gives the hashes of tiles.
package protocol TileReader: Sendable {
    /// At least the first `width` hashes of a tile, one after the other; nil if the tile is not there.
    func tile(_ name: Tile.Name, width: Int) throws -> [UInt8]?
}

package enum TreeError: Error, Sendable, Equatable {
    case tileMissing(Tile.Name)
    case sizeOutOfRange
}

/// Roots and proofs of any earlier size, read from tiles. Keeps the tiles it has read.
package struct MerkleTree {
    package let size: UInt64
    private let tiles: any TileReader
    private var cache: [Tile.Name: [UInt8]] = [:]
    /// Tiles kept; beyond it the cache starts anew.
    private let cachedTilesMax = 1_024

    package init(size: UInt64, tiles: any TileReader) {
        self.size = size
        self.tiles = tiles
    }

    package mutating func root(at size: UInt64) throws -> TreeHash {
        guard size <= self.size else { throw TreeError.sizeOutOfRange }
        return size == 0 ? MerkleHashing.emptyRoot : try subtree(0, size)
    }

    /// RFC 6962, 2.1.1: PATH(index, D[size]).
    package mutating func inclusionProof(of index: UInt64, in size: UInt64) throws -> [TreeHash] {
        guard index < size, size <= self.size else { throw TreeError.sizeOutOfRange }
        var (low, high) = (UInt64(0), size)
        var proof = [TreeHash]()
        while high - low > 1 {
            let middle = low + split(high - low)
            if index < middle {
                proof.append(try subtree(middle, high))
                high = middle
            } else {
                proof.append(try subtree(low, middle))
                low = middle
            }
        }
        return proof.reversed()
    }

    /// RFC 6962, 2.1.2: PROOF(old, D[new]).
    package mutating func consistencyProof(from old: UInt64, to new: UInt64) throws -> [TreeHash] {
        guard old > 0, old <= new else { throw TreeError.sizeOutOfRange }
        return try subtreeProof(low: 0, high: old, in: new)
    }

    /// That the subtree over leaves `low..<high` belongs to the tree of `size`; `low` as for `subtree`.
    package mutating func subtreeProof(low: UInt64, high: UInt64, in size: UInt64) throws -> [TreeHash] {
        guard low < high, high <= size, size <= self.size else { throw TreeError.sizeOutOfRange }
        var (wanted, from, to) = (low, UInt64(0), size)
        var proof = [TreeHash]()
        while (wanted, high) != (from, to) {
            let middle = from + split(to - from)
            if high <= middle {
                proof.append(try subtree(middle, to))
                to = middle
            } else {
                proof.append(try subtree(from, middle))
                from = middle
                wanted = max(wanted, middle)
            }
        }
        if wanted > low { proof.append(try subtree(from, to)) }
        return proof.reversed()
    }

    /// The hash over leaves `low..<high`, where `low` is a multiple of the next power of two of the length.
    package mutating func subtree(_ low: UInt64, _ high: UInt64) throws -> TreeHash {
        let count = high - low
        if count.nonzeroBitCount == 1 {
            let height = count.trailingZeroBitCount
            return try node(height: height, index: low >> UInt64(height))
        }
        let middle = low + split(count)
        return MerkleHashing.node(try subtree(low, middle), try subtree(middle, high))
    }

    /// The perfect subtree of 2^height leaves at `index`.
    mutating func node(height: Int, index: UInt64) throws -> TreeHash {
        let level = height / Tile.height
        let span = 1 << (height % Tile.height)
        let first = index << UInt64(height % Tile.height)
        let name = Tile.Name(level: level, index: first / UInt64(Tile.width))
        let offset = Int(first % UInt64(Tile.width))
        let body = try tile(name, width: offset + span)
        return body.withUnsafeBytes { bytes in
            MerkleHashing.root(of: (offset..<offset + span).lazy.map { TreeHash(at: $0 * TreeHash.byteCount, in: bytes) })
        }
    }

    private mutating func tile(_ name: Tile.Name, width: Int) throws -> [UInt8] {
        if let body = cache[name], body.count >= width * TreeHash.byteCount { return body }
        guard let body = try tiles.tile(name, width: width), body.count >= width * TreeHash.byteCount else {
            throw TreeError.tileMissing(name)
        }
        if cache.count >= cachedTilesMax { cache.removeAll() }
        cache[name] = body
        return body
    }

    /// The largest power of two smaller than `count`.
    private func split(_ count: UInt64) -> UInt64 { 1 << UInt64(63 - (count - 1).leadingZeroBitCount) }
}
