import Crypto
import Foundation
import Synchronization
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage

@testable import WaybillControl

@Suite("What people do for one person")
struct SubjectDeskTests {
    /// A desk over a real store, whose log is a list.
    private final class Place: Sendable {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("desk-\(UUID().uuidString)").path
        let store: SQLiteConsentStore
        let desk: SubjectDesk
        let entered = Mutex<[(act: String, detail: [String: String])]>([])
        let logWorks = Mutex(true)

        init() throws {
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
                    links: PersonLinks(key: keyring.personLinks), policy: { nil },
                    enter: { (notice) async throws(RecordError) in try box.enter(notice) },
                    subjectKey: { salt in TreeHash(Array(repeating: salt[0], count: 32)) ?? MerkleHashing.leaf([]) },
                    sign: { _ in ("— log x\n", "log+1") }, random: { WaybillCore.Fingerprint(high: .random(in: 0...UInt64.max), low: 1) },
                    clock: { SystemWallClock().now() }, publicURL: "https://gate.example"))
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
        let place = Mutex<Place?>(nil)
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

    @Test("a withdrawal is in the index before its act returns, and stands in the log without the person's name")
    func withdraw() async throws {
        let place = try Place()
        let number = try await place.person()
        _ = try await place.desk.act(.withdraw(purpose: "newsletter", recipients: []), on: number, by: SubjectActor("account:eve"))
        #expect(try place.profile()?.consents.contains { $0.state == .withdrawn } == true)
        let entry = try #require(place.entered.withLock { $0.last })
        #expect(entry.act == "subject.consent.withdraw")
        #expect(entry.detail["by"] == "account:eve")
        #expect(entry.detail["subject"]?.count == 64)
        #expect(!entry.detail.values.contains { $0.contains("anna") })
    }

    @Test("a stop is in force though the log refuses; what permits is not done then")
    func logFails() async throws {
        let place = try Place()
        let number = try await place.person()
        place.logWorks.withLock { $0 = false }
        await #expect(throws: ControlFailure.self) { try await place.desk.act(.restrict(true), on: number, by: .person) }
        #expect(try place.profile()?.restricted == true)
        await #expect(throws: ControlFailure.self) { try await place.desk.act(.restrict(false), on: number, by: .person) }
        #expect(try place.profile()?.restricted == true)
    }

