import Crypto
import Foundation
import Synchronization
import WaybillCore
import WaybillLedger

/// A witness that does what C2SP `tlog-witness` asks of one, in memory, and can be told to misbehave.
final class FakeWitness: WitnessTransport {
    enum Manner: Sendable, Equatable {
        case honest
        case away
        case answers(status: Int, body: String)
        /// Signs something else.
        case lies
    }
    private struct State {
        var manner = Manner.honest
        var size: UInt64 = 0
        var root: TreeHash?
        var posts = 0
    }

    let verifier: NoteVerifier
    private let key: Curve25519.Signing.PrivateKey
    private let logs: [NoteVerifier]
    private let clock: any WallClock
    private let state = Mutex(State())

    init(_ name: String, seed: UInt8, logs: [NoteVerifier], clock: any WallClock) throws {
        key = try Curve25519.Signing.PrivateKey(rawRepresentation: [UInt8](repeating: seed, count: 32))
        verifier = NoteVerifier(name: name, algorithm: .cosignature, key: key.publicKey)
        self.logs = logs
        self.clock = clock
    }

    var witness: Witness { Witness(verifier: verifier, url: "https://\(verifier.name)") }
    var posts: Int { state.withLock { $0.posts } }
    var size: UInt64 { state.withLock { $0.size } }
    func stop() { behave(.away) }
    func behave(_ manner: Manner) { state.withLock { $0.manner = manner } }

    func post(_ url: String, _ body: [UInt8]) throws(WitnessFault) -> (status: Int, body: [UInt8]) {
        let answer = state.withLock { state -> (status: Int, body: [UInt8])? in
            state.posts += 1
            switch state.manner {
            case .away: return nil
            case .answers(let status, let text): return (status, Array(text.utf8))
            case .honest, .lies: return judge(body, &state)
            }
        }
        guard let answer else { throw .unreachable("\(url) does not accept connections; check that it runs.") }
        return answer
    }

    private func judge(_ body: [UInt8], _ state: inout State) -> (status: Int, body: [UInt8]) {
        guard let request = ConsistencyProofText(String(decoding: body, as: UTF8.self)),
            let (note, checkpoint) = try? LogProofs.read(request.checkpoint)
        else { return (400, []) }
        guard logs.contains(where: { $0.name == checkpoint.origin }) else { return (404, []) }
        do { _ = try note.verified(by: logs) } catch { return (403, []) }
        guard request.old <= checkpoint.size else { return (400, []) }
        guard request.old == state.size else { return (409, Array("\(state.size)\n".utf8)) }
        if let root = state.root, state.size > 0 {
            if state.size == checkpoint.size {
                guard root == checkpoint.root else { return (409, Array("\(state.size)\n".utf8)) }
            } else {
                guard
                    ProofVerification.extends(
                        oldSize: state.size, newSize: checkpoint.size, oldRoot: root.bytes, newRoot: checkpoint.root.bytes,
                        proof: request.proof.map(\.bytes))
                else { return (422, []) }
            }
        } else if !request.proof.isEmpty {
            return (422, [])
        }
        (state.size, state.root) = (checkpoint.size, checkpoint.root)
        guard let line = sign(state.manner == .lies ? "something else\n" : note.text) else { return (500, []) }
        return (200, Array(line.utf8))
    }

    func sign(_ text: String) -> String? {
        let seconds = UInt64(clock.now().milliseconds / 1_000)
        let time = (0..<8).map { UInt8(truncatingIfNeeded: seconds >> UInt64(56 - 8 * $0)) }
        guard let signature = try? key.signature(for: Array("cosignature/v1\ntime \(seconds)\n\(text)".utf8)) else { return nil }
        return NoteSignature(name: verifier.name, hash: verifier.hash, body: time + Array(signature)).line
    }
}

/// Several witnesses behind one transport, by their URL.
struct FakeWitnesses: WitnessTransport {
    let all: [FakeWitness]
    func post(_ url: String, _ body: [UInt8]) throws(WitnessFault) -> (status: Int, body: [UInt8]) {
        guard let found = all.first(where: { url == $0.witness.url + "/add-checkpoint" }) else { throw .unreachable("no such witness.") }
        return try found.post(url, body)
    }

    func stop() { for witness in all { witness.stop() } }
}

final class MemoryWitnessBook: WitnessMemory {
    private let book = Mutex(WitnessBook())
    func read() throws -> WitnessBook { book.withLock { $0 } }
    func write(_ book: WitnessBook) throws { self.book.withLock { $0 = book } }
}
