import Foundation
import Testing
import WaybillLedger
import WaybillTesting

/// Tiles made in memory from leaves.
struct GrownTree: TileReader {
    var builder = TreeBuilder()
    var full: [Tile.Name: [UInt8]] = [:]

    init(_ leaves: some Sequence<[UInt8]>) {
        for leaf in leaves {
            builder.append(MerkleHashing.leaf(leaf))
            for (name, body) in builder.takeFullTiles() { full[name] = body }
        }
    }

    func tile(_ name: Tile.Name, width: Int) throws -> [UInt8]? { full[name] ?? builder.partialTile(level: name.level) }
    var merkle: MerkleTree { MerkleTree(size: builder.size, tiles: self) }
}

@Suite(.enabled(if: SharedVectors.areThere, "shared/reference/tlog-vectors.json is missing")) struct TreeVectorTests {
    struct Tree: Decodable {
        var leaf_inputs_hex: [String]
        var node_hashes_by_level: [[String]]
        var roots_by_size_0_to_8: [String]
    }

    @Test func leavesNodesAndTheEmptyTreeHashAsInRFC6962() throws {
        struct Section: Decodable { var cases: [Case] }
        struct Case: Decodable {
            var desc: String
            var entry_hex: String?
            var left_hex: String?
            var right_hex: String?
            var hash: String
        }
        let cases = try SharedVectors.load("rfc6962_hasher", as: Section.self).cases
        for item in cases {
            if let entry = item.entry_hex {
                #expect(MerkleHashing.leaf(try #require([UInt8](hex: entry))).description == item.hash, "\(item.desc)")
            } else if let left = item.left_hex, let right = item.right_hex {
                let bytes = try #require([UInt8](hex: left + right))
                #expect(MerkleHashing.node(bytes).description == item.hash, "\(item.desc)")
            } else {
                #expect(MerkleHashing.emptyRoot.description == item.hash, "\(item.desc)")
            }
        }
        #expect(cases.count == 4)
    }

    @Test func rootsAndNodesOfSmallTreesAreThePublishedOnes() throws {
        let tree = try SharedVectors.load("rfc6962_tree", as: Tree.self)
        let leaves = try tree.leaf_inputs_hex.map { try #require([UInt8](hex: $0)) }
        for (size, root) in tree.roots_by_size_0_to_8.enumerated() {
            #expect(GrownTree(leaves.prefix(size)).builder.root.description == root)
        }
        var merkle = GrownTree(leaves).merkle
        for (height, nodes) in tree.node_hashes_by_level.enumerated() {
            for (i, node) in nodes.enumerated() {
                let low = UInt64(i) << UInt64(height)
                #expect(try merkle.subtree(low, low + 1 << UInt64(height)).description == node)
            }
        }
    }

    @Test func proofsOfSmallTreesAreThePublishedOnesAndVerify() throws {
        struct Proofs: Decodable {
            var inclusion: [Inclusion]
            var consistency: [Consistency]
        }
        struct Inclusion: Decodable {
            var index: UInt64
            var size: UInt64
            var proof: [String]
        }
        struct Consistency: Decodable {
            var size1: UInt64
            var size2: UInt64
            var proof: [String]
        }
        let tree = try SharedVectors.load("rfc6962_tree", as: Tree.self)
        let leaves = try tree.leaf_inputs_hex.map { try #require([UInt8](hex: $0)) }
        let proofs = try SharedVectors.load("rfc6962_proofs_all_n_le_8", as: Proofs.self)
        var merkle = GrownTree(leaves).merkle
        for item in proofs.inclusion {
            let proof = try merkle.inclusionProof(of: item.index, in: item.size)
            #expect(proof.map(\.description) == item.proof)
            let root = try merkle.root(at: item.size).bytes
            let leaf = MerkleHashing.leaf(leaves[Int(item.index)]).bytes
            #expect(ProofVerification.includes(leaf: leaf, index: item.index, size: item.size, proof: proof.map(\.bytes), root: root))
        }
        for item in proofs.consistency {
            let proof = try merkle.consistencyProof(from: item.size1, to: item.size2)
            #expect(proof.map(\.description) == item.proof)
            let (old, new) = (try merkle.root(at: item.size1).bytes, try merkle.root(at: item.size2).bytes)
            #expect(
                ProofVerification.extends(oldSize: item.size1, newSize: item.size2, oldRoot: old, newRoot: new, proof: proof.map(\.bytes)))
        }
        #expect(proofs.inclusion.count == 36 && proofs.consistency.count == 36)
    }

    @Test func everyPublishedProbeIsJudgedAsItShouldBe() throws {
        struct Probes: Decodable {
            var inclusion: [Inclusion]
            var consistency: [Consistency]
        }
        struct Inclusion: Decodable {
            var leafIdx: UInt64
            var treeSize: UInt64
            var root: Data?
            var leafHash: Data?
            var proof: [Data]?
            var wantErr: Bool
            var file: String
        }
        struct Consistency: Decodable {
            var size1: UInt64
            var size2: UInt64
            var root1: Data?
            var root2: Data?
            var proof: [Data]?
            var wantErr: Bool
            var file: String
        }
        let probes = try SharedVectors.load("proof_probes", as: Probes.self)
        for item in probes.inclusion {
            let isValid = ProofVerification.includes(
                leaf: Array(item.leafHash ?? Data()), index: item.leafIdx, size: item.treeSize, proof: (item.proof ?? []).map { Array($0) },
                root: Array(item.root ?? Data()))
            #expect(isValid == !item.wantErr, "\(item.file)")
        }
        for item in probes.consistency {
            let isValid = ProofVerification.extends(
                oldSize: item.size1, newSize: item.size2, oldRoot: Array(item.root1 ?? Data()), newRoot: Array(item.root2 ?? Data()),
                proof: (item.proof ?? []).map { Array($0) })
            #expect(isValid == !item.wantErr, "\(item.file)")
        }
        #expect(probes.inclusion.count == 98 && probes.consistency.count == 98)
    }

    @Test func largeTreesHaveThePublishedRootsTilesAndProofs() throws {
        struct Large: Decodable {
            var roots: [String: String]
            var tree_300_tiles_sha256: [String: String]
        }
        let large = try SharedVectors.load("generated_large_trees", as: Large.self)
        let tree = GrownTree((0..<70_000).lazy.map { Array("leaf \($0)".utf8) })
        var merkle = tree.merkle
        for (size, root) in large.roots { #expect(try merkle.root(at: try #require(UInt64(size))).description == root, "size \(size)") }
        #expect(tree.full.keys.count { $0.level == 0 } == 273 && tree.full.keys.count { $0.level == 1 } == 1)
        #expect((0...2).map { tree.builder.partialTile(level: $0).count / 32 } == [112, 17, 1])
        for (old, new) in [(1, 70_000), (256, 65_537), (255, 300), (65_536, 70_000), (69_999, 70_000)] as [(UInt64, UInt64)] {
            let proof = try merkle.consistencyProof(from: old, to: new).map(\.bytes)
            let (oldRoot, newRoot) = (try merkle.root(at: old).bytes, try merkle.root(at: new).bytes)
            #expect(ProofVerification.extends(oldSize: old, newSize: new, oldRoot: oldRoot, newRoot: newRoot, proof: proof))
        }
        let small = GrownTree((0..<300).map { Array("leaf \($0)".utf8) })
        let tiles = [
            "tile/0/000": small.full[Tile.Name(level: 0, index: 0)], "tile/0/001.p/44": small.builder.partialTile(level: 0),
        ]
        for (path, body) in tiles {
            #expect(MerkleHashing.sha256(try #require(body)).description == large.tree_300_tiles_sha256[path])
        }
        #expect(large.tree_300_tiles_sha256["tile/1/000.p/1"]?.hasPrefix(hex(small.builder.partialTile(level: 1))) == true)
    }

    /// The published digests include empty ranges, whose hash is the empty tree's and whose proof is empty.
    @Test func subtreesAndTheirProofsHaveThePublishedDigests() throws {
        struct Subtrees: Decodable {
            var subtree_hash: String
            var subtree_inclusion: String
            var subtree_consistency: String
        }
        let published = try SharedVectors.load("subtree_rolling_hashes", as: Subtrees.self)
        let leaves = (0..<130).map { [UInt8($0)] }
        var merkle = GrownTree(leaves).merkle
        func isSubtree(_ low: UInt64, _ high: UInt64) -> Bool {
            var span: UInt64 = 1
            while span < high - low { span *= 2 }
            return low % span == 0
        }
        func line(_ head: String, _ proof: [TreeHash]) -> String { ([head] + proof.map(\.description)).joined(separator: " ") + "\n" }
        var hashes = ""
        var inclusion = ""
        for high in 0...130 as ClosedRange<UInt64> {
            for low in 0...high where isSubtree(low, high) {
                let hash = low == high ? MerkleHashing.emptyRoot : try merkle.subtree(low, high)
                hashes += "[\(low), \(high)) \(hash)\n"
                var part = GrownTree(leaves[Int(low)..<Int(high)]).merkle
                for index in low..<high {
                    inclusion += line("\(index) [\(low), \(high))", try part.inclusionProof(of: index - low, in: high - low))
                }
            }
        }
        #expect(MerkleHashing.sha256(Array(hashes.utf8)).description == published.subtree_hash)
        #expect(MerkleHashing.sha256(Array(inclusion.utf8)).description == published.subtree_inclusion)
        var consistency = ""
        for size in 0...130 as ClosedRange<UInt64> {
            for high in 0...size {
                for low in 0...high where isSubtree(low, high) {
                    consistency += line(
                        "[\(low), \(high)) \(size)", low == high ? [] : try merkle.subtreeProof(low: low, high: high, in: size))
                }
            }
        }
        #expect(MerkleHashing.sha256(Array(consistency.utf8)).description == published.subtree_consistency)
    }

    @Test func tilePathsAreThePublishedOnes() throws {
        struct Paths: Decodable {
            var cases: [Tree]
            var entries: [Entry]
            struct Tree: Decodable {
                var level: Int
                var index: UInt64
                var width: Int
                var path: String
            }
            struct Entry: Decodable {
                var seq: UInt64
                var size: UInt64
                var path: String
            }
        }
        let paths = try SharedVectors.load("tile_paths", as: Paths.self)
        for item in paths.cases { #expect(Tile.path(level: item.level, index: item.index, width: item.width) == item.path) }
        for item in paths.entries { #expect(Tile.entriesPath(entry: item.seq, size: item.size) == item.path) }
        #expect(paths.cases.count == 6 && paths.entries.count == 5)
    }
}

@Suite struct TreeBuilderTests {
    @Test(arguments: [0, 1, 2, 255, 256, 257, 511, 512, 513, 1_000]) func aTreeTakenUpFromItsTilesGrowsAsIfNeverPutDown(size: Int) throws {
        let leaves = (0..<size).map { Array("leaf \($0)".utf8) }
        let tree = GrownTree(leaves)
        let tail = leaves[(size / 256 * 256)...].map { MerkleHashing.leaf($0) }
        var resumed = try TreeBuilder(size: UInt64(size), tiles: tree, tail: tail)
        var whole = tree.builder
        #expect(resumed.root == whole.root)
        for i in 0..<600 {
            let leaf = MerkleHashing.leaf(Array("more \(i)".utf8))
            resumed.append(leaf)
            whole.append(leaf)
        }
        #expect(resumed.root == whole.root)
        let (a, b) = (resumed.takeFullTiles(), whole.takeFullTiles())
        #expect(a.map(\.name) == b.map(\.name) && a.map(\.body) == b.map(\.body))
    }

    @Test func aMissingTileIsSaidAndNotGuessed() {
        struct Nothing: TileReader { func tile(_ name: Tile.Name, width: Int) throws -> [UInt8]? { nil } }
        #expect(throws: TreeError.tileMissing(Tile.Name(level: 1, index: 0))) { try TreeBuilder(size: 256, tiles: Nothing(), tail: []) }
        var merkle = MerkleTree(size: 5, tiles: Nothing())
        #expect(throws: TreeError.tileMissing(Tile.Name(level: 0, index: 0))) { try merkle.inclusionProof(of: 1, in: 5) }
        #expect(throws: TreeError.sizeOutOfRange) { try merkle.root(at: 6) }
    }
}
