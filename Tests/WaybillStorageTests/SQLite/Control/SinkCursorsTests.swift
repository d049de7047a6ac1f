import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage

@Suite("How far sinks are, in the control store")
struct SinkCursorsTests {
    private struct Clock: WallClock {
        func now() -> Timestamp { Timestamp(seconds: 1_780_000_000) }
    }

    @Test("A cursor outlives the process, each sink has its own, and a failure is kept until it is over")
    func keeps() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "sinks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "waybill-control.db").path
        let first = SinkCursors(try ControlDatabase(path: path), clock: Clock())
        #expect(try first.cursor(ofSink: "a") == nil)
        try first.keep(ExportCursor(origin: "acme/waybill", next: 7), ofSink: "a")
        try first.keep(ExportCursor(origin: "acme/waybill", next: 9), ofSink: "a")
        try first.note(failure: "It is away; start it.", ofSink: "a")
        try first.note(failure: "It is full; empty it.", ofSink: "a")
        let second = SinkCursors(try ControlDatabase(path: path), clock: Clock())
        let row = try second.row(ofSink: "a")
        #expect(row.cursor == ExportCursor(origin: "acme/waybill", next: 9))
        #expect(row.failure == "It is full; empty it." && row.failingSince == Clock().now() && row.movedAt == Clock().now())
        #expect(try second.row(ofSink: "b") == SinkCursors.Row())
        try second.note(failure: nil, ofSink: "a")
        #expect(try first.row(ofSink: "a").failure == nil)
    }
}
