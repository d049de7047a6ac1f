/// Hashes of entries out of a package's tiles, each tile tied to the checkpoint's root through the ones above it.
struct PackageHashes {
    private let files: any PackageFiles
    private let size: UInt64
    /// The incomplete tiles of the right edge by level: they give the root.
    private var edge: [Int: [UInt8]] = [:]
    /// The last full tile of each level.
    private var last: [Int: (index: UInt64, body: [UInt8])] = [:]

    /// Nil unless the right edge gives the root.
    init?(files: any PackageFiles, size: UInt64, root: TreeHash) throws {
        self.files = files
        self.size = size
        var stack: [(height: Int, hash: TreeHash)] = []
        let levels = (64 - size.leadingZeroBitCount + Tile.height - 1) / Tile.height
        for level in (0..<levels).reversed() {
            let count = size >> UInt64(Tile.height * level)
            let width = Int(count % UInt64(Tile.width))
            guard width > 0 else { continue }
            guard let body = try load(level, count / UInt64(Tile.width), width) else { return nil }
            edge[level] = body
            for i in 0..<width { PackageHashes.push(Tile.height * level, PackageHashes.hash(body, i), &stack) }
        }
        guard var node = stack.popLast()?.hash else { return nil }
        while let left = stack.popLast()?.hash { node = MerkleHashing.node(left, node) }
        guard node == root else { return nil }
    }

    /// The hash of an entry; nil: the tile is missing, or is not the one that the tile above it was made of.
    mutating func entry(_ index: UInt64) throws -> TreeHash? {
        guard index < size else { return nil }
        return try tile(0, index / UInt64(Tile.width)).map { PackageHashes.hash($0, Int(index % UInt64(Tile.width))) }
    }

    private mutating func tile(_ level: Int, _ index: UInt64) throws -> [UInt8]? {
        let full = size >> UInt64(Tile.height * (level + 1))
        if index == full { return edge[level] }
        guard index < full else { return nil }
        if let known = last[level], known.index == index { return known.body }
        guard let body = try load(level, index, Tile.width), let above = try tile(level + 1, index / UInt64(Tile.width)) else { return nil }
        let root = body.withUnsafeBytes { bytes in
            MerkleHashing.root(of: (0..<Tile.width).lazy.map { TreeHash(at: $0 * TreeHash.byteCount, in: bytes) })
        }
        guard root == PackageHashes.hash(above, Int(index % UInt64(Tile.width))) else { return nil }
        last[level] = (index, body)
        return body
    }

    private func load(_ level: Int, _ index: UInt64, _ width: Int) throws -> [UInt8]? {
        let body = try files.whole(Tile.path(level: level, index: index, width: width), bytesMax: Tile.fullBytes)
        return body?.count == width * TreeHash.byteCount ? body : nil
    }

    private static func hash(_ body: [UInt8], _ at: Int) -> TreeHash {
        body.withUnsafeBytes { TreeHash(at: at * TreeHash.byteCount, in: $0) }
    }

    private static func push(_ height: Int, _ hash: TreeHash, _ stack: inout [(height: Int, hash: TreeHash)]) {
        var (height, hash) = (height, hash)
        while let top = stack.last, top.height == height {
            stack.removeLast()
            hash = MerkleHashing.node(top.hash, hash)
            height += 1
        }
        stack.append((height, hash))
    }
}
