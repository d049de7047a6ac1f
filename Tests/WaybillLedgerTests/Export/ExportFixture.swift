import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// A log with every kind of entry and every result, and texts that mean something in every format.
struct ExportFixture {
    static let shared: Result<ExportFixture, any Error> = Result { try ExportFixture() }
    /// What no format may let through as anything but text.
    static let hostile = "a\"b\\c=d|e,f;g\r\nh\tü\u{1F980}</x>&'{0}"
    static let email = "anna@example.com"

    let log = LogFixture()

    init() throws {
        let open = try log.open()
        for (i, result) in TransferOutcome.Result.allCases.enumerated() {
            try record(UInt64(i), in: open)
            open.record(
                TransferOutcome(
                    xid: .testing(UInt64(i)), result: result, status: result == .ok ? 201 : 0, sentBytes: 28, milliseconds: 40 + i,
                    reason: result == .aborted ? "upstream_timeout" : nil))
        }
        var denied = TransferDraft.testing(90)
        (denied.fields, denied.codes, denied.deniedCount) = ([], [.consentMissing: 1, .fieldNotAgreed: 2], 1)
        open.recordDenial(denied)
        var hostile = TransferDraft.testing(91, vendor: Self.hostile, caller: "=cmd()")
        hostile.route = Self.hostile
        hostile.purposes = [Self.hostile, "newsletter"]
        hostile.fields = [Self.hostile]
        open.record(hostile, ticket: 91, for: log.listener)
        guard log.listener.wait(for: 1) else { throw CancellationError() }
        open.record(TransferOutcome(xid: .testing(91), result: .ok, status: 200, sentBytes: 1, milliseconds: 1))
        open.record(LogNotice.keyChange(old: "acme.example/waybill+1+AA==", new: "acme.example/waybill+2+BB=="))
        open.record(LogNotice.erasure(tombstone: MerkleHashing.sha256([1]), transfers: 3))
        open.record(LogNotice.config(act: "suspend", detail: ["vendor": Self.hostile]))
        open.close()
    }

    private func record(_ i: UInt64, in open: TransferLog) throws {
        open.record(.testing(i, email: Self.email), ticket: i, for: log.listener)
        guard log.listener.wait(for: 1) else { throw CancellationError() }
        log.clock.advance(milliseconds: 1_000)
    }

    func records() throws -> [ExportRecord] {
        var exporter = LogExporter(reader: log.store)
        return try exporter.records(from: nil, entriesMax: .max, bytesMax: .max).records
    }
}
