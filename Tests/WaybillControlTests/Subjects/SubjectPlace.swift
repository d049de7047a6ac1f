import Crypto
import Foundation
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage

@testable import WaybillControl

/// A desk over a real store, whose log is a list.
final class SubjectPlace: Sendable {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("desk-\(UUID().uuidString)").path
    let store: SQLiteConsentStore
    let desk: SubjectDesk
    let entered = Mutex<[(act: String, detail: [String: String])]>([])
    let logWorks = Mutex(true)

    let now = Mutex<Timestamp?>(nil)

    init(policy: PolicySet? = nil) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let keyring = Keyring(master: SymmetricKey(data: Array(repeating: UInt8(3), count: 32)))
        store = try SQLiteConsentStore(
            path: directory + "/s.db", keyring: keyring, index: SubjectIndex(fingerprintKey: keyring.fingerprints), notices: [:])
        store.index.open()
        let control = try ControlDatabase(path: directory + "/c.db")
        let box = Box()
        desk = SubjectDesk(
            SubjectParts(
                records: store, register: control, disclosures: Nothing(), erasing: Nothing(), ids: OpaqueIDs(key: keyring.subjectIDs),
                links: PersonLinks(key: keyring.personLinks), policy: { policy },
                enter: { (notice) async throws(RecordError) in try box.enter(notice) },
                subjectKey: { salt in TreeHash(Array(repeating: salt[0], count: 32)) ?? MerkleHashing.leaf([]) },
                sign: { _ in ("— log x\n", "log+1") }, random: { WaybillCore.Fingerprint(high: .random(in: 0...UInt64.max), low: 1) },
                clock: { box.place.withLock { $0?.now.withLock { $0 } } ?? SystemWallClock().now() }, publicURL: "https://gate.example"))
        box.place.withLock { $0 = self }
    }

    deinit {
        do { try FileManager.default.removeItem(atPath: directory) } catch { Issue.record("the scratch directory stays") }
    }

    func person(_ text: String = "email:anna@example.com") async throws -> UInt32 {
        let line =
            #"{"subject":"\#(text)","purpose":"newsletter","state":"given","recipients":["hubspot"],"event_time":"2026-05-01T00:00:00Z","proof":"form"}"#
        let batch = try await store.apply(
            [.consent(try ConsentLine(Array(line.utf8), line: 1))], atomically: true, now: SystemWallClock().now())
        return try #require(batch.entered.first).number
    }

    func profile(_ text: String = "email:anna@example.com") throws -> SubjectProfile? {
        guard case .known(let entry) = store.index.find(try Identifier(importText: text), now: SystemWallClock().now()) else {
            return nil
        }
        return entry.profile
    }
}

private final class Box: Sendable {
    let place = Mutex<SubjectPlace?>(nil)
    func enter(_ notice: LogNotice) throws(RecordError) -> UInt64 {
        guard let place = place.withLock({ $0 }) else { return 0 }
        guard place.logWorks.withLock({ $0 }) else { throw RecordError(code: .diskFull, message: "The disk is full.") }
        if case .config(let act, let detail) = notice { place.entered.withLock { $0.append((act, detail)) } }
        return 1
    }
}

private struct Nothing: DisclosureFinding, SubjectErasing {
    func disclosures(of identifier: Identifier, limit: Int, from cursor: ExportCursor?) async throws(ControlFailure) -> DisclosurePage {
        DisclosurePage()
    }
    func erase(_ identifier: Identifier, isConfirmed: Bool) async throws(ControlFailure) -> JSONValue { .object([:]) }
}
