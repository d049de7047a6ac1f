/// Verifiers of RFC 9162, sections 2.1.3.2 and 2.1.4.2. Hashes come as bytes, because a proof from outside may have any length.
package enum ProofVerification {
    /// True if `leaf` is entry `index` of the tree with `root`.
    package static func includes(leaf: [UInt8], index: UInt64, size: UInt64, proof: [[UInt8]], root: [UInt8]) -> Bool {
        guard index < size, var node = TreeHash(leaf), let root = TreeHash(root), let path = hashes(proof) else { return false }
        var (at, last) = (index, size - 1)
        for sibling in path {
            guard last > 0 else { return false }
            if at & 1 == 1 || at == last {
                node = MerkleHashing.node(sibling, node)
                while at & 1 == 0, at != 0 {
                    at >>= 1
                    last >>= 1
                }
            } else {
                node = MerkleHashing.node(node, sibling)
            }
            at >>= 1
            last >>= 1
        }
        return last == 0 && node == root
    }

    /// True if the tree with `newRoot` extends the one with `oldRoot`.
    package static func extends(oldSize: UInt64, newSize: UInt64, oldRoot: [UInt8], newRoot: [UInt8], proof: [[UInt8]]) -> Bool {
        guard oldSize > 0, oldSize <= newSize else { return false }
        if oldSize == newSize { return proof.isEmpty && oldRoot == newRoot }
        guard let oldRoot = TreeHash(oldRoot), let newRoot = TreeHash(newRoot), var path = hashes(proof)?[...], !path.isEmpty else {
            return false
        }
        if oldSize.nonzeroBitCount == 1 { path = [oldRoot] + path }
        guard let first = path.popFirst() else { return false }
        var (at, last) = (oldSize - 1, newSize - 1)
        while at & 1 == 1 {
            at >>= 1
            last >>= 1
        }
        var (old, new) = (first, first)
        for sibling in path {
            guard last > 0 else { return false }
            if at & 1 == 1 || at == last {
                old = MerkleHashing.node(sibling, old)
                new = MerkleHashing.node(sibling, new)
                while at & 1 == 0, at != 0 {
                    at >>= 1
                    last >>= 1
                }
            } else {
                new = MerkleHashing.node(new, sibling)
            }
            at >>= 1
            last >>= 1
        }
        return last == 0 && old == oldRoot && new == newRoot
    }

    private static func hashes(_ proof: [[UInt8]]) -> [TreeHash]? {
        let hashes = proof.compactMap { TreeHash($0) }
        return hashes.count == proof.count ? hashes : nil
    }
}
