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
            let (key, now) = ([UInt8](repeating: 7, count: 32), Timestamp(seconds: 1_780_000_000))
            let day: Int64 = 24 * 3_600
            let first = RequestTable(try ControlDatabase(path: path))
            #expect(try await first.begin(key, now: now, since: now.adding(seconds: -day)) == nil)
            let begun = try await first.begin(key, now: now, since: now.adding(seconds: -day))
            #expect(begun != nil && begun?.fingerprint == nil)
            var row = RequestTable.Row()
            row.fingerprint = [1, 2]
            row.status = 201
            (row.mediaType, row.etag, row.location) = ("application/json", "3", "/v1/x")
            row.body = Array("{}".utf8)
            try await first.finish(key, row)
            let second = RequestTable(try ControlDatabase(path: path))
            #expect(try await second.begin(key, now: now.adding(seconds: day - 1), since: now.adding(seconds: -1)) == row)
            #expect(try await second.begin(key, now: now.adding(seconds: day + 1), since: now.adding(seconds: 1)) == nil)
            try await second.forget(key)
            #expect(try await second.begin(key, now: now, since: now.adding(seconds: -day)) == nil)
        }
    }
}