    @Test("opting in again after a US opt-out takes two steps", arguments: [SubjectProfile.ObjectionScope.sale, .share, .sensitiveUse])
    func twoSteps(_ scope: SubjectProfile.ObjectionScope) async throws {
        let place = try Place()
        let number = try await place.person()
        _ = try await place.desk.act(.object(scope), on: number, by: .person)
        #expect(try place.profile()?.objections.map(\.scope) == [scope])
        guard case .confirm(let token, _) = try await place.desk.act(.takeBack(scope, confirm: nil), on: number, by: .person) else {
            Issue.record("one step was enough")
            return
        }
        #expect(try place.profile()?.objections.map(\.scope) == [scope])
        await #expect(throws: ControlFailure.self) {
            try await place.desk.act(.takeBack(scope, confirm: String(token.dropLast()) + "A"), on: number + 1, by: .person)
        }
        _ = try await place.desk.act(.takeBack(scope, confirm: token), on: number, by: .person)
        #expect(try place.profile()?.objections.isEmpty == true)
        _ = try await place.desk.act(.object(scope), on: number, by: .person)
        #expect(try place.profile()?.objections.map(\.scope) == [scope])
    }

    @Test(
        "each act changes what the gate sees",
        arguments: [SubjectAct.restrict(true), .object(.directMarketing), .preference(1), .signal(.gpc(true)), .signal(.gpp(text: "z"))])
    func acts(_ act: SubjectAct) async throws {
        let place = try Place()
        let number = try await place.person()
        let before = try place.profile()
        _ = try await place.desk.act(act, on: number, by: .person)
        #expect(try place.profile() != before)
        #expect(place.entered.withLock { $0.last?.act } == act.name)
    }

    @Test("a receipt has the standard's members and names the person by an opaque id")
    func receipts() async throws {
        let place = try Place()
        let record = try await place.desk.record(try await place.person())
        let receipt = try #require(try place.desk.receipts(record).first)["receipt"]
        #expect(receipt["header"]["schema_version"].text == SubjectDesk.receiptSchema)
        #expect(Set(receipt.members.keys) == ["header", "pii_processing", "party_identification", "event"])
        #expect(receipt["event"].items.first?["event_state"].text == "given")
        let text = String(decoding: try JSONEncoder().encode(receipt), as: UTF8.self)
        #expect(!text.contains("anna"))
        let event = try #require(receipt["header"]["record_id"].text)
        #expect(try await place.desk.receipt(event: event) != nil)
    }

    @Test("a link opens one person's page until it is ended")
    func links() async throws {
        let place = try Place()
        let number = try await place.person()
        let made = try await place.desk.makeLink(number, seconds: 3_600, by: SubjectActor("account:eve"))
        let token = String(made.path.dropFirst(SubjectDesk.personPath.count))
        #expect(try await place.desk.opened(token)?.record.history.number == number)
        #expect(try await place.desk.opened(token + "A") == nil)
        #expect(try await place.desk.revokeLinks(number, by: SubjectActor("account:eve")) == 1)
        #expect(try await place.desk.opened(token) == nil)
    }

    @Test(
        "a link is made for as many days as it may live, and for no other number that a form brings",
        arguments: [("1", true), ("30", true), ("0", false), ("31", false), ("\(Int64.max)", false), ("\(Int64.min)", false), ("x", false)])
    func linkDays(days: String, isMade: Bool) async throws {
        let place = try Place()
        var call = ConsoleCall(principal: nil, now: SystemWallClock().now())
        call.values["subject"] = place.desk.parts.ids.subject(try await place.person())
        call.fields["days"] = [days]
        let page = try #require(SubjectPages.all(place.desk).first { $0.path.hasSuffix("/link") })
        do {
            _ = try await page.run(call)
            #expect(isMade)
        } catch let problem as FormProblem {
            #expect(!isMade && problem.field == "days")
        }
    }

    @Test("asking to be erased makes one open request, which a privacy officer decides")
    func erasureRequests() async throws {
        let place = try Place()
        let number = try await place.person()
        let first = try await place.desk.askErasure(number, by: .person)
        #expect(try await place.desk.askErasure(number, by: .person) == first)
        try await place.desk.refuseErasure(first.id, by: SubjectActor("account:eve"))
        #expect(try place.desk.erasureRequests(.open, limit: 10).isEmpty)
        await #expect(throws: ControlFailure.self) { try await place.desk.refuseErasure(first.id, by: SubjectActor("account:eve")) }
    }

    @Test("bulk lines are answered one by one, in order, and twice is once")
    func bulk() async throws {
        let place = try Place()
        let good =
            #"{"subject":"crm:1","purpose":"newsletter","state":"given","recipients":["hubspot"],"event_time":"2026-05-01T00:00:00Z"}"#
        let lines = Mutex([[UInt8]]([Array("\(good)\n{\"subject\":1}\n\n".utf8), Array(good.utf8)]))
        let run = BulkConsents(place.desk, input: { lines.withLock { $0.isEmpty ? nil : $0.removeFirst() } })
        var out = ""
        while let bytes = try await run.next() { out += String(decoding: bytes, as: UTF8.self) }
        let results = try out.split(separator: "\n").map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
        #expect(results.map { $0["line"].integer } == [1, 2, 4])
        #expect(results.map { $0["result"].text } == ["taken", "refused", "duplicate"])
        #expect(results[0]["event"] == results[2]["event"])
    }
}
