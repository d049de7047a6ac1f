/// Grows a tree and its tiles. A value: copy it before a batch, and adopt the copy when the batch is committed.
package struct TreeBuilder: Sendable {
    package private(set) var range = CompactRange()
    /// The incomplete tile of each tile level.
    private var partial: [[UInt8]] = []
    /// Tiles completed since `takeFullTiles`.
    private var full: [(name: Tile.Name, body: [UInt8])] = []

    package init() {}

    package var size: UInt64 { range.size }
    package var root: TreeHash { range.root }

    package mutating func append(_ leaf: TreeHash) {
        put(leaf, level: 0, index: range.size)
        var completed = InlineArray<8, (height: Int, index: UInt64, node: TreeHash)?>(repeating: nil)
        var count = 0
        range.append(leaf) { height, index, node in
            guard height % Tile.height == 0 else { return }
            completed[count] = (height, index, node)
            count += 1
        }
        for i in 0..<count {
            guard let (height, index, node) = completed[i] else { continue }
            put(node, level: height / Tile.height, index: index)
        }
    }

    /// Full tiles completed since the last call, for the store.
    package mutating func takeFullTiles() -> [(name: Tile.Name, body: [UInt8])] {
        defer { full.removeAll(keepingCapacity: true) }
        return full
    }

    /// The incomplete tile of `level`; empty if there is none.
    package func partialTile(level: Int) -> [UInt8] { level < partial.count ? partial[level] : [] }

    private mutating func put(_ hash: TreeHash, level: Int, index: UInt64) {
        while partial.count <= level { partial.append([]) }
        partial[level].append(hash)
        guard partial[level].count == Tile.fullBytes else { return }
        full.append((Tile.Name(level: level, index: index / UInt64(Tile.width)), partial[level]))
        partial[level].removeAll(keepingCapacity: true)
    }
}

extension TreeBuilder {
    /// Takes up a tree where a store left it: full tiles from `tiles`, the newest leaves from `tail` (those after the last full tile).
    package init(size: UInt64, tiles: any TileReader, tail: [TreeHash]) throws {
        let whole = size / UInt64(Tile.width) * UInt64(Tile.width)
        guard whole + UInt64(tail.count) == size else { throw TreeError.tileMissing(Tile.Name(level: 0, index: size / UInt64(Tile.width))) }
        var tree = MerkleTree(size: whole, tiles: tiles)
        var nodes = [TreeHash]()
        var at: UInt64 = 0
        for height in stride(from: 63, through: 0, by: -1) where whole >> UInt64(height) & 1 == 1 {
            nodes.append(try tree.node(height: height, index: at >> UInt64(height)))
            at += 1 << UInt64(height)
        }
        guard let range = CompactRange(size: whole, nodes: nodes) else { throw TreeError.sizeOutOfRange }
        self.range = range
        var level = 1
        while whole >> UInt64(Tile.height * level) > 0 {
            let count = whole >> UInt64(Tile.height * level)
            while partial.count <= level { partial.append([]) }
            for index in (count - count % UInt64(Tile.width))..<count {
                partial[level].append(try tree.node(height: Tile.height * level, index: index))
            }
            level += 1
        }
        for leaf in tail { append(leaf) }
    }
}
