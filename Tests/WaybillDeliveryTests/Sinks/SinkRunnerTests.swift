import Synchronization
import Testing
import WaybillCore
import WaybillLedger

@testable import WaybillDelivery

@Suite("What runs a sink")
struct SinkRunnerTests {
    private let clock = MadeClock()
    private let keeping = MadeKeeping()
    private let told = Told()

    private final class Told: Sendable {
        let sentences = Mutex<[String]>([])
    }

    private func runner(_ sink: MadeSink, _ feed: MadeFeed, _ beginning: SinkRunner.Beginning = .start) -> SinkRunner {
        SinkRunner(
            name: "s", sink: sink, feed: feed, keeping: keeping, beginning: beginning, clock: clock, ticks: { [clock] in clock.ticks },
            tell: { [told] sentence in told.sentences.withLock { $0.append(sentence) } })
    }

    private func pace(_ entries: Int, bundle: Int? = nil, tail: Int? = nil, settle: Int? = nil) -> SinkPace {
        var pace = SinkPace()
        pace.entriesMax = entries
        pace.bundleEntries = bundle
        pace.tailMilliseconds = tail
        pace.settleMilliseconds = settle
        return pace
    }

    @Test("It gives batches in order, keeps the cursor after each, and says when there is no more")
    func batches() throws {
        let (sink, feed) = (MadeSink(pace(4)), MadeFeed([MadeLog(origin: "a", size: 10)]))
        let runner = runner(sink, feed)
        #expect(try runner.turn())
        #expect(keeping.text == "4@a")
        #expect(try runner.turn())
        #expect(try !runner.turn())
        #expect(sink.batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
        #expect(keeping.text == "10@a")
        #expect(try !runner.turn())
        #expect(runner.progress.counts.deliveredEntries == 10)
        #expect(runner.progress.behindEntries(now: 13) == 3)
    }

    @Test("A new sink begins at the first entry or at the next one, another run where the last stood", arguments: [true, false])
    func beginning(now: Bool) throws {
        let feed = MadeFeed([MadeLog(origin: "old", size: 3), MadeLog(origin: "a", size: 5)])
        let first = MadeSink(pace(2))
        _ = try runner(first, feed, now ? .now : .start).turn()
        #expect(first.batches == (now ? [] : [[0, 1]]))
        #expect(keeping.text == (now ? "5@a" : "2@old"))
        let second = MadeSink(pace(2))
        _ = try runner(second, feed, .now).turn()
        #expect(second.batches == (now ? [] : [[2]]))
    }

    @Test("What failed comes again the same, its sentence is kept until it works")
    func failure() throws {
        let (sink, feed) = (MadeSink(pace(4)), MadeFeed([MadeLog(origin: "a", size: 4)]))
        let runner = runner(sink, feed)
        let away = DeliveryFailure("It is away; start it.")
        sink.fails(away, away)
        #expect(throws: away) { try runner.turn() }
        #expect(throws: away) { try runner.turn() }
        #expect(keeping.text == "0@a")
        #expect(runner.progress.counts.failures == 2 && runner.progress.counts.failure == away.message)
        _ = try runner.turn()
        #expect(sink.batches == [[0, 1, 2, 3]])
        #expect(keeping.notes == [away.message, nil])
    }

    @Test("A receiver that asks to wait is left alone for so long")
    func retryAfter() throws {
        let (sink, feed) = (MadeSink(pace(4)), MadeFeed([MadeLog(origin: "a", size: 4)]))
        let runner = runner(sink, feed)
        sink.fails(DeliveryFailure("Wait.", retryAfterSeconds: 30))
        #expect(throws: DeliveryFailure.self) { try runner.turn() }
        clock.pass(milliseconds: 29_000)
        #expect(throws: DeliveryFailure.self) { try runner.turn() }
        #expect(sink.batches.isEmpty)
        clock.pass(milliseconds: 1_000)
        _ = try runner.turn()
        #expect(sink.batches == [[0, 1, 2, 3]])
    }

