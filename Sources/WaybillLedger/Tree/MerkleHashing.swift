import CLibCrypto

/// RFC 6962, section 2.1: how leaves and nodes are hashed.
package enum MerkleHashing {
    /// The root of a tree without leaves: SHA-256 of nothing.
    package static let emptyRoot = digest(UnsafeRawBufferPointer(start: nil, count: 0))

    /// SHA-256(0x00 ‖ entry).
    package static func leaf(_ entry: UnsafeRawBufferPointer) -> TreeHash {
        withUnsafeBytes(of: UInt8(0)) { digest($0, entry) }
    }

    package static func leaf(_ entry: [UInt8]) -> TreeHash { entry.withUnsafeBytes { leaf($0) } }

    /// SHA-256(0x01 ‖ left ‖ right).
    package static func node(_ left: TreeHash, _ right: TreeHash) -> TreeHash {
        withUnsafeBytes(of: (left, right)) { children in withUnsafeBytes(of: UInt8(1)) { digest($0, children) } }
    }

    /// SHA-256(0x01 ‖ children), whatever their length.
    package static func node(_ children: [UInt8]) -> TreeHash { sha256([1] + children) }

    package static func sha256(_ bytes: [UInt8]) -> TreeHash { bytes.withUnsafeBytes { digest($0) } }

    /// The root over `leaves`, which are entries' hashes already.
    package static func root(of leaves: some Collection<TreeHash>) -> TreeHash {
        // Most transfers are of one record about one subject.
        if leaves.count == 1, let only = leaves.first { return only }
        var range = CompactRange()
        for leaf in leaves { range.append(leaf) { _, _, _ in } }
        return range.root
    }

    /// Of the two parts one after the other.
    static func digest(
        _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) -> TreeHash {
        TreeHash { waybill_sha256(a.baseAddress, a.count, b.baseAddress, b.count, $0.baseAddress) }
    }
}

/// The perfect subtrees that make up a tree of some size, largest first: enough to append and to know the root.
package struct CompactRange: Sendable, Equatable {
    package private(set) var size: UInt64 = 0
    /// One node for each bit set in `size`, largest first.
    private var nodes: [TreeHash] = []

    package init() {}

    /// Nil unless there is one node for each bit set in `size`.
    package init?(size: UInt64, nodes: [TreeHash]) {
        guard nodes.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.nodes = nodes
    }

    /// Adds a leaf and tells of every node this completes: height, index at that height, hash. The leaf itself is not told.
    package mutating func append(_ leaf: TreeHash, completed: (_ height: Int, _ index: UInt64, _ node: TreeHash) -> Void) {
        var node = leaf
        var height = 0
        while size >> UInt64(height) & 1 == 1, let left = nodes.popLast() {
            node = MerkleHashing.node(left, node)
            height += 1
            completed(height, size >> UInt64(height), node)
        }
        nodes.append(node)
        size += 1
    }

    package var root: TreeHash {
        guard var node = nodes.last else { return MerkleHashing.emptyRoot }
        for left in nodes.dropLast().reversed() { node = MerkleHashing.node(left, node) }
        return node
    }
}
