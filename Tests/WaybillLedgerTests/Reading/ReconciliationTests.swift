import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillLedger

@Suite struct ReconciliationTests {
    private let fixture = LogFixture()

    /// 1 and 2 ok, 3 failed, 4 open, 5 aborted and sent again; 6 to another vendor.
    private func filled() throws {
        let log = try fixture.open()
        for number in 1...6 as ClosedRange<UInt64> {
            log.record(.testing(number, vendor: number == 6 ? "mailchimp" : "hubspot"), ticket: number, for: fixture.listener)
        }
        #expect(fixture.listener.wait(for: 6))
        let outcomes: [(UInt64, TransferOutcome.Result)] = [(1, .ok), (2, .ok), (3, .vendorError), (5, .aborted), (6, .ok)]
        for (number, result) in outcomes {
            log.record(TransferOutcome(xid: .testing(number), result: result, status: 200, sentBytes: 1, milliseconds: 1))
        }
        log.record(.testing(5), ticket: 7, for: fixture.listener)
        #expect(fixture.listener.wait(for: 1))
        log.record(TransferOutcome(xid: .testing(5), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
        log.close()
    }

    private func run(
        _ ids: [TransferID?], vendor: String = "hubspot", since: Timestamp? = nil
    ) throws -> (Reconciliation, [(line: Int, id: TransferID, verdict: Reconciliation.Verdict)]) {
        var work = try Reconciliation(logs: [fixture.store], vendor: vendor, since: since, until: nil)
        for (i, id) in ids.enumerated() { _ = work.take(id, line: i + 1) }
        let late = try work.finish()
        return (work, late)
    }

    @Test func `What they have and we never sent, what we sent and they lack, twice and unreadable: each is told apart`() throws {
        try filled()
        let (work, late) = try run([.testing(1), .testing(1), .testing(99), nil, .testing(6), .testing(99)])
        #expect(work.sentCount == 5)
        #expect(work.counts == [.matched: 1, .duplicate: 2, .neverSent: 1, .elsewhere: 1, .unreadable: 1])
        #expect(late.map(\.line) == [3, 5, 6])
        #expect(late.map(\.verdict) == [.neverSent, .elsewhere, .duplicate])
        #expect(work.lacking == ["ok": 2, "vendor_error": 1, "open": 1])
        var ids: [TransferID] = []
        work.forEachLacking { id, _ in ids.append(id) }
        #expect(ids == [.testing(2), .testing(3), .testing(4), .testing(5)])
        #expect(work.hasDifferences)
    }

    @Test(
        arguments: [
            ([1, 2, 5], false), ([1, 2, 3, 4, 5], false), ([1, 2, 5, 5], false), ([1, 2], true), ([1, 2, 5, 99], true),
            ([1, 2, 5, 6], true),
        ] as [([UInt64], Bool)])
    func `Only what is to be explained is a difference`(listed: [UInt64], differs: Bool) throws {
        try filled()
        #expect(try run(listed.map { .testing($0) }).0.hasDifferences == differs)
    }

    @Test func `A vendor or a period without transfers has only what was never sent or went elsewhere`() throws {
        try filled()
        #expect(try run([.testing(1), .testing(99)], vendor: "segment").0.counts == [.elsewhere: 1, .neverSent: 1])
        #expect(try run([.testing(1)], since: fixture.clock.now().adding(seconds: 60)).0.counts == [.elsewhere: 1])
        #expect(try run([]).0.lacking == ["ok": 3, "vendor_error": 1, "open": 1])
    }

    @Test func `Shards count as one log`() throws {
        try filled()
        let older = LogFixture()
        let log = try older.open()
        for number in 11...12 as ClosedRange<UInt64> {
            log.record(.testing(number, vendor: number == 12 ? "mailchimp" : "hubspot"), ticket: number, for: older.listener)
        }
        #expect(older.listener.wait(for: 2))
        for number in 11...12 as ClosedRange<UInt64> {
            log.record(TransferOutcome(xid: .testing(number), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
        }
        log.close()
        var work = try Reconciliation(logs: [older.store, fixture.store], vendor: "hubspot", since: nil, until: nil)
        for (i, number) in ([11, 1, 2, 5, 12] as [UInt64]).enumerated() { _ = work.take(.testing(number), line: i + 1) }
        #expect(try work.finish().map(\.verdict) == [.elsewhere])
        #expect(work.counts == [.matched: 4, .elsewhere: 1] && work.sentCount == 6)
        #expect(work.lacking == ["vendor_error": 1, "open": 1])
    }

    @Test func `A list is read in each of its forms, and a line that cannot be is named`() throws {
        let id = TransferID.testing(1)
        let forms: [([String], [TransferID??])] = [
            (["\(id)", "", " \(id.description.uppercased()) ", "nonsense"], [id, nil, id, .some(nil)]),
            (["time,XID,status", "2026,\(id),ok", "\"a,b\",\"\(id)\",x", "short"], [nil, id, id, .some(nil)]),
            (["\u{feff}xid", "\(id)"], [nil, id]),
            (
                [#"{"at":"xid","xid" : "\#(id)"}"#, #"{"x":{"xid":"\#(id)"}}"#, #"{"xid":7}"#, "{}", "nonsense"],
                [id, id, .some(nil), .some(nil), .some(nil)]
            ),
        ]
        for (lines, expected) in forms {
            var list = VendorList()
            #expect(lines.map { list.id(in: Array($0.utf8)) } == expected)
        }
        #expect(VendorList.cells(#"a,"b ""c"", d",,e"#) == ["a", #"b "c", d"#, "", "e"])
    }
}
