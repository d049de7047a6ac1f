import Crypto
import Foundation
import Testing
import WaybillCore
import WaybillStorage

@Suite struct ErasureTests {
    typealias Fixture = ConsentStoreFixture
    static let later = Fixture.now.adding(seconds: 3_600)

    /// As the work does it, without a log.
    private func erase(_ text: String, in fixture: Fixture) async throws -> Tombstone {
        let begun = try #require(
            try await fixture.store.beginErasure(of: try Identifier(importText: text), parts: [], identifiers: [], now: Fixture.now))
        let confirmed = try #require(try await fixture.store.confirmErasure(begun.id, transfers: 1, logSize: 9, now: Fixture.now))
        let tombstone = try await bury(confirmed, in: fixture)
        try await fixture.store.destroySubject(of: confirmed, tombstone: tombstone)
        fixture.index.tombstones.add(.tombstone(tombstone))
        #expect(try await fixture.store.scrub())
        try await fixture.store.forgetErasure(begun.id)
        return tombstone
    }

    private func bury(_ erasure: StoredErasure, in fixture: Fixture) async throws -> Tombstone {
        let trace = try await fixture.store.trace(of: erasure)
        let keys = TombstoneKeys(key: Fixture.keyring.tombstones)
        return Tombstone(
            id: erasure.id, erasedAt: erasure.confirmedAt ?? Fixture.now, identifiers: trace.fingerprints.map { keys.identifier($0) },
            parts: trace.parts.map { Tombstone.Part(number: $0.number, mark: keys.part(number: $0.number, salt: $0.salt)) })
    }

    private func people(_ fixture: Fixture) async throws {
        try await fixture.importLines(
            .subjects,
            [
                #"{"ids":["email:anna@example.com","crm:1"],"kind":"consumer","born":"1984-03-07"}"#,
                #"{"ids":["email:bruno@example.com","crm:2"],"kind":"consumer"}"#,
            ])
        try await fixture.importLines(
            .consents,
            [
                Fixture.consent("email:anna@example.com", "given", at: "2026-05-01T00:00:00Z"),
                Fixture.consent("email:bruno@example.com", "given", at: "2026-05-01T00:00:00Z"),
            ])
    }

    @Test func `Asked for, an erasure stops the person by every identifier, survives a restart, and hides the salt`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await people(fixture)
        let salt = try #require(try fixture.entry("crm:1")).salt
        let begun = try await fixture.store.beginErasure(
            of: try Identifier(importText: "crm:1"), parts: [], identifiers: [], now: Fixture.now)
        #expect(begun?.step == .sealing)
        for _ in 0..<2 {
            let again = try await fixture.store.beginErasure(
                of: try Identifier(importText: "email:anna@example.com"), parts: [], identifiers: [], now: Self.later)
            #expect(again == begun)
        }
        let reopened = try await Fixture(in: fixture.directory)
        for each in [fixture, reopened] {
            for text in ["crm:1", "email:anna@example.com"] {
                let entry = try #require(try each.entry(text))
                #expect(entry.profile.erased && entry.profile.erasureLiftedFor.isEmpty)
                #expect((0..<16).contains { entry.salt[$0] != salt[$0] })
            }
            #expect(try each.entry("crm:2")?.profile.erased == false)
        }
        let trace = try await reopened.store.trace(of: try #require(begun))
        #expect(trace.parts.contains { part in (0..<16).allSatisfy { part.salt[$0] == salt[$0] } })
        #expect(trace.fingerprints.count == 2)
        let report = try await fixture.importLines(
            .consents, [Fixture.consent("crm:1", "given", at: "2026-06-20T00:00:00Z")], now: Self.later)
        #expect(report.problems == [LineProblem.erasureUnderWay(line: 1)])
    }

    @Test func `Nobody is known: nothing begins`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let begun = try await fixture.store.beginErasure(
            of: try Identifier(importText: "crm:1"), parts: [], identifiers: [], now: Fixture.now)
        #expect(begun == nil)
    }

    @Test func `A subject that only the log knows is adopted with number, salt and identifiers`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let part = SubjectIdentity(number: 1 << 31 + 7, salt: InlineArray(repeating: 9))
        let ids = [try Identifier(importText: "email:guest@example.com"), try Identifier(importText: "crm:9")]
        let begun = try #require(try await fixture.store.beginErasure(of: ids[0], parts: [part], identifiers: ids, now: Fixture.now))
        #expect(begun.number == part.number)
        #expect(try await fixture.store.trace(of: begun).fingerprints.count == 2)
        #expect(try fixture.entry("crm:9")?.profile.erased == true)
    }

    /// Rows move between pages as a store grows; what they leave behind must go too.
    @Test func `After an erasure no byte of the person is in the files, among thousands`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let count = 3_000
        try await fixture.importLines(
            .subjects,
            (0..<count).map { #"{"ids":["email:person\#($0)@example.com","crm:\#($0)"],"born":"1984-03-07","kind":"consumer"}"# })
        try await fixture.importLines(
            .consents,
            (0..<count).map {
                Fixture.consent("crm:\($0)", "given", at: "2026-05-01T00:00:00Z", more: #","notice":"n-7","proof":"proof \#($0)""#)
            })
        var secrets: [[UInt8]] = []
        var sought = 0
        func found(_ secret: [UInt8]) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: fixture.directory.path).filter { name in
                try Data(contentsOf: fixture.directory.appending(path: name)).range(of: Data(secret)) != nil
            }
        }
        for number in [0, 1, 499, 1_500, 2_998, 2_999] {
            let text = "crm:\(number)"
            let entry = try #require(try fixture.entry(text))
            secrets.append((0..<16).map { entry.salt[$0] })
            for id in [text, "email:person\(number)@example.com"] {
                secrets.append(fixture.index.fingerprint(try Identifier(importText: id)).bytes)
            }
            for secret in secrets[sought...] { #expect(try !found(secret).isEmpty) }
            sought = secrets.count
            _ = try await erase(text, in: fixture)
            #expect(try await fixture.store.subject(of: try Identifier(importText: text)) == nil)
        }
        for secret in secrets { #expect(try found(secret).isEmpty) }
        #expect(try fixture.entry("crm:500")?.profile.erased == false)
    }

    @Test func `Only a consent newer than the erasure brings a person back, for its purpose`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await people(fixture)
        _ = try await erase("crm:1", in: fixture)
        let anna = "email:anna@example.com"
        let refused: [(SubjectImport.Kind, String)] = [
            (.consents, Fixture.consent(anna, "given", at: "2026-05-01T00:00:00Z")),
            (.consents, Fixture.consent(anna, "withdrawn", at: "2026-06-20T00:00:00Z")),
            (.subjects, #"{"ids":["email:anna@example.com","crm:900"],"kind":"consumer"}"#),
        ]
        for (kind, line) in refused {
            #expect(try await fixture.importLines(kind, [line], now: Self.later).problems == [LineProblem.wasErased(line: 1)])
            #expect(try fixture.entry(anna)?.profile == SubjectProfile(erased: true))
        }
        let newer = Fixture.consent(anna, "given", at: "2026-06-20T00:00:00Z")
        let now = Timestamp(seconds: 1_782_000_000)
        #expect(try await fixture.importLines(.consents, [newer], now: now).imported == 1)
        let back = try #require(try fixture.entry(anna, now: now))
        #expect(back.profile.erased && back.number > 2)
        #expect(back.profile.consents.contains { $0.purpose == "newsletter" && $0.state == .given })
        #expect(back.profile.erasureLiftedFor == ["newsletter"])
        // Her old history does not come along, her other identifier may.
        #expect(try await fixture.importLines(.consents, [refused[0].1], now: now).problems == [LineProblem.wasErased(line: 1)])
        #expect(try await fixture.importLines(.subjects, [#"{"ids":["email:anna@example.com","crm:1"]}"#], now: now).imported == 1)
        #expect(try fixture.entry("crm:1", now: now)?.number == back.number)
    }

    @Test func `A copy from before the erasure does not bring the person back, nor is their number given again`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await people(fixture)
        #expect(try await fixture.store.scrub())
        let old = fixture.directory.appending(path: "old.db")
        try FileManager.default.copyItem(at: fixture.directory.appending(path: "subjects.db"), to: old)
        let tombstone = try await erase("crm:1", in: fixture)

        let index = SubjectIndex(fingerprintKey: Fixture.keyring.fingerprints)
        let store = try SQLiteConsentStore(
            path: old.path, keyring: Fixture.keyring, index: index, notices: [:], tombstones: [.tombstone(tombstone)])
        #expect(try await store.subject(of: try Identifier(importText: "crm:1")) == nil)
        try await store.load(now: Fixture.now)
        index.open()
        guard case .known(let entry) = index.find(try Identifier(importText: "email:anna@example.com"), now: Fixture.now) else {
            Issue.record("not found")
            return
        }
        #expect(entry.profile.erased && entry.profile.erasureLiftedFor.isEmpty)
        let again = try #require(try await store.erasures().first)
        #expect(again.step == .confirmed && again.number == 1)
        #expect(try await store.subject(of: try Identifier(importText: "crm:2")) != nil)
        try await store.destroySubject(of: again, tombstone: tombstone)
        try await store.forgetErasure(again.id)
        var run = SubjectImport(kind: .consents, store: store) { Fixture.now }
        try await run.feed(Array(Fixture.consent("crm:3", "given", at: "2026-05-01").utf8))
        _ = try await run.finish()
        guard case .known(let fresh) = index.find(try Identifier(importText: "crm:3"), now: Fixture.now) else {
            Issue.record("not imported")
            return
        }
        #expect(fresh.number > 2)
    }

    @Test func `Somebody else who has the number in another store is left alone`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await people(fixture)
        let tombstone = try await erase("crm:1", in: fixture)
        let other = try await Fixture()
        defer { other.removeFiles() }
        try await people(other)
        let index = SubjectIndex(fingerprintKey: Fixture.keyring.fingerprints)
        let store = try SQLiteConsentStore(
            path: other.path, keyring: Fixture.keyring, index: index, notices: [:], tombstones: [.tombstone(tombstone)])
        #expect(try await store.erasures().isEmpty)
        #expect(try await store.subject(of: try Identifier(importText: "crm:2")) != nil)
    }
}
