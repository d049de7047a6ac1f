import Foundation
import Testing
import WaybillLedger

@Suite(.enabled(if: SharedVectors.areThere, "shared/reference/tlog-vectors.json is missing")) struct NoteVectorTests {
    struct SignedNotes: Decodable {
        var seed_hex: String
        var vkey: String
        var vkey2: String
        var text: String
        var sig_line_1: String
        var signed_note_two_sigs: String
        var enoch_seed_hex: String
        var malformed: [String]
        var malformed_bytes_hex: [String]
        var bad_vkeys: [String]
    }

    private func notes() throws -> SignedNotes { try SharedVectors.load("signed_note") }

    @Test func signingGivesThePublishedNote() throws {
        let vectors = try notes()
        let neumann = try NoteSigner(name: "PeterNeumann", seed: try #require([UInt8](hex: vectors.seed_hex)))
        let enoch = try NoteSigner(name: "EnochRoot", seed: try #require([UInt8](hex: vectors.enoch_seed_hex)))
        #expect(neumann.verifier.vkey == vectors.vkey)
        #expect(enoch.verifier.vkey == vectors.vkey2)
        #expect(try SignedNote(signing: vectors.text, by: [neumann]).string == vectors.text + "\n" + vectors.sig_line_1)
        #expect(try SignedNote(signing: vectors.text, by: [neumann, enoch]).string == vectors.signed_note_two_sigs)
    }

    @Test func theNoteVerifiesForEachKeyAndNoOther() throws {
        let vectors = try notes()
        let note = try SignedNote(Array(vectors.signed_note_two_sigs.utf8))
        let (one, two) = (try #require(NoteVerifier(vectors.vkey)), try #require(NoteVerifier(vectors.vkey2)))
        #expect(note.text == vectors.text)
        #expect(try note.verified(by: [one]).map(\.name) == ["PeterNeumann"])
        #expect(try note.verified(by: [two, one]).map(\.name) == ["PeterNeumann", "EnochRoot"])
        let stranger = try NoteSigner(name: "PeterNeumann", seed: [UInt8](repeating: 3, count: 32)).verifier
        #expect(throws: NoteError.unsigned) { try note.verified(by: [stranger]) }
        #expect(throws: NoteError.unsigned) { try note.verified(by: []) }
        let changed = try SignedNote(Array(vectors.signed_note_two_sigs.replacing("answer", with: "anwser").utf8))
        #expect(throws: NoteError.badSignature) { try changed.verified(by: [one, two]) }
    }

    @Test func malformedNotesAndKeysAreRefused() throws {
        let vectors = try notes()
        for text in vectors.malformed {
            #expect(throws: NoteError.malformed, "\(text.debugDescription)") { try SignedNote(Array(text.utf8)) }
        }
        for text in vectors.malformed_bytes_hex {
            let bytes = try #require([UInt8](hex: text))
            #expect(throws: NoteError.malformed) { try SignedNote(bytes) }
        }
        for vkey in vectors.bad_vkeys { #expect(NoteVerifier(vkey) == nil, "\(vkey)") }
        #expect(vectors.malformed.count == 6 && vectors.malformed_bytes_hex.count == 1 && vectors.bad_vkeys.count == 2)
        #expect(throws: NoteError.malformed) { try SignedNote(signing: "no newline", by: []) }
        #expect(throws: NoteError.malformed) { try SignedNote(signing: "tab\t\n", by: []) }
    }

    @Test func theExampleOfTheSpecificationVerifies() throws {
        struct Example: Decodable {
            var vkey: String
            var note: String
        }
        let example = try SharedVectors.load("signed_note_c2sp_example", as: Example.self)
        #expect(try SignedNote(Array(example.note.utf8)).verified(by: [try #require(NoteVerifier(example.vkey))]).count == 1)
    }

    @Test func aCheckpointOfTheGoChecksumDatabaseVerifiesAndReads() throws {
        struct Production: Decodable {
            var vkey: String
            var checkpoint: String
        }
        let item = try SharedVectors.load("checkpoint_sumdb_production", as: Production.self)
        let note = try SignedNote(Array(item.checkpoint.utf8))
        #expect(try note.verified(by: [try #require(NoteVerifier(item.vkey))]).count == 1)
        let checkpoint = try #require(Checkpoint(text: note.text))
        #expect(checkpoint.origin == "go.sum database tree" && checkpoint.size == 35_225_469)
        #expect(checkpoint.text == note.text)
    }

    @Test func treesFormatAsGoFormatsThem() throws {
        struct Go: Decodable {
            var record_hash_hello_world_b64: String
            var format_tree: String
        }
        let item = try SharedVectors.load("go_tlog_text", as: Go.self)
        let hash = MerkleHashing.leaf(Array("hello world".utf8))
        #expect(Base64.encode(hash.bytes) == item.record_hash_hello_world_b64)
        #expect(Checkpoint(origin: "go.sum database tree", size: 123_456_789_012, root: hash).text == item.format_tree)
    }

    struct Golden: Decodable {
        var vkey: String
        var seed_hex: String
        var entries_utf8: [String]
        var checkpoints: [String: String]
        var tiles_hex: [String: String]
        var entry_bundles_hex: [String: String]
    }

    @Test func theGoldenTiledLogIsReproducedByteForByte() throws {
        let golden = try SharedVectors.load("golden_tiled_log_tessera", as: Golden.self)
        let signer = try NoteSigner(name: "example.com/log/testdata", seed: try #require([UInt8](hex: golden.seed_hex)))
        #expect(signer.verifier.vkey == golden.vkey)
        let entries = golden.entries_utf8.map { Array($0.utf8) }
        for size in 0...15 {
            let tree = GrownTree(entries.prefix(size))
            let checkpoint = Checkpoint(origin: signer.verifier.name, size: UInt64(size), root: tree.builder.root)
            #expect(try checkpoint.signed(by: [signer]).string == golden.checkpoints["\(size)"])
            guard size > 0 else { continue }
            let path = Tile.path(level: 0, index: 0, width: size)
            if let tile = golden.tiles_hex[path] { #expect(hex(tree.builder.partialTile(level: 0)) == tile) }
            let bundlePath = Tile.entriesPath(entry: UInt64(size - 1), size: UInt64(size))
            if let bundle = golden.entry_bundles_hex[bundlePath] {
                let bytes = try #require(Tile.bundle(entries.prefix(size)))
                #expect(hex(bytes) == bundle)
                #expect(Tile.entries(ofBundle: bytes) == Array(entries.prefix(size)))
            }
        }
        #expect(golden.checkpoints.count == 16 && golden.tiles_hex.count == 3 && golden.entry_bundles_hex.count == 2)
    }

    @Test func proofTextsAreReadAndWrittenAndBadOnesRefused() throws {
        struct Proofs: Decodable {
            var valid: String
            var bad: [String]
            var generated_full: String
        }
        let proofs = try SharedVectors.load("tlog_proof", as: Proofs.self)
        let valid = try #require(InclusionProofText(proofs.valid))
        #expect(valid.index == 5 && valid.proof.count == 2 && valid.checkpoint == "test checkpoint\n" && valid.text == proofs.valid)
        for text in proofs.bad { #expect(InclusionProofText(text) == nil, "\(text.debugDescription)") }
        #expect(proofs.bad.count == 6)

        let golden = try SharedVectors.load("golden_tiled_log_tessera", as: Golden.self)
        let full = try #require(InclusionProofText(proofs.generated_full))
        let note = try SignedNote(Array(full.checkpoint.utf8))
        #expect(try note.verified(by: [try #require(NoteVerifier(golden.vkey))]).count == 1)
        let checkpoint = try #require(Checkpoint(text: note.text))
        let leaf = MerkleHashing.leaf(Array("three".utf8)).bytes
        let proof = full.proof.map(\.bytes)
        #expect(ProofVerification.includes(leaf: leaf, index: full.index, size: checkpoint.size, proof: proof, root: checkpoint.root.bytes))
        #expect(full.text == proofs.generated_full)
    }

    @Test func cosignaturesOfWitnessesVerify() throws {
        struct Cosignature: Decodable {
            var vkey: String
            var checkpoint: String
            var vkey_witness: String
            var checkpoint_witness: String
        }
        let item = try SharedVectors.load("cosignature_ed25519_v1", as: Cosignature.self)
        for (vkey, text) in [(item.vkey, item.checkpoint), (item.vkey_witness, item.checkpoint_witness)] {
            let verifier = try #require(NoteVerifier(vkey))
            #expect(verifier.algorithm == .cosignature && verifier.vkey == vkey)
            #expect(try SignedNote(Array(text.utf8)).verified(by: [verifier]).map(\.name) == [verifier.name])
            let changed = try SignedNote(Array(text.replacing("\n300\n", with: "\n301\n").utf8))
            #expect(throws: NoteError.badSignature) { try changed.verified(by: [verifier]) }
        }
    }
}
