import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillReport

/// Reports of every size.
enum ReportFixture {
    static let hostile = "<script>alert('x')</script>&\"\u{0}\u{7}"
    static let rightToLeft = "شركة التسويق العربية"
    static let longName = String(repeating: "a_very_long_name_of_a_field_", count: 12)

    static func empty(_ scope: EvidenceReport.Scope = .vendor(id: "hubspot", name: "HubSpot")) -> EvidenceReport {
        let day = WaybillCore.Day(year: 2026, month: 1, day: 1) ?? WaybillCore.Day(number: 0)
        let checkpoint = Checkpoint(origin: "acme-eu/waybill", size: 1_234_567, root: MerkleHashing.sha256([1]))
        return EvidenceReport(
            scope: scope, organisation: "Acme Europe GmbH", from: day.start, until: WaybillCore.Day(number: day.number + 90).start,
            made: Timestamp(seconds: 1_790_000_000), checkpoint: checkpoint)
    }

    static func sample(days: Int = 90) -> EvidenceReport {
        var report = empty()
        let first = report.from.day.number
        report.until = WaybillCore.Day(number: first + Int32(days)).start
        (report.firstIndex, report.lastIndex) = (1_204, 98_450)
        (report.transfers, report.records, report.bytes, report.refusedRequests) = (48_211, 51_902, 20_311_845, 1_377)
        report.outcomes = [
            .init(name: "ok", count: 47_102), .init(name: "vendor_error", count: 811), .init(name: "partial", count: 40),
            .init(name: "aborted", count: 251), .init(name: "unknown", count: 7),
        ]
        report.days = (0..<days).map { i in
            let week = [9, 10, 11, 10, 9, 3, 2][i % 7]
            return .init(day: .init(number: first + Int32(i)), transfers: week * 60 + i * 37 % 90, denied: week * 2 + i * 13 % 17)
        }
        report.fieldsByPurpose = [
            (
                "newsletter",
                [.init(name: "email", count: 31_004), .init(name: "first_name", count: 30_120), .init(name: "language", count: 8_440)]
            ),
            (
                "product_analytics",
                [.init(name: "email", count: 17_207), .init(name: "country", count: 16_990), .init(name: "plan", count: 301)]
            ),
        ]
        report.denialsByReason = [
            .init(name: "consent_missing", count: 811), .init(name: "consent_withdrawn", count: 402),
            .init(name: "field_not_agreed", count: 122),
            .init(name: "mechanism_expired", count: 42),
        ]
        report.countries = [.init(name: "US", count: 40_001), .init(name: "IE", count: 8_000), .init(name: "EU", count: 210)]
        report.mechanisms = [.init(name: "adequacy:EU-US-DPF", count: 40_001), .init(name: "scc:2021-914-m2", count: 8_210)]
        report.agreements = [
            .init(
                id: "hubspot-newsletter", version: 3, digest: "5f70bf18a086007016e948b04aed3b82", from: "2025-06-01", until: "2026-02-28"),
            .init(id: "hubspot-newsletter", version: 4, digest: "0c1f5518a086007016e948b04aed11aa", from: "2026-03-01", until: nil),
        ]
        report.remarks = [
            "7 transfers have an unknown outcome: the gate stopped while they were under way; count them as disclosed.",
            "Epoch 4 ended without a clean stop on 2026-02-11; its seal was written by the epoch after it.",
        ]
        return report
    }

    /// Names from elsewhere, many of everything.
    static func crowded() -> EvidenceReport {
        var report = sample(days: 400)
        report.scope = .vendor(id: "x", name: hostile)
        report.organisation = rightToLeft
        let fields = (0..<300).map { EvidenceReport.Count(name: "field_\($0)", count: 9_000 - $0 * 29) }
        report.fieldsByPurpose = [
            (hostile, fields), (rightToLeft, [.init(name: rightToLeft, count: 812), .init(name: longName, count: 411)]),
        ]
        report.denialsByReason.append(.init(name: longName, count: 300))
        report.remarks.append(hostile)
        report.agreements = (0..<60).map { .init(id: longName, version: $0, digest: "5f70bf18", from: "2026-01-01", until: nil) }
        return report
    }

    static let all: [(name: String, report: EvidenceReport)] = [
        ("empty", empty()), ("subject", empty(.subject)), ("sample", sample()), ("day", sample(days: 1)), ("years", sample(days: 3_000)),
        ("crowded", crowded()),
    ]

    /// In a folder of its own; with `WAYBILL_KEEP_REPORTS=DIR` there, to be looked at.
    static func file(_ name: String, _ bytes: [UInt8]) throws -> URL {
        let folder =
            ProcessInfo.processInfo.environment["WAYBILL_KEEP_REPORTS"].map { URL(filePath: $0) }
            ?? FileManager.default.temporaryDirectory.appending(path: "waybill-report-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appending(path: name)
        try Data(bytes).write(to: file)
        return file
    }
}
