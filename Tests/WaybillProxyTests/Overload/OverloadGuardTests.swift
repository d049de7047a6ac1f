import NIOCore
import Testing

@testable import WaybillProxy

@Suite("The overload guard sheds a standing queue and works off a burst")
struct OverloadGuardTests {
    /// Limits of the tests: turns of 5 ms, 50 ms of patience, 1 s of recovery.
    private static func limits() -> ProxyLimits {
        var limits = ProxyLimits()
        limits.turnMicrosecondsMax = 5_000
        limits.intakeMicrosecondsMax = 2_000
        limits.overloadPatienceMilliseconds = 50
        limits.overloadRecoveryMilliseconds = 1_000
        limits.exchangesPerLoopMax = 100
        limits.exchangesPerLoopMin = 10
        return limits
    }

    /// Turns of a loop, back to back unless it sleeps.
    enum Step { case turns(Int, milliseconds: Int64), sleep(milliseconds: Int64), sheds }
    struct Case: CustomTestStringConvertible {
        var testDescription: String
        var steps: [Step]
        var sheds: Bool
    }

    static let cases = [
        Case(testDescription: "nothing happens", steps: [], sheds: false),
        Case(testDescription: "short turns at full load", steps: [.turns(10_000, milliseconds: 4)], sheds: false),
        Case(testDescription: "one turn of a second: a burst", steps: [.turns(1, milliseconds: 40)], sheds: false),
        Case(
            testDescription: "a burst worked off in 48 ms", steps: [.turns(8, milliseconds: 6), .turns(1, milliseconds: 1)], sheds: false),
        Case(testDescription: "turns of 6 ms for 54 ms", steps: [.turns(9, milliseconds: 6)], sheds: true),
        Case(
            testDescription: "bursts with short turns between them",
            steps: Array(repeating: [.turns(8, milliseconds: 6), .turns(1, milliseconds: 5)], count: 50).flatMap { $0 }, sheds: false),
        Case(
            testDescription: "bursts with sleep between them",
            steps: Array(repeating: [.turns(8, milliseconds: 6), .sleep(milliseconds: 20)], count: 50).flatMap { $0 }, sheds: false),
        Case(
            testDescription: "a moment of sleep inside a standing queue",
            steps: [.turns(5, milliseconds: 6), .sleep(milliseconds: 1), .turns(5, milliseconds: 6)], sheds: true),
        Case(
            testDescription: "nothing shed for less than the recovery",
            steps: [.turns(9, milliseconds: 6), .turns(990, milliseconds: 1)], sheds: true),
        Case(
            testDescription: "nothing shed for all the recovery",
            steps: [.turns(9, milliseconds: 6), .turns(1_001, milliseconds: 1)], sheds: false),
        Case(
            testDescription: "something was shed before the recovery was over",
            steps: [.turns(9, milliseconds: 6), .turns(900, milliseconds: 1), .sheds, .turns(900, milliseconds: 1)], sheds: true),
    ]

    @Test("What the loop's turns lead to", arguments: cases)
    func turns(_ one: Case) {
        var overload = OverloadGuard(limits: Self.limits())
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for step in one.steps {
            switch step {
            case .sleep(let milliseconds): now = now + .milliseconds(milliseconds)
            case .sheds:
                _ = overload.touch(now: now)
                now = now + .milliseconds(2)
                let isAdmitted = overload.admits(now: now, inFlight: 50)
                #expect(!isAdmitted)
                _ = overload.end(now: now)
            case .turns(let count, let milliseconds):
                for _ in 0..<count {
                    let isFirst = overload.touch(now: now)
                    #expect(isFirst)
                    now = now + .milliseconds(milliseconds)
                    _ = overload.end(now: now)
                }
            }
        }
        #expect(overload.isShedding == one.sheds)
    }

    @Test("A loop that sheds takes in requests at the beginning of each turn, and no others unless few are in flight")
    func partOfATurn() {
        var overload = OverloadGuard(limits: Self.limits())
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        for _ in 0..<9 {
            _ = overload.touch(now: now)
            let isAdmitted = overload.admits(now: now + .milliseconds(6), inFlight: 99)
            #expect(isAdmitted, "not yet shedding: however late in the turn")
            now = now + .milliseconds(6)
            _ = overload.end(now: now)
        }
        #expect(overload.isShedding)
        let touches = [overload.touch(now: now), overload.touch(now: now + .milliseconds(1))]
        #expect(touches == [true, false], "one end for each turn")
        let cases: [(after: TimeAmount, inFlight: Int, isAdmitted: Bool)] = [
            (.zero, 10, true), (.microseconds(1_999), 10, true), (.microseconds(2_000), 10, false), (.seconds(5), 10, false),
            (.seconds(5), 9, true), (.zero, 100, false),
        ]
        for (after, inFlight, expected) in cases {
            let isAdmitted = overload.admits(now: now + after, inFlight: inFlight)
            #expect(isAdmitted == expected, "\(after.nanoseconds) ns, \(inFlight)")
        }
    }

    @Test("Exchanges in flight have a limit of their own, in every state")
    func inFlight() {
        var overload = OverloadGuard(limits: Self.limits())
        let admitted = [99, 100].map { overload.admits(now: .uptimeNanoseconds(1), inFlight: $0) }
        #expect(admitted == [true, false])
    }

    @Test("The end of a turn that nobody began has no length")
    func endAlone() {
        var overload = OverloadGuard(limits: Self.limits())
        let duration = overload.end(now: .uptimeNanoseconds(7))
        #expect(duration == .zero)
        #expect(overload.state == .calm)
    }
}
