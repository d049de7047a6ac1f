import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import WaybillDelivery

@Suite("The sink to a file")
struct FileSinkTests {
    private let scratch: Scratch
    private let log = MadeLog(origin: "a", size: 100)

    init() throws { scratch = try Scratch() }

    private func sink(_ path: String, _ more: [String: String] = [:]) throws -> any DeliverySink {
        let format = try #require(ExportFormats.named("ndjson"))
        let values = SinkValues(["path": scratch.file(path)].merging(more) { _, new in new })
        return try FileSink.kind.make(values, SinkSurroundings(format: format, trust: [], proxy: nil, agent: "waybill/test"))
    }

    private func lines(_ range: Range<UInt64>) -> String {
        range.map { String(decoding: log.record($0).entry, as: UTF8.self) + "\n" }.joined()
    }

    @Test("It appends, for its owner only, and goes on after a restart")
    func appends() throws {
        try sink("out").deliver((0..<3).map(log.record))
        try sink("out").deliver((3..<5).map(log.record))
        #expect(try scratch.read("out") == lines(0..<5))
        #expect(try scratch.mode("out") == 0o600)
    }

    @Test("What a crash cut off in the middle of a line is dropped, because it comes again whole", arguments: ["{\"ki", "x"])
    func torn(_ rest: String) throws {
        try scratch.write("out", lines(0..<2) + rest)
        try sink("out").deliver((2..<4).map(log.record))
        #expect(try scratch.read("out") == lines(0..<4))
        try scratch.write("only", rest)
        try sink("only").deliver([log.record(0)])
        #expect(try scratch.read("only") == lines(0..<1))
    }

    @Test("Days have files of their own, by the time of the entries")
    func days() throws {
        let sink = try sink("out-{date}")
        // An hour from one entry to the next, from 2026-05-28T20:26:40Z on.
        try sink.deliver((0..<30).map(log.record))
        #expect(try scratch.read("out-2026-05-28") == lines(0..<4))
        #expect(try scratch.read("out-2026-05-29") == lines(4..<28))
        #expect(try scratch.read("out-2026-05-30") == lines(28..<30))
    }

    @Test("A file that is large enough is followed by another, named by its first entry")
    func rotation() throws {
        let sink = try sink("out-{index}", ["rotate_bytes": "100"])
        for first in stride(from: UInt64(0), to: 12, by: 2) { try sink.deliver((first..<first + 2).map(log.record)) }
        let first = try scratch.read("out-000000000000")
        #expect(first.utf8.count >= 100 && first == lines(0..<4))
        #expect(try scratch.read("out-000000000004") == lines(4..<8))
        #expect(throws: DeliveryFailure.self) { try self.sink("out", ["rotate_bytes": "100"]) }
    }

    @Test("What cannot be written is told with the remedy, and a link is not followed")
    func refused() throws {
        let missing = #expect(throws: DeliveryFailure.self) { try sink("none/out").deliver([log.record(0)]) }
        #expect(missing?.message.hasSuffix("create its directory.") == true)
        try scratch.link("link", to: "target")
        let link = #expect(throws: DeliveryFailure.self) { try sink("link").deliver([log.record(0)]) }
        #expect(link?.message.contains("symbolic link") == true)
    }
}
