/// `proofs/`: inclusion proofs as C2SP `tlog-proof` files, each complete in itself, so that a single entry can be shown to somebody.
struct PackageProofs {
    private let note: String
    private let size: UInt64
    private var tree: MerkleTree

    init(reader: any LogReader, size: UInt64, note: String) {
        self.note = note
        self.size = size
        tree = MerkleTree(size: size, tiles: reader)
    }

    func write(_ indexes: [UInt64], into folder: PackageFolder) throws {
        var tree = tree
        for index in indexes {
            let proof = InclusionProofText(index: index, proof: try tree.inclusionProof(of: index, in: size), checkpoint: note)
            try folder.write(PackageLayout.proof(index), Array(proof.text.utf8))
        }
    }
}
