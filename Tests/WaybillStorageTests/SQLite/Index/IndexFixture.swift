import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage
import WaybillTesting

/// A log in SQLite with all sorts of transfers over three days, and its index.
final class IndexFixture {
    let folder: LogFolder
    let clock = ManualClock(Timestamp(seconds: 1_780_000_000))
    let index: SQLiteTransferIndex
    let reader: SQLiteLogReader
    private(set) var xids: [TransferID] = []
    private let listener = CollectingListener()
    private let log: TransferLog
    static let people = ["anna", "ben", "cleo", "dora"]

    /// `index`: of its own if nil.
    init(origin: String = "acme.example/waybill", index: SQLiteTransferIndex? = nil) throws {
        folder = try LogFolder()
        var configuration = LogConfiguration(origin: origin, node: "n1")
        configuration.rideMillisecondsMax = 5
        log = try TransferLog.open(
            store: SQLiteLogStore(path: folder.log), keys: .testing(), configuration: configuration, clock: clock, copy: folder.copy)
        reader = try SQLiteLogReader(path: folder.log)
        self.index = index ?? SQLiteTransferIndex(path: folder.path + "/index.db")
    }

    deinit {
        log.close()
        reader.close()
        index.close()
    }

    var finder: TransferFinder { TransferFinder(log: reader, index: index) }
    func indexer(_ entriesMin: Int = 1_000) -> TransferIndexer { TransferIndexer(log: reader, index: index, batchEntriesMin: entriesMin) }
    func follow() throws { while try indexer().turn() {} }

    /// One each 37 minutes: a third denied, some of several records, some without an outcome.
    func write(_ numbers: Range<UInt64>, ending: Bool = true) throws {
        for i in numbers {
            clock.advance(milliseconds: 37 * 60_000 + 123)
            let draft = draft(i)
            xids.append(draft.xid)
            guard i % 3 != 2 else {
                log.recordDenial(draft)
                continue
            }
            log.record(draft, ticket: i, for: listener)
            try #require(listener.wait(for: 1))
            if ending, i % 7 != 0 { end(i) }
        }
        try settle()
    }

    func end(_ i: UInt64) {
        let result: TransferOutcome.Result = [.ok, .ok, .vendorError, .unknown][Int(i % 4)]
        log.record(
            TransferOutcome(
                xid: xids[Int(i)], result: result, status: 200 + Int(i), sentBytes: 100 + Int(i), milliseconds: Int(i),
                reason: result == .unknown ? "upstream_timeout" : nil))
    }

    /// A last intent takes along what rides.
    func settle() throws {
        var draft = TransferDraft.testing(9_000 + UInt64(xids.count), vendor: "last", email: "zoe@example.com")
        draft.xid = .testing(9_000 + UInt64(xids.count), now: clock.now())
        xids.append(draft.xid)
        log.record(draft, ticket: 0, for: listener)
        try #require(listener.wait(for: 1))
    }

    private func draft(_ i: UInt64) -> TransferDraft {
        let vendor = ["hubspot", "mailchimp", "zendesk"][Int(i / 3 % 3)]
        var draft = TransferDraft.testing(i, vendor: vendor, caller: i % 4 < 2 ? "crm" : "erp", email: email(i))
        draft.xid = .testing(i, now: clock.now())
        draft.purposes = i % 5 == 0 ? ["newsletter", "support"] : ["newsletter"]
        draft.agreements = [("\(vendor)-terms", Int(1 + i % 2), "0a1b")]
        draft.region = i % 2 == 0 ? "US" : "DE"
        if i % 4 == 3 { (draft.codes, draft.droppedFields, draft.droppedMembers) = ([:], [], 0) }
        if i % 3 == 2 { (draft.deniedCount, draft.codes, draft.subjects) = (1, [.consentMissing: 1], []) }
        if i % 6 == 1 { addRecords(&draft, i) }
        return draft
    }

    func email(_ i: UInt64) -> String { "\(Self.people[Int(i % 4)])@example.com" }

    /// Two more records, the second about nobody new, the third about the next person and with other fields.
    private func addRecords(_ draft: inout TransferDraft, _ i: UInt64) {
        draft.subjects.append(
            .init(
                number: nil, salt: InlineArray(repeating: UInt8(i + 1)),
                identifiers: [Identifier(bytes: Array("email:\(email(i + 1))".utf8))]))
        draft.lines += [
            .init(index: 1, decision: .allow, codes: [], basis: "contract", fields: ["email", "phone"], subjects: [1]),
            .init(index: 2, decision: .deny, codes: [.consentMissing], basis: "", fields: [], subjects: []),
        ]
        draft.codes = [.fieldNotAgreed: 2, .consentMissing: 1]
        (draft.recordCount, draft.deniedCount) = (2, 1)
    }

    /// What the entries say, found without the index.
    func truth() throws -> [TransferSummary] {
        let transfers = TransferReader(reader: reader)
        return try xids.map { try #require(try transfers.show($0)).summary }.sorted { $0.index > $1.index }
    }

    func trace(_ text: String) throws -> SubjectTrace? {
        try SQLiteSubjectTracer(
            consents: folder.path + "/none.db", keyring: LogKeys.testingKeyring, keys: .testing(),
            sightings: SQLiteSightings(reader, index: index)
        ).trace(Identifier(bytes: Array(text.utf8)))
    }
}
