import FoundationEssentials
import NIOCore
import Testing

@testable import WaybillProxy

/// Our codec beside NIOHTTP1's on generated and damaged messages: ours accepts nothing the oracle refuses and reads nothing differently.
///
/// `WAYBILL_FUZZ_CASES` sets the number of cases a direction, `WAYBILL_FUZZ_SEED` the first seed; a failing case prints its own.
@Suite struct DifferentialFuzzTests {
    private struct Tally {
        var executions = 0
        var heads = 0
        var refusals = 0
        var disagreements = 0
        var explained: [Differential.Explained: Int] = [:]

        mutating func count(_ differential: Differential, refused: Bool) {
            executions += 1
            heads += differential.heads
            refusals += refused ? 1 : 0
            for rule in differential.explained { explained[rule, default: 0] += 1 }
        }

        func report(_ direction: String) {
            let rules = Differential.Explained.allCases.compactMap { rule in explained[rule].map { "\(rule.rawValue) \($0)" } }
            print(
                "differential fuzz, \(direction): \(executions) executions, \(heads) heads accepted, \(refusals) inputs refused, "
                    + "\(disagreements) unexplained disagreements; explained: \(rules.isEmpty ? "none" : rules.joined(separator: ", "))")
        }
    }

    private static let environment = ProcessInfo.processInfo.environment
    private static let cases = environment["WAYBILL_FUZZ_CASES"].flatMap { Int($0) } ?? 20_000
    private static let firstSeed = environment["WAYBILL_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    /// After this many the rest tells nothing new.
    private static let disagreementsMax = 60

    @Test func requestsAreReadAsTheOracleReadsThemOrRefused() {
        let tally = Self.run("requests", generate: MessageGrammar.requests) { pieces, _ in
            Reading.requests(pieces)
        } oracle: { bytes, _ in
            Reading.oracleRequests(bytes)
        }
        #expect(tally.disagreements == 0)
        #expect(tally.heads > tally.executions / 4 && tally.refusals > tally.executions / 20, "the generator lost its balance")
    }

    @Test func answersAreReadAsTheOracleReadsThemOrRefused() {
        let tally = Self.run("answers", generate: MessageGrammar.answer) { pieces, flag in
            Reading.answer(pieces, toHEAD: flag)
        } oracle: { bytes, flag in
            Reading.oracleAnswer(bytes, toHEAD: flag)
        }
        #expect(tally.disagreements == 0)
        #expect(tally.heads > tally.executions / 4 && tally.refusals > tally.executions / 20, "the generator lost its balance")
    }

    /// Each case by its own seed: whole, in pieces, and by the oracle.
    private static func run(
        _ direction: String, generate: (inout FuzzDice) -> [UInt8], ours: ([ArraySlice<UInt8>], Bool) -> Reading,
        oracle: ([UInt8], Bool) -> Reading
    ) -> Tally {
        var tally = Tally()
        for number in 0..<cases {
            let seed = firstSeed &+ UInt64(number)
            var dice = FuzzDice(seed: seed)
            let flag = dice.once(in: 6)
            let bytes = generate(&dice)
            guard !bytes.isEmpty else { continue }
            let whole = ours([bytes[...]], flag)
            let differential = Differential(ours: whole, theirs: oracle(bytes, flag)) {
                ours([bytes[...], Array("\r\n\r\n".utf8)[...]], flag)
            }
            tally.count(differential, refused: whole.refusal != nil)
            var disagreement = differential.disagreement
            if disagreement == nil, ours(ByteDamage.split(bytes, &dice), flag) != whole { disagreement = "pieces change what ours says" }
            guard let disagreement else { continue }
            tally.disagreements += 1
            Issue.record("\(direction), seed \(seed)\(flag ? ", to HEAD" : ""): \(disagreement): \"\(ByteDamage.escaped(bytes))\"")
            if tally.disagreements >= disagreementsMax { break }
        }
        tally.report(direction)
        return tally
    }
}
