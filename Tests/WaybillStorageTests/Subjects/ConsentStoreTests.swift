import Crypto
import Foundation
import Testing
import WaybillCore
import WaybillStorage

@Suite struct ConsentStoreTests {
    typealias Fixture = ConsentStoreFixture

    @Test func `A consent is found by the very next look-up, and its withdrawal too`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        #expect(try fixture.entry("email:anna@example.com") == nil)
        try await fixture.importLines(.consents, [Fixture.consent("email:Anna@Example.com", "given", at: "2026-05-01T00:00:00Z")])
        #expect(try fixture.entry("email:anna@example.com")?.profile.consents.map(\.state) == [.given])
        #expect(fixture.index.sequence == 1)
        try await fixture.importLines(.consents, [Fixture.consent("email:anna@example.com", "withdrawn", at: "2026-05-02T00:00:00Z")])
        #expect(try fixture.entry("email:anna@example.com")?.profile.consents.contains { $0.state == .withdrawn } ?? false)
        #expect(fixture.index.sequence == 2)
    }

    @Test func `History keeps every event in order of receipt and drops what it holds already`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let lines = [
            Fixture.consent("crm:1", "withdrawn", at: "2026-05-02"),
            Fixture.consent("crm:1", "given", at: "2026-05-01T00:00:00Z", more: #","notice":"n-7","proof":"web-form","explicit":true"#),
            Fixture.consent("crm:1", "withdrawn", at: "2026-05-02"),
        ]
        var report = try await fixture.importLines(.consents, lines)
        #expect((report.imported, report.duplicates, report.refused) == (2, 1, 0))
        report = try await fixture.importLines(.consents, lines)
        #expect((report.imported, report.duplicates, report.refused) == (0, 3, 0))
        let stored = try #require(try await fixture.store.subject(of: try Identifier(importText: "crm:1")))
        let history = ConsentHistory(subject: "crm:1", history: stored.history)
        #expect(history.events.map(\.sequence) == [1, 2])
        #expect(history.events.map(\.eventTime) == ["2026-05-02", "2026-05-01T00:00:00Z"])
        #expect(history.events.map(\.proof) == [nil, "web-form"])
        #expect(history.events.map(\.explicit) == [false, true])
        let json = String(decoding: try JSONEncoder().encode(history), as: UTF8.self)
        #expect(json.contains(#""event_time":"2026-05-02""#))
    }

    @Test func `Bad lines are listed by line and good ones imported, unless all or nothing was asked for`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let lines = [
            Fixture.consent("crm:1", "given", at: "2026-05-01"), "", "nonsense", Fixture.consent("crm:2", "subscribed", at: "2026-05-01"),
            Fixture.consent("crm:3", "given", at: "2026-05-01"),
        ]
        let strict = try await fixture.importLines(.consents, lines, strict: true)
        #expect((strict.imported, strict.refused) == (0, 2))
        #expect(try fixture.entry("crm:1") == nil)
        let report = try await fixture.importLines(.consents, lines)
        #expect((report.lines, report.imported, report.refused) == (5, 2, 2))
        #expect(report.problems.map(\.line) == [3, 4])
        #expect(try fixture.entry("crm:1") != nil)
        #expect(try fixture.entry("crm:2") == nil)
        #expect(try fixture.entry("crm:3") != nil)
        let whole = try await fixture.importLines(.consents, [lines[0], lines[4]], strict: true)
        #expect((whole.duplicates, whole.refused) == (2, 0))
    }

    @Test func `All or nothing also holds for what only the store can refuse`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await fixture.importLines(.subjects, [#"{"ids":["crm:1"],"kind":"consumer"}"#, #"{"ids":["crm:2"],"kind":"consumer"}"#])
        let before = fixture.index.sequence
        let report = try await fixture.importLines(
            .subjects, [#"{"ids":["crm:3"],"kind":"consumer"}"#, #"{"ids":["crm:1","crm:2"]}"#], strict: true)
        #expect((report.imported, report.refused) == (0, 1))
        #expect(report.problems == [LineProblem.severalSubjects(line: 2)])
        #expect(try fixture.entry("crm:3") == nil)
        #expect(fixture.index.sequence == before)
    }

    @Test func `Facts link identifiers to one subject, whose every fact is in the profile`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await fixture.importLines(.consents, [Fixture.consent("email:anna@example.com", "given", at: "2026-05-01")])
        let number = try #require(try fixture.entry("email:anna@example.com")).number
        try await fixture.importLines(
            .subjects,
            [
                """
                {"ids":["email:anna@example.com","crm:17"],"kind":"consumer","countries":["US-CA","DE"],"born":"1984-03-07","preference":1,\
                "objections":[{"scope":"profiling","at":"2026-05-01"}],"restricted":true,\
                "signals":[{"gpc":true,"at":"2026-05-01"},{"usprivacy":"1YYN","at":"2026-05-01"}]}
                """
            ])
        for name in ["email:anna@example.com", "crm:17"] {
            let entry = try #require(try fixture.entry(name))
            #expect(entry.number == number)
            #expect(entry.born?.iso8601 == "1984-03-07")
            #expect(entry.profile.kind == .consumer)
            #expect(entry.profile.countries.map(\.description) == ["DE", "US-CA"])
            #expect(entry.profile.preference == 1)
            #expect(entry.profile.objections.map(\.scope) == [.profiling, .sale, .share])
            #expect(entry.profile.restricted && entry.profile.gpc && !entry.profile.unreadableSignal)
            #expect(entry.profile.consents.map(\.state) == [.given])
        }
        // Neither silence nor a weaker signal undoes a stop; an unreadable one is a stop of its own.
        try await fixture.importLines(
            .subjects,
            [
                #"{"ids":["crm:17"],"signals":[{"gpc":false,"at":"2026-05-02"},{"usprivacy":"1YNN","at":"2026-05-02"},{"usprivacy":"?","at":"2026-05-03"}]}"#
            ])
        let entry = try #require(try fixture.entry("crm:17"))
        #expect(entry.profile.gpc && entry.profile.unreadableSignal)
        #expect(entry.profile.objections.map(\.scope) == [.profiling, .sale, .share])
        let stored = try #require(try await fixture.store.subject(of: try Identifier(importText: "crm:17")))
        let report = SubjectReport(subject: "crm:17", stored: stored)
        #expect(report.identifiers == ["email": 1, "crm": 1])
        #expect(report.signals.map(\.what) == ["gpc", "us_opted_out", "no_gpc", "us_not_opted_out", "unreadable"])
        #expect(!String(decoding: try JSONEncoder().encode(report), as: UTF8.self).contains("anna"))
    }

    @Test func `Two subjects with a history are never made one; one without is`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await fixture.importLines(
            .consents, [Fixture.consent("crm:1", "given", at: "2026-05-01"), Fixture.consent("crm:2", "given", at: "2026-05-01")])
        let report = try await fixture.importLines(.subjects, [#"{"ids":["crm:1","crm:2","crm:3"],"kind":"employee"}"#])
        #expect(report.problems == [LineProblem.severalSubjects(line: 1)])
        #expect(!report.problems[0].text.contains("crm:"))
        #expect(try fixture.entry("crm:3") == nil)
        #expect(try fixture.entry("crm:1")?.profile.kind == nil)
    }

    @Test func `A subject that transfers saw first keeps its number and salt, also for identifiers the store does not know`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let sighted: UInt32 = 1 << 31 | 5
        let salt = InlineArray<16, UInt8> { UInt8($0) }
        for name in ["crm:1", "crm:only-in-transfers"] {
            fixture.index.learnSighted(fixture.index.fingerprint(try Identifier(importText: name)), number: sighted, salt: salt)
        }
        try await fixture.importLines(.consents, [Fixture.consent("crm:1", "given", at: "2026-05-01")])
        for name in ["crm:1", "crm:only-in-transfers"] {
            let entry = try #require(try fixture.entry(name))
            #expect(entry.number == sighted)
            #expect(entry.salt[15] == 15)
            #expect(entry.profile.consents.map(\.state) == [.given])
        }
        let again = try await Fixture(in: fixture.directory)
        #expect(try again.entry("crm:1")?.number == sighted)
        #expect(
            again.index.learnSighted(
                again.index.fingerprint(try Identifier(importText: "crm:only-in-transfers")), number: sighted, salt: salt) == sighted)
        #expect(try again.entry("crm:only-in-transfers")?.profile.consents.map(\.state) == [.given])
    }

    @Test func `Two subjects that transfers saw first become one by a facts line, for good`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let numbers: [UInt32] = [1 << 31 | 1, 1 << 31 | 2]
        func see(_ fixture: Fixture) throws {
            for (i, names) in [["crm:1", "phone:+4915100000001"], ["email:anna@example.com", "email:a@example.org"]].enumerated() {
                for name in names {
                    let salt = InlineArray<16, UInt8>(repeating: UInt8(i + 1))
                    fixture.index.learnSighted(fixture.index.fingerprint(try Identifier(importText: name)), number: numbers[i], salt: salt)
                }
            }
        }
        try see(fixture)
        try await fixture.importLines(.subjects, [#"{"ids":["crm:1","email:anna@example.com"],"restricted":true}"#])
        let again = try await Fixture(in: fixture.directory)
        try see(again)
        for fixture in [fixture, again] {
            for name in ["crm:1", "phone:+4915100000001", "email:anna@example.com", "email:a@example.org"] {
                let entry = try #require(try fixture.entry(name))
                #expect(entry.number == numbers[0])
                #expect(entry.profile.restricted)
            }
        }
        // And by consents afterwards: the alias is followed in the store as well.
        try await fixture.importLines(.consents, [Fixture.consent("email:a@example.org", "given", at: "2026-05-01")])
        #expect(try fixture.entry("crm:1")?.profile.consents.map(\.state) == [.given])
    }

    @Test func `An entry becomes stale when its consent ends, and a refresh reads it anew`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await fixture.importLines(
            .consents, [Fixture.consent("crm:1", "given", at: "2026-05-01", more: #","expires":"2026-12-01""#)])
        let ends = try #require(Timestamp(rfc3339: "2026-12-01T00:00:00Z"))
        let warns = ends.adding(seconds: -30 * 86_400)
        #expect(try fixture.entry("crm:1", now: warns.adding(seconds: -1))?.expiresSoon == false)
        #expect(try fixture.isStale("crm:1", now: warns))
        let identifier = try Identifier(importText: "crm:1")
        try await fixture.store.refresh([identifier], now: warns)
        #expect(try fixture.entry("crm:1", now: warns)?.expiresSoon == true)
        #expect(try fixture.isStale("crm:1", now: ends))
        let failure = await withCheckedContinuation { continuation in
            fixture.store.refresh([identifier], now: ends) { continuation.resume(returning: $0) }
        }
        #expect(failure == nil)
        #expect(try fixture.entry("crm:1", now: ends) != nil)
    }

    @Test func `A restart gives the same index`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        var names: [String] = []
        var consents: [String] = []
        var facts: [String] = []
        for i in 0..<1_500 {
            names.append("crm:\(i)")
            if i % 3 != 0 { consents.append(Fixture.consent("crm:\(i)", i % 2 == 0 ? "given" : "refused", at: "2026-05-01")) }
            if i % 4 == 0 { facts.append(#"{"ids":["crm:\#(i)","email:x\#(i)@example.com"],"born":"1970-01-01","preference":\#(i % 3)}"#) }
        }
        try await fixture.importLines(.consents, consents)
        try await fixture.importLines(.subjects, facts)
        let again = try await Fixture(in: fixture.directory)
        #expect(again.index.sequence == fixture.index.sequence)
        #expect(again.index.memory.identifiers == fixture.index.memory.identifiers)
        for name in names + (0..<1_500).map({ "email:x\($0)@example.com" }) {
            let (old, new) = (try fixture.entry(name), try again.entry(name))
            #expect(old?.number == new?.number)
            #expect(old?.profile == new?.profile)
            #expect(old?.born == new?.born)
            #expect(old.map { $0.salt[7] } == new.map { $0.salt[7] })
        }
    }

    @Test func `No identifier, birth date or proof stands in the files`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        try await fixture.importLines(
            .consents,
            [Fixture.consent("email:anna.secret@example.com", "given", at: "2026-05-01", more: #","proof":"signed by Anna Secret""#)])
        try await fixture.importLines(.subjects, [#"{"ids":["email:anna.secret@example.com","crm:4711-4711"],"born":"1984-03-07"}"#])
        var searched = 0
        for file in try FileManager.default.contentsOfDirectory(at: fixture.directory, includingPropertiesForKeys: nil) {
            let bytes = try Data(contentsOf: file)
            searched += bytes.count
            for secret in ["anna.secret", "example.com", "4711-4711", "Anna Secret", "1984-03-07"] {
                #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(secret) in \(file.lastPathComponent)")
            }
            let permissions = try FileManager.default.attributesOfItem(atPath: file.path)[.posixPermissions] as? Int
            #expect(permissions == 0o600, "\(file.lastPathComponent)")
        }
        #expect(searched > 20_000)
    }

    @Test func `A store of another master key, or no store at all, is refused with the remedy`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let other = Keyring(master: SymmetricKey(data: Array(repeating: 4, count: 32)))
        let error = #expect(throws: ConsentStoreError.self) {
            try SQLiteConsentStore(
                path: fixture.path, keyring: other, index: SubjectIndex(fingerprintKey: other.fingerprints), notices: [:])
        }
        #expect(error?.code == .wrongKey)
        let junk = fixture.directory.appending(path: "junk.db")
        try Data(repeating: 0x41, count: 8_192).write(to: junk)
        let damaged = #expect(throws: ConsentStoreError.self) {
            try SQLiteConsentStore(
                path: junk.path, keyring: Fixture.keyring, index: SubjectIndex(fingerprintKey: Fixture.keyring.fingerprints), notices: [:])
        }
        #expect(damaged?.code == .damaged)
        let missing = #expect(throws: ConsentStoreError.self) {
            try SQLiteConsentStore(
                path: fixture.directory.path + "/none/x.db", keyring: Fixture.keyring,
                index: SubjectIndex(fingerprintKey: Fixture.keyring.fingerprints), notices: [:])
        }
        #expect(missing?.code == .unavailable)
    }

    @Test func `Look-ups answer beside an import, and see each subject whole`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        let lines = (0..<4_000).map { Fixture.consent("crm:\($0)", "given", at: "2026-05-01") }
        let index = fixture.index
        async let report = fixture.importLines(.consents, lines)
        var known = 0
        while known < 4_000 {
            known = 0
            for i in 0..<4_000 {
                guard case .known(let entry) = index.find(try Identifier(importText: "crm:\(i)"), now: Fixture.now) else { continue }
                known += 1
                #expect(entry.profile.consents.map(\.state) == [.given])
            }
            await Task.yield()
        }
        #expect(try await report.imported == 4_000)
    }

    @Test func `The store says what the in-memory book says, over random lines`() async throws {
        let fixture = try await Fixture()
        defer { fixture.removeFiles() }
        var book = SubjectBook()
        for round in 0..<6 {
            var lines: [ImportLine] = []
            for i in 1...200 {
                let (a, b) = ("crm:\(Int.random(in: 0..<80))", "email:x\(Int.random(in: 0..<80))@example.com")
                let text =
                    Bool.random()
                    ? Fixture.consent(Bool.random() ? a : b, Bool.random() ? "given" : "withdrawn", at: "2026-05-0\(1 + round)")
                    : #"{"ids":["\#(a)","\#(b)"],"preference":\#(i % 4)}"#
                let bytes = Array(text.utf8)
                lines.append(text.hasPrefix("{\"ids") ? .facts(try FactsLine(bytes, line: i)) : .consent(try ConsentLine(bytes, line: i)))
            }
            let batch = try await fixture.store.apply(lines, atomically: false, now: Fixture.now)
            var refused: [Int] = []
            for line in lines {
                do throws(LineProblem) { try book.apply(line) } catch { refused.append(error.line) }
            }
            #expect(batch.refused.map(\.line) == refused)
            #expect(batch.sequence == book.sequence)
        }
        let model = book.index(key: Fixture.keyring.fingerprints, notices: [:], now: Fixture.now)
        for i in 0..<80 {
            for name in ["crm:\(i)", "email:x\(i)@example.com"] {
                let expected: SubjectEntry? =
                    if case .known(let entry) = model.find(try Identifier(importText: name), now: Fixture.now) { entry } else { nil }
                #expect(try fixture.entry(name)?.profile == expected?.profile)
            }
        }
    }
}
