import Crypto
import Foundation
import Testing
import WaybillCore
import WaybillStorage

/// A store in a directory of its own, with an open index.
final class ConsentStoreFixture: Sendable {
    static let now = Timestamp(seconds: 1_780_000_000)
    static let keyring = Keyring(master: SymmetricKey(data: Array(repeating: 3, count: 32)))

    let directory: URL
    let index: SubjectIndex
    let store: SQLiteConsentStore
    private let ownsDirectory: Bool
    var path: String { directory.appending(path: "subjects.db").path }

    /// With `directory`: the store that another fixture left there.
    init(in directory: URL? = nil, notices: [String: Notice] = [:]) async throws {
        ownsDirectory = directory == nil
        self.directory =
            directory ?? FileManager.default.temporaryDirectory.appending(path: "waybill-\(UInt64.random(in: .min ... .max))")
        try FileManager.default.createDirectory(at: self.directory, withIntermediateDirectories: true)
        index = SubjectIndex(fingerprintKey: Self.keyring.fingerprints)
        store = try SQLiteConsentStore(
            path: self.directory.appending(path: "subjects.db").path, keyring: Self.keyring, index: index, notices: notices)
        try await store.load(now: Self.now)
        index.open()
    }

    func removeFiles() {
        guard ownsDirectory else { return }
        do { try FileManager.default.removeItem(at: directory) } catch { Issue.record(error) }
    }

    @discardableResult
    func importLines(_ kind: SubjectImport.Kind, _ lines: [String], strict: Bool = false, now: Timestamp = now) async throws -> ImportReport
    {
        var run = SubjectImport(kind: kind, options: SubjectImport.Options(strict: strict), store: store) { now }
        try await run.feed(Array(lines.joined(separator: "\n").utf8))
        return try await run.finish()
    }

    func entry(_ text: String, now: Timestamp = now) throws -> SubjectEntry? {
        switch index.find(try Identifier(importText: text), now: now) {
        case .known(let entry): return entry
        case .unknown: return nil
        case .stale, .unavailable: throw Unexpected()
        }
    }

    func isStale(_ text: String, now: Timestamp) throws -> Bool {
        if case .stale = index.find(try Identifier(importText: text), now: now) { true } else { false }
    }

    struct Unexpected: Error {}

    static func consent(_ subject: String, _ state: String, purpose: String = "newsletter", at: String, more: String = "") -> String {
        #"{"subject":"\#(subject)","purpose":"\#(purpose)","state":"\#(state)","recipients":["hubspot"],"event_time":"\#(at)"\#(more)}"#
    }
}
