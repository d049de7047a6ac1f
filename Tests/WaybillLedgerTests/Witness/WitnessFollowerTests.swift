import Foundation
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite("Witnesses that follow a log") struct WitnessFollowerTests {
    private final class Heard: Sendable {
        private let news = Mutex<[WitnessFollower.News]>([])
        func add(_ one: WitnessFollower.News) { news.withLock { $0.append(one) } }
        var all: [WitnessFollower.News] { news.withLock { $0 } }
    }

    /// A log that can grow, and two witnesses of it.
    private final class Scene {
        let fixture = LogFixture()
        let clock = ManualClock()
        let book = MemoryWitnessBook()
        let one: FakeWitness
        let two: FakeWitness
        let news = Heard()
        var number: UInt64 = 0

        init() throws {
            let logs = try LogKeys.testing().signers(origin: "acme.example/waybill").map(\.verifier)
            one = try FakeWitness("w1.example", seed: 31, logs: logs, clock: clock)
            two = try FakeWitness("w2.example", seed: 32, logs: logs, clock: clock)
            try grow()
        }

        func grow() throws {
            let log = try fixture.open()
            number += 1
            log.record(.testing(number), ticket: number, for: fixture.listener)
            #expect(fixture.listener.wait(for: 1))
            log.close()
        }

        var size: UInt64 { fixture.store.contents.checkpoints.last?.size ?? 0 }

        func follower() -> WitnessFollower {
            WitnessFollower(
                [one.witness, two.witness], memory: book, transport: FakeWitnesses(all: [one, two]), clock: clock,
                told: { [news] one in news.add(one) })
        }

        func turn(_ follower: WitnessFollower, after milliseconds: Int64 = 10_000) throws {
            clock.advance(milliseconds: milliseconds)
            try follower.turn(fixture.store)
        }
    }

    @Test func everyNewCheckpointIsCosignedByAllAndTheNoteVerifiesForEach() throws {
        let scene = try Scene()
        let follower = scene.follower()
        for round in 0..<3 {
            try scene.turn(follower)
            let cosigned = try #require(follower.cosigned)
            #expect(cosigned.size == scene.size && scene.one.size == scene.size && scene.two.size == scene.size)
            let note = try SignedNote(Array(cosigned.note.utf8))
            #expect(try note.verified(by: [scene.one.verifier, scene.two.verifier]).count == 2)
            #expect(try note.verified(by: LogKeys.testing().signers(origin: cosigned.origin).map(\.verifier)).count == 1)
            #expect(scene.one.posts == round + 1)
            try scene.grow()
        }
        #expect(follower.standings.allSatisfy { !$0.isStale && $0.fault == nil })
    }

    @Test func aLogAtRestIsCosignedNowAndThenAndNotAtEveryTurn() throws {
        let scene = try Scene()
        let follower = scene.follower()
        for _ in 0..<60 { try scene.turn(follower) }
        #expect((6...12).contains(scene.one.posts))
        #expect(follower.standings.allSatisfy { !$0.isStale })
    }

    @Test func whatWasLearntSurvivesARestartAndWhatWasNotIsAskedFor() throws {
        let scene = try Scene()
        try scene.turn(scene.follower())
        try scene.grow()
        let next = scene.follower()
        try scene.turn(next)
        #expect(scene.one.posts == 2 && next.cosigned?.size == scene.size)
        // The book is gone: the witness answers 409 with its size, and the second question fits.
        try scene.grow()
        try scene.book.write(WitnessBook())
        let third = scene.follower()
        try scene.turn(third)
        #expect(scene.one.posts == 4 && scene.one.size == scene.size && third.cosigned?.size == scene.size)
    }

    @Test func aWitnessThatIsAwayIsToldOfOnceAndTheOthersGoOnWithoutIt() throws {
        let scene = try Scene()
        let follower = scene.follower()
        try scene.turn(follower)
        let before = try #require(follower.cosigned)
        scene.two.behave(.away)
        try scene.grow()
        try scene.turn(follower)
        // It is not stale yet: the checkpoint that both cosigned is still the one to show.
        #expect(follower.cosigned == before)
        for _ in 0..<40 { try scene.turn(follower) }
        #expect(scene.news.all.count == 1)
        guard case .stale("w2.example", .unreachable) = scene.news.all[0] else { return #expect(Bool(false)) }
        #expect(follower.standings.map(\.isStale) == [false, true])
        #expect(follower.cosigned?.size == scene.size)
        #expect(try SignedNote(Array(follower.cosigned?.note.utf8 ?? "".utf8)).signatures.count == 2)
        // Asked ever less often while away.
        #expect(scene.two.posts < 12)

        scene.two.behave(.honest)
        for _ in 0..<8 { try scene.turn(follower) }
        #expect(scene.news.all.last == .back(name: "w2.example"))
        #expect(follower.standings.map(\.isStale) == [false, false])
        #expect(try SignedNote(Array(follower.cosigned?.note.utf8 ?? "".utf8)).signatures.count == 3)
    }

    @Test func withoutAnyWitnessTheCosignedCheckpointIsNotShownAnyMore() throws {
        let scene = try Scene()
        let follower = scene.follower()
        try scene.turn(follower)
        scene.one.behave(.away)
        scene.two.behave(.answers(status: 500, body: ""))
        for _ in 0..<40 { try scene.turn(follower) }
        #expect(follower.cosigned == nil)
        #expect(scene.news.all.count == 2)
    }

    @Test func aWitnessThatHasSeenMoreIsEvidenceAndToldAtOnce() throws {
        let scene = try Scene()
        let early = scene.fixture.store.contents
        try scene.grow()
        let follower = scene.follower()
        try scene.turn(follower)
        // Rolled back behind everybody's back.
        scene.fixture.store.contents = early
        try scene.turn(follower)
        try scene.turn(follower, after: 60_000)
        let told = scene.news.all
        #expect(told.count == 2 && told.contains(.evidence(name: "w1.example", .isAhead(size: scene.one.size))))
        #expect(follower.standings.allSatisfy { $0.fault?.isEvidence == true })
    }

    @Test func aFalseCosignatureIsNotTaken() throws {
        let scene = try Scene()
        scene.one.behave(.lies)
        let follower = scene.follower()
        try scene.turn(follower)
        #expect(follower.standings.map(\.fault) == [.badSignature, nil] && follower.cosigned == nil)
    }

    @Test func onceStoppedNobodyIsAskedOrBlamed() throws {
        let scene = try Scene()
        let follower = scene.follower()
        try scene.turn(follower)
        try scene.grow()
        follower.stop()
        try scene.turn(follower)
        #expect(scene.one.posts == 1 && follower.standings.allSatisfy { $0.fault == nil })
    }

    @Test func aClockSetBackDoesNotKeepWitnessesUnasked() throws {
        let scene = try Scene()
        let follower = scene.follower()
        try scene.turn(follower)
        try scene.grow()
        try scene.turn(follower, after: -7_200_000)
        #expect(scene.one.size == scene.size)
    }

    @Test func theShownCheckpointNeverShrinks() {
        func newest(_ size: UInt64, _ origin: String = "a") -> StoredCheckpoint {
            StoredCheckpoint(origin: origin, size: size, note: "\(origin)\(size)", keep: false)
        }
        func cosigned(_ size: UInt64, _ origin: String = "a") -> CosignedCheckpoint {
            CosignedCheckpoint(origin: origin, size: size, note: "\(origin)\(size)+w", time: Timestamp(seconds: 0))
        }
        var shown = ServedCheckpoint()
        let steps: [(StoredCheckpoint, CosignedCheckpoint?, String)] = [
            (newest(10), nil, "a10"), (newest(12), cosigned(11), "a11+w"), (newest(13), cosigned(13), "a13+w"),
            (newest(20), nil, "a20"), (newest(21), cosigned(15), "a20"), (newest(22), cosigned(22), "a22+w"),
            // A note of another log, or of more than there is, is none of this log's.
            (newest(23), cosigned(30), "a23"), (newest(24), cosigned(24, "b"), "a24"), (newest(3, "a/r1"), nil, "a/r13"),
        ]
        for (newest, cosigned, expected) in steps { #expect(shown.next(newest: newest, cosigned: cosigned) == expected) }
    }
}
