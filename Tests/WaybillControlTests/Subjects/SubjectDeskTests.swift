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
    private typealias Place = SubjectPlace

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

    @Test("a day's stop binds until that day's end: a consent of now would never count, and is refused with the time when it will")
    func stopOfADay() async throws {
        let now = SystemWallClock().now()
        let line = #"{"subject":"email:anna@example.com","state":"withdrawn","event_time":"\#(now.day.iso8601)"}"#
        let other = try SubjectPlace(policy: DeskFixture().set.withLock { $0 })
        let otherNumber = try await other.person()
        _ = try await other.store.apply([.consent(try ConsentLine(Array(line.utf8), line: 1))], atomically: true, now: now)
        let grant = SubjectAct.Grant(purpose: "newsletter", recipients: ["hubspot"], proof: "form")
        let failure = await #expect(throws: ControlFailure.self) { try await other.desk.act(.give(grant), on: otherNumber, by: .person) }
        #expect(failure?.code == "stop_binds" && failure?.message.contains(Day(number: now.day.number + 1).iso8601) == true)
        other.now.withLock { $0 = Day(number: now.day.number + 1).start.adding(seconds: 60) }
        guard case .done(let record) = try await other.desk.act(.give(grant), on: otherNumber, by: .person) else { return }
        #expect(other.desk.standings(record.history).contains { $0["permits"].flag == true })
    }

    @Test(
        "a ceiling is a stop where it lowers one of the person's own, or leaves nothing; otherwise it is entered first",
        arguments: [
            (Int?.none, Int?.some(0), true), (nil, 1, false), (nil, 3, false), (2, 1, true), (2, 2, false), (2, 3, false), (2, nil, false),
        ])
    func ceilings(_ before: Int?, _ after: Int?, _ isStop: Bool) {
        var facts = SubjectFacts()
        facts.preference = before
        #expect(SubjectAct.preference(after).isStop(facts) == isStop)
    }

    @Test("an erasure closes what the person asked for, and ends their links, whoever carries it out")
    func forgotten() async throws {
        let place = try SubjectPlace()
        let number = try await place.person()
        let made = try await place.desk.makeLink(number, seconds: 3_600, by: SubjectActor("account:eve"))
        let asked = try await place.desk.askErasure(number, by: .person)
        let register = place.desk.parts.register
        try register.forget([number], at: place.desk.now)
        #expect(try register.link(made.link.id) == nil)
        let request = try #require(try register.erasureRequest(asked.id))
        #expect(request.number == 0 && request.state == .confirmed && request.by == nil)
        // The desk says afterwards who confirmed it.
        try register.decide(asked.id, .confirmed, by: "account:eve", at: place.desk.now)
        #expect(try register.erasureRequest(asked.id)?.by == "account:eve")
        #expect(throws: (any Error).self) { try register.decide(asked.id, .refused, by: "account:eve", at: place.desk.now) }
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
        #expect(receipt["pii_processing"]["purposes"].items.first?["lawful_basis"].text == "consent")
        #expect(try await place.desk.receipt(event: event) != nil)
    }

    @Test("a receipt tells the fields of the agreement in force at the event, and how long it is valid as a duration")
    func receiptOfItsTime() async throws {
        let place = try SubjectPlace(policy: DeskFixture().set.withLock { $0 })
        for (time, fields) in [("2026-05-01T00:00:00Z", ["birth_date", "email", "phone"]), ("2025-05-01T00:00:00Z", [])] {
            let line =
                #"{"subject":"crm:\#(time.prefix(4))","purpose":"newsletter","state":"given","recipients":["hubspot"],"event_time":"\#(time)","expires":"2027-05-01T00:00:00Z"}"#
            let batch = try await place.store.apply(
                [.consent(try ConsentLine(Array(line.utf8), line: 1))], atomically: true, now: place.desk.now)
            let record = try await place.desk.record(try #require(batch.entered.first).number)
            let receipt = try #require(try place.desk.receipts(record).first)["receipt"]
            let told = receipt["pii_processing"]["purposes"].items.first?["pii_information"].items ?? []
            #expect(Set(fields).isSubset(of: told.compactMap { $0["pii_attribute_id"].text }) && told.isEmpty == fields.isEmpty)
            #expect(told.first { $0["pii_attribute_id"].text == "email" }.map { $0["pii_optional"].flag == false } ?? fields.isEmpty)
            #expect(receipt["event"].items.first?["validity_duration"].text == (fields.isEmpty ? "P730D" : "P365D"))
        }
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

    @Test("a bulk line that names what the policies do not know is taken, and says so")
    func bulkDoubts() async throws {
        let place = try SubjectPlace(policy: DeskFixture().set.withLock { $0 })
        let lines = ["newsleter", "newsletter"].map {
            #"{"subject":"crm:1","purpose":"\#($0)","state":"withdrawn","event_time":"2026-05-01T00:00:00Z"}"#
        }
        let input = Mutex<[UInt8]?>(Array(lines.joined(separator: "\n").utf8))
        let run = BulkConsents(place.desk, input: { input.withLock { exchange(&$0, with: nil) } })
        var out = ""
        while let bytes = try await run.next() { out += String(decoding: bytes, as: UTF8.self) }
        let results = try out.split(separator: "\n").map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
        #expect(results.map { $0["result"].text } == ["taken", "taken"])
        #expect(results[0]["message"].text?.contains("no such purpose") == true && results[1]["message"].text == nil)
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
