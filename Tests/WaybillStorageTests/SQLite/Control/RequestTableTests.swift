import Foundation
import Testing
import WaybillCore
import WaybillStorage

@Suite("Requests that were sent with a key, in the control store")
struct RequestTableTests {
    private func inTable(_ body: (String) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "requests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        try await body(directory.appending(path: "waybill-control.db").path)
    }

    @Test("A key is entered once, its answer outlives the process, and after a day it is free again")
    func keeps() async throws {
        try await inTable { path in
            let (key, who, now) = ([UInt8](repeating: 7, count: 32), [UInt8](repeating: 1, count: 16), Timestamp(seconds: 1_780_000_000))
            let day: Int64 = 24 * 3_600
            let first = RequestTable(try ControlDatabase(path: path))
            #expect(try await first.begin(key, of: who, now: now, since: now.adding(seconds: -day)) == nil)
            let begun = try await first.begin(key, of: who, now: now, since: now.adding(seconds: -day))
            #expect(begun != nil && begun?.fingerprint == nil)
            var row = RequestTable.Row()
            row.fingerprint = [1, 2]
            row.status = 201
            (row.mediaType, row.etag, row.location) = ("application/json", "3", "/v1/x")
            row.body = Array("{}".utf8)
            try await first.finish(key, row)
            let second = RequestTable(try ControlDatabase(path: path))
            #expect(try await second.begin(key, of: who, now: now.adding(seconds: day - 1), since: now.adding(seconds: -1)) == row)
            #expect(try await second.begin(key, of: who, now: now.adding(seconds: day + 1), since: now.adding(seconds: 1)) == nil)
            try await second.forget(key)
            #expect(try await second.begin(key, of: who, now: now, since: now.adding(seconds: -day)) == nil)
        }
    }

    @Test("Of one who asks very often the oldest that are done are forgotten, and nobody else's")
    func often() async throws {
        try await inTable { path in
            let table = RequestTable(try ControlDatabase(path: path), rowsMaxOfOne: 3)
            let (start, since) = (Timestamp(seconds: 1_780_000_000), Timestamp(seconds: 1_779_999_000))
            var done = RequestTable.Row()
            (done.fingerprint, done.status) = ([1], 204)
            func ask(_ number: UInt8, _ who: UInt8) async throws -> Bool {
                let now = start.adding(seconds: Int64(number))
                guard try await table.begin([number, who], of: [who], now: now, since: since) == nil else { return false }
                try await table.finish([number, who], done)
                return true
            }
            #expect(try await ask(0, 2))
            // Under way: it is not forgotten.
            #expect(try await table.begin([9, 1], of: [1], now: start, since: since) == nil)
            for number in 1...5 as ClosedRange<UInt8> { #expect(try await ask(number, 1)) }
            for (number, who) in [(5, 1), (4, 1), (0, 2)] as [(UInt8, UInt8)] { #expect(try await !ask(number, who)) }
            #expect(try await table.begin([9, 1], of: [1], now: start, since: since) != nil)
            #expect(try await ask(1, 1))
        }
    }
}
