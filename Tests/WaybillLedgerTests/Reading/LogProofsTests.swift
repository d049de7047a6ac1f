import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite("Proofs and tiles from a store") struct LogProofsTests {
    /// A closed log of over two tiles, with checkpoints kept at the ends of three epochs.
    private static let grown: Result<(LogFixture, [[UInt8]]), any Error> = Result {
        let fixture = LogFixture()
        for epoch in 0..<3 {
            let log = try fixture.open()
            for i in 0..<200 { log.record(.testing(UInt64(epoch * 1_000 + i)), ticket: UInt64(i), for: fixture.listener) }
            guard fixture.listener.wait(for: 200) else { throw CancellationError() }
            log.close()
        }
        var entries = [[UInt8]]()
        try fixture.store.forEachEntry(from: 0) { entries.append(Array($1)) }
        return (fixture, entries)
    }

    @Test func everyTileAndBundleIsWhatTheEntriesMakeIt() throws {
        let (fixture, entries) = try Self.grown.get()
        let size = UInt64(entries.count)
        let tree = GrownTree(entries)
        #expect(size > 512)
        for index in 0..<(size + 255) / 256 {
            let low = Int(index) * 256
            let width = min(256, entries.count - low)
            for width in Set([width, 1, width / 2]) where width > 0 {
                let tile = try LogProofs.bytes(of: .tile(.init(level: 0, index: index), width: width), size: size, from: fixture.store)
                #expect(tile == entries[low..<low + width].flatMap { MerkleHashing.leaf($0).bytes })
                let bundle = try LogProofs.bytes(of: .entries(bundle: index, width: width), size: size, from: fixture.store)
                #expect(bundle.flatMap { Tile.entries(ofBundle: $0) } == Array(entries[low..<low + width]))
            }
        }
        let upper = try LogProofs.bytes(of: .tile(.init(level: 1, index: 0), width: 2), size: size, from: fixture.store)
        var merkle = tree.merkle
        #expect(try upper == merkle.subtree(0, 256).bytes + merkle.subtree(256, 512).bytes)
    }

    @Test func nothingBeyondTheSizeIsGiven() throws {
        let (fixture, entries) = try Self.grown.get()
        let size = UInt64(entries.count)
        for request in [
            TileRequest.entries(bundle: size / 256, width: Int(size % 256) + 1),
            .tile(.init(level: 1, index: 0), width: Int(size / 256) + 1),
        ] {
            #expect(try LogProofs.bytes(of: request, size: size, from: fixture.store) == nil)
        }
        // The store holds more than the checkpoint says.
        #expect(try LogProofs.bytes(of: .entries(bundle: 0, width: 41), size: 40, from: fixture.store) == nil)
        #expect(try LogProofs.bytes(of: .entries(bundle: 0, width: 40), size: 40, from: fixture.store) != nil)
    }

    @Test func everyEntryIsProvedAndNoOtherPassesForIt() throws {
        let (fixture, entries) = try Self.grown.get()
        let proofs = LogProofs(reader: fixture.store)
        let note = try proofs.checkpoint()
        let (_, checkpoint) = try LogProofs.read(note)
        #expect(checkpoint.size == UInt64(entries.count))
        for index in [0, 1, 255, 256, 300, 511, 512, entries.count - 1] {
            let (proof, entry) = try proofs.inclusion(of: UInt64(index), in: note)
            #expect(entry == entries[index])
            let read = try #require(InclusionProofText(proof.text))
            #expect(read == proof && read.checkpoint == note)
            for (other, holds) in [(entry, true), (entry.dropLast() + [0x20], false), (entries[(index + 1) % entries.count], false)] {
                #expect(
                    ProofVerification.includes(
                        leaf: MerkleHashing.leaf(Array(other)).bytes, index: read.index, size: checkpoint.size,
                        proof: read.proof.map(\.bytes), root: checkpoint.root.bytes) == holds)
            }
        }
    }

    @Test func theLogOnlyGrewBetweenAnyTwoSizes() throws {
        let (fixture, entries) = try Self.grown.get()
        let proofs = LogProofs(reader: fixture.store)
        let kept = fixture.store.contents.checkpoints.map(\.size)
        #expect(kept.count >= 3)
        for size in kept {
            let note = try proofs.checkpoint(ofSize: size)
            let (_, checkpoint) = try LogProofs.read(note)
            for old in [0, 1, 2, 128, 200] as [UInt64] where old <= size {
                let read = try #require(ConsistencyProofText(try proofs.consistency(from: old, to: note).text))
                #expect(read.old == old && read.checkpoint == note)
                guard old > 0 else { continue }
                let root = GrownTree(entries.prefix(Int(old))).builder.root
                #expect(
                    ProofVerification.extends(
                        oldSize: old, newSize: size, oldRoot: root.bytes, newRoot: checkpoint.root.bytes, proof: read.proof.map(\.bytes)))
            }
        }
    }

    @Test func whatCannotBeProvedIsSaidWithARemedy() throws {
        let (fixture, entries) = try Self.grown.get()
        let proofs = LogProofs(reader: fixture.store)
        let note = try proofs.checkpoint()
        let beyond = #expect(throws: ProofError.self) { try proofs.inclusion(of: UInt64(entries.count), in: note) }
        #expect(beyond?.message.contains("covers \(entries.count); name an earlier entry") == true)
        #expect(throws: ProofError.self) { try proofs.consistency(from: UInt64(entries.count) + 1, to: note) }
        let unkept = #expect(throws: ProofError.self) { try proofs.checkpoint(ofSize: 3) }
        #expect(unkept?.message.contains("the nearest are of \(fixture.store.contents.checkpoints[0].size)") == true)
        let empty = #expect(throws: ProofError.self) { try LogProofs(reader: MemoryLogStore()).checkpoint() }
        #expect(empty?.message.contains("start `waybill serve`") == true)
        // A damaged store gives no proof.
        let damaged = MemoryLogStore(fixture.store.contents)
        damaged.contents.commits[1].body[9] ^= 1
        #expect(throws: ProofError.self) { try LogProofs(reader: damaged).inclusion(of: 1, in: note) }
    }

    @Test(arguments: [
        "", "old 1\n", "old 1\n\n", "old 01\n\nx", "old -1\n\nx", "new 1\n\nx", "old 1\nAAAA\n\nx",
        "old 1\n\(String(repeating: "A", count: 43))=\n",
    ]) func aConsistencyProofOfAnotherFormIsRefused(text: String) { #expect(ConsistencyProofText(text) == nil) }
}
