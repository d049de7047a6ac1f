import Crypto
import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

/// Consent store and log of one installation.
private struct TraceFixture {
    let consents: ConsentStoreFixture
    let folder: LogFolder
    let keys: LogKeys

    init() async throws {
        consents = try await ConsentStoreFixture()
        folder = try LogFolder()
        keys = try LogKeys(keyring: ConsentStoreFixture.keyring, signingSeed: SymmetricKey(data: [UInt8](repeating: 7, count: 32)))
    }

    /// Sends one transfer a list of identifiers, all of subjects first seen in it; the index learns only if asked.
    func see(_ people: [[String]], learning: Bool) throws {
        let index = consents.index
        let observer = LogObserver(sighted: { sightings in
            guard learning else { return }
            for sighting in sightings {
                for print in sighting.fingerprints {
                    guard let core = WaybillCore.Fingerprint(bytes: (0..<16).map { print.bytes[$0] }) else { continue }
                    index.learnSighted(core, number: sighting.number, salt: sighting.salt)
                }
            }
        })
        let log = try TransferLog.open(
            store: SQLiteLogStore(path: folder.log), keys: keys, configuration: LogConfiguration(origin: "a.example/w", node: "1"),
            copy: folder.copy, observer: observer)
        defer { log.close() }
        let listener = CollectingListener()
        for (i, identifiers) in people.enumerated() {
            var draft = TransferDraft.testing(UInt64(i))
            draft.subjects[0].identifiers = identifiers.map { Identifier(bytes: Array($0.utf8)) }
            log.record(draft, ticket: 0, for: listener)
            #expect(listener.wait(for: 1))
        }
    }

    func trace(_ text: String) throws -> SubjectTrace? {
        let reader = try SQLiteLogReader(path: folder.log)
        defer { reader.close() }
        return try SQLiteSubjectTracer(
            consents: consents.path, keyring: ConsentStoreFixture.keyring, keys: keys, sightings: SQLiteSightings(reader, index: nil)
        ).trace(Identifier(bytes: Array(text.utf8)))
    }

    func names(_ text: String) throws -> Set<String>? {
        try trace(text).map { Set($0.identifiers.map { String(decoding: $0.bytes, as: UTF8.self) }) }
    }

    func numbers(_ text: String) throws -> [UInt32]? { try trace(text)?.parts.map(\.number) }
}

@Suite struct SQLiteSubjectTracerTests {
    private let first: UInt32 = 1 << 31

    @Test func aSubjectThatOnlyTransfersHaveShownIsFoundByEachOfItsIdentifiers() async throws {
        let fixture = try await TraceFixture()
        defer { fixture.consents.removeFiles() }
        try fixture.see([["email:anna@example.com", "phone:+4930123456"], ["email:ben@example.com"]], learning: true)
        for name in ["email:anna@example.com", "phone:+4930123456"] {
            #expect(try fixture.numbers(name) == [first])
            #expect(try fixture.names(name) == ["email:anna@example.com", "phone:+4930123456"])
        }
        #expect(try fixture.numbers("email:ben@example.com") == [first + 1])
        #expect(try fixture.trace("email:nobody@example.com") == nil)
    }

    @Test func importedIdentifiersAndMergedNumbersBelongToOneSubject() async throws {
        let fixture = try await TraceFixture()
        defer { fixture.consents.removeFiles() }
        try await fixture.consents.importLines(.subjects, [#"{"ids":["crm:1"],"kind":"consumer"}"#])
        try fixture.see([["email:anna@example.com", "phone:+4930123456"]], learning: true)
        try await fixture.consents.importLines(.subjects, [#"{"ids":["crm:1","email:anna@example.com"],"preference":1}"#])
        for name in ["crm:1", "email:anna@example.com", "phone:+4930123456"] {
            #expect(try fixture.numbers(name) == [1, first])
            #expect(try fixture.names(name) == ["crm:1", "email:anna@example.com", "phone:+4930123456"])
        }
        let trace = try #require(try fixture.trace("crm:1"))
        #expect(trace.parts[0] != trace.parts[1])
    }

    @Test func aSightingThatAnImportDidNotKnowOfIsFoundToo() async throws {
        let fixture = try await TraceFixture()
        defer { fixture.consents.removeFiles() }
        try fixture.see([["email:anna@example.com"], ["email:ben@example.com", "phone:+4930123456"]], learning: false)
        try await fixture.consents.importLines(
            .subjects, [#"{"ids":["email:anna@example.com"],"kind":"consumer"}"#, #"{"ids":["phone:+4930123456"],"kind":"consumer"}"#])
        #expect(try fixture.numbers("email:anna@example.com") == [1, first])
        // Ben's address stands with a number that the store holds another's: only the number of the sighting is his.
        #expect(try fixture.numbers("email:ben@example.com") == [first + 1])
        #expect(try fixture.names("email:ben@example.com") == ["email:ben@example.com"])
    }

    @Test func anotherMasterKeyIsRefused() async throws {
        let fixture = try await TraceFixture()
        defer { fixture.consents.removeFiles() }
        try fixture.see([["email:anna@example.com"]], learning: true)
        let reader = try SQLiteLogReader(path: fixture.folder.log)
        defer { reader.close() }
        #expect(throws: ConsentStoreError.self) {
            try SQLiteSubjectTracer(
                consents: fixture.consents.path, keyring: Keyring(master: SymmetricKey(data: [UInt8](repeating: 9, count: 32))),
                keys: fixture.keys, sightings: SQLiteSightings(reader, index: nil))
        }
    }

    @Test func withoutAConsentStoreTheLogStillKnowsWhomItSaw() async throws {
        let fixture = try await TraceFixture()
        defer { fixture.consents.removeFiles() }
        try fixture.see([["email:anna@example.com"]], learning: true)
        let reader = try SQLiteLogReader(path: fixture.folder.log)
        defer { reader.close() }
        let tracer = try SQLiteSubjectTracer(
            consents: fixture.folder.path + "/none.db", keyring: ConsentStoreFixture.keyring, keys: fixture.keys,
            sightings: SQLiteSightings(reader, index: nil))
        #expect(try tracer.trace(Identifier(bytes: Array("email:anna@example.com".utf8)))?.parts.map(\.number) == [first])
    }
}