    @Test("What is too much at once is made smaller until it goes through, then larger again")
    func tooMuch() throws {
        let (sink, feed) = (MadeSink(pace(16)), MadeFeed([MadeLog(origin: "a", size: 40)]))
        let runner = runner(sink, feed)
        let tooMuch = DeliveryFailure("Less.", isTooMuch: true)
        sink.fails(tooMuch, tooMuch)
        for _ in 0..<2 { #expect(throws: tooMuch) { try runner.turn() } }
        while try runner.turn() {}
        #expect(sink.batches.map(\.count) == [1, 2, 4, 8, 16, 9])
        #expect(sink.batches.flatMap { $0 } == Array(0..<40))
    }

    @Test("A bundle is given whole; one that is not whole waits, then overwrites itself as it grows")
    func bundles() throws {
        let (sink, feed) = (MadeSink(pace(4, bundle: 4, tail: 1_000)), MadeFeed([MadeLog(origin: "a", size: 6)]))
        let runner = runner(sink, feed)
        while try runner.turn() {}
        #expect(sink.batches == [[0, 1, 2, 3]] && keeping.text == "4@a")
        clock.pass(milliseconds: 999)
        #expect(try !runner.turn() && sink.batches.count == 1)
        clock.pass(milliseconds: 1)
        #expect(try !runner.turn())
        clock.pass(milliseconds: 5_000)
        #expect(try !runner.turn())
        #expect(sink.batches.last == [4, 5] && sink.batches.count == 2 && keeping.text == "4@a")
        feed.set([MadeLog(origin: "a", size: 8)])
        _ = try runner.turn()
        #expect(sink.batches.last == [4, 5, 6, 7] && keeping.text == "8@a")
        #expect(runner.progress.counts.deliveredEntries == 8)
    }

    @Test("What was sent without an acknowledgement counts once the connection has stood, and comes again if it has not")
    func settling() throws {
        let (sink, feed) = (MadeSink(pace(4, settle: 5_000)), MadeFeed([MadeLog(origin: "a", size: 8)]))
        let runner = runner(sink, feed)
        while try runner.turn() {}
        #expect(sink.batches == [[0, 1, 2, 3], [4, 5, 6, 7]] && keeping.text == "0@a")
        #expect(runner.progress.behindEntries(now: 8) == 8)
        clock.pass(milliseconds: 4_999)
        sink.breaks(true)
        #expect(throws: DeliveryFailure.self) { try runner.turn() }
        sink.breaks(false)
        while try runner.turn() {}
        #expect(sink.batches.suffix(2) == [[0, 1, 2, 3], [4, 5, 6, 7]])
        clock.pass(milliseconds: 5_000)
        _ = try runner.turn()
        #expect(keeping.text == "8@a" && runner.progress.counts.deliveredEntries == 8)
        // With nothing under way a connection may end.
        sink.breaks(true)
        #expect(try !runner.turn())
    }

    @Test("After one log comes the next, and a log that is not here any more is told")
    func origins() throws {
        let (sink, feed) = (MadeSink(pace(4)), MadeFeed([MadeLog(origin: "a", size: 2), MadeLog(origin: "b", size: 3)]))
        let runner = runner(sink, feed)
        while try runner.turn() {}
        #expect(sink.batches == [[0, 1], [0, 1, 2]] && keeping.text == "3@b")
        feed.set([MadeLog(origin: "b+1", size: 1)])
        while try runner.turn() {}
        #expect(sink.batches.last == [0] && keeping.text == "1@b+1")
        #expect(told.sentences.withLock { $0.count } == 1)
    }

    @Test("A log that was rolled back, and an entry that is missing, stop the sink with a sentence")
    func faults() throws {
        let feed = MadeFeed([MadeLog(origin: "a", size: 9)], missing: 5)
        let runner = runner(MadeSink(pace(5)), feed)
        _ = try runner.turn()
        let missing = #expect(throws: DeliveryFailure.self) { try runner.turn() }
        #expect(missing?.message.hasPrefix("Entry 5 of the log a is missing") == true)
        feed.set([MadeLog(origin: "a", size: 4)])
        let rolledBack = #expect(throws: DeliveryFailure.self) { try runner.turn() }
        #expect(rolledBack?.message.contains("rolled back") == true)
        #expect(keeping.text == "5@a")
    }
}
