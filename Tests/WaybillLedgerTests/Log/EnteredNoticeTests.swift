import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite("A notice somebody waits for")
struct EnteredNoticeTests {
    private let notice = LogNotice.config(act: "test", detail: ["a": "b"])

    @Test("It is durable when the wait ends, at the index that is said")
    func durable() async throws {
        let fixture = LogFixture()
        let log = try fixture.open()
        let index = try await log.enter(notice)
        #expect(index == 1)
        #expect(try fixture.entries.last?.contains(#""act":"test""#) == true)
        log.close()
    }

    @Test("Whoever waits is told of a full disk, and nothing is entered later behind their back")
    func rolledBack() async throws {
        let fixture = LogFixture()
        let failing = FailingLogStore(fixture.store)
        let log = try fixture.open(failing)
        failing.fail(.beforeWriting(.rolledBack(.diskFull, "The disk is full; free space.")))
        await #expect(throws: RecordError.self) { try await log.enter(notice) }
        #expect(try await log.enter(notice) == 1)
        log.close()
        #expect(try fixture.entries.count { $0.contains(#""act":"test""#) } == 1)
    }

    @Test("A log that is closed, has stopped, or waits for an acknowledgement says so at once")
    func refused() async throws {
        let fixture = LogFixture()
        let failing = FailingLogStore(fixture.store)
        let log = try fixture.open(failing)
        failing.fail(.beforeWriting(.broken("The disk failed.")))
        await #expect(throws: RecordError.self) { try await log.enter(notice) }
        await #expect(throws: RecordError.self) { try await log.enter(notice) }
        log.close()
        await #expect(throws: RecordError.self) { try await log.enter(notice) }
        fixture.copy.remove()
        let lost = try fixture.open()
        await #expect(throws: RecordError.self) { try await lost.enter(notice) }
        lost.close()
    }
}
