import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite("One checkpoint and one witness") struct WitnessExchangeTests {
    private let checkpoint = Checkpoint(origin: "acme.example/waybill", size: 40, root: MerkleHashing.leaf([1]))
    private func witness() throws -> FakeWitness { try FakeWitness("w1.example/one", seed: 3, logs: [], clock: ManualClock()) }

    @Test(.enabled(if: SharedVectors.areThere)) func aPublishedCosignatureIsAccepted() throws {
        struct Section: Decodable {
            var vkey_witness: String
            var checkpoint_witness: String
        }
        let section = try SharedVectors.load("cosignature_ed25519_v1", as: Section.self)
        let (note, checkpoint) = try LogProofs.read(section.checkpoint_witness)
        let witness = try #require(NoteVerifier(section.vkey_witness))
        let line = try #require(note.signatures.first { $0.hash == witness.hash })
        var exchange = WitnessExchange(witness, checkpoint: checkpoint, known: 0)
        #expect(exchange.answered(status: 200, body: Array(line.line.utf8)) == .cosigned(line))
    }

    @Test func itAsksFromWhatIsKnownAndLearnsOnce() throws {
        let witness = try witness()
        var exchange = WitnessExchange(witness.verifier, checkpoint: checkpoint, known: 7)
        #expect(exchange.first == .ask(old: 7))
        #expect(exchange.answered(status: 409, body: Array("12\n".utf8)) == .ask(old: 12))
        #expect(exchange.answered(status: 409, body: Array("13\n".utf8)) == .failed(.refused(status: 409)))
        // A known size beyond the checkpoint is what the witness will say itself.
        #expect(WitnessExchange(witness.verifier, checkpoint: checkpoint, known: 90).first == .ask(old: 40))
    }

    static let answers: [(status: Int, body: String, fault: WitnessFault)] = [
        (409, "41\n", .isAhead(size: 41)), (409, "7\n", .contradicts), (409, "12", .malformed), (409, "012\n", .malformed),
        (409, "-1\n", .malformed), (409, "", .malformed), (409, "99999999999999999999\n", .malformed),
        (409, String(repeating: "1", count: 40) + "\n", .malformed), (422, "", .contradicts), (403, "", .keyUnknown),
        (404, "", .logUnknown), (400, "", .refused(status: 400)), (500, "", .refused(status: 500)), (302, "", .refused(status: 302)),
        (200, "", .malformed), (200, "hello\n", .malformed), (200, "\n", .malformed),
    ]

    @Test(arguments: answers) func everyOtherAnswerIsAFault(status: Int, body: String, fault: WitnessFault) throws {
        var exchange = WitnessExchange(try witness().verifier, checkpoint: checkpoint, known: 7)
        #expect(exchange.answered(status: status, body: Array(body.utf8)) == .failed(fault))
        #expect(fault.message.hasSuffix("."))
    }

    @Test func onlyTheConfiguredKeyOnThisCheckpointCounts() throws {
        let witness = try witness()
        let other = try FakeWitness("w1.example/one", seed: 4, logs: [], clock: ManualClock())
        let (line, foreign) = (try #require(witness.sign(checkpoint.text)), try #require(other.sign(checkpoint.text)))
        let signature = try #require(NoteSignature(line: line.dropLast()))
        func ask(_ body: String) -> WitnessExchange.Action {
            var exchange = WitnessExchange(witness.verifier, checkpoint: checkpoint, known: 0)
            return exchange.answered(status: 200, body: Array(body.utf8))
        }
        #expect(ask(line) == .cosigned(signature))
        #expect(ask(foreign + line) == .cosigned(signature))
        #expect(ask(foreign) == .failed(.otherKey))
        #expect(ask(String(line.dropLast())) == .failed(.malformed))
        let wrong = try #require(witness.sign("acme.example/waybill\n41\n"))
        #expect(ask(wrong) == .failed(.badSignature))
        var timeless = signature
        timeless.body.replaceSubrange(0..<8, with: [UInt8](repeating: 0, count: 8))
        #expect(ask(timeless.line) == .failed(.badSignature))
    }
}
