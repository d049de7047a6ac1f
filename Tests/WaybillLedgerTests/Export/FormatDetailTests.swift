import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

/// What each format says, entry by entry.
@Suite("What the formats say")
struct FormatDetailTests {
    private func text(_ name: String, where isWanted: (ExportRecord) -> Bool) throws -> [String] {
        let format = try #require(ExportFormats.named(name))
        var bytes = [UInt8]()
        for record in try ExportFixture.shared.get().records() where isWanted(record) { format.append(record, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private func object(_ line: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    private func of(_ result: TransferOutcome.Result) -> (ExportRecord) -> Bool {
        { $0.kind == .outcome && String(decoding: $0.entry, as: UTF8.self).contains(#""res":"\#(result.rawValue)""#) }
    }

    @Test("CSV has one cell a column, quotes what needs it, and no formulas")
    func csv() throws {
        let format = try #require(ExportFormats.named("csv"))
        let columns = String(decoding: format.header, as: UTF8.self).split(separator: ",").count
        #expect(columns == 26)
        let denied = try #require(try text("csv") { $0.kind == .denied }.first).split(separator: ",", omittingEmptySubsequences: false)
        #expect(denied.count == columns)
        #expect(denied[3] == "denied" && denied[19] == "denied" && denied[6] == "hubspot" && denied[15] == "birth_date;2 more")
        let ok = try #require(try text("csv", where: of(.ok)).first).split(separator: ",", omittingEmptySubsequences: false)
        #expect(ok[5...10].map(String.init) == ["crm", "hubspot", "api.hubapi.com", "POST", "/crm/v3/objects/contacts", "newsletter"])
        #expect(ok[17...20].map(String.init) == ["28", "201", "ok", "40"])
        #expect(ok[25].count == 64 && ok[24] == "1")
        let whole = try text("csv") { String(decoding: $0.intent ?? $0.entry, as: UTF8.self).contains("=cmd()") }.joined(separator: "\n")
        #expect(whole.contains("\"'=cmd()\"") && whole.contains("a\"\"b\\c=d|e,f;g\r\nh\t"))
    }

    @Test(
        "CEF has an id and a severity for every kind and result",
        arguments: [
            (EntryKind.intent, nil, "XFER_INTENT", 1), (.denied, nil, "XFER_DENIED", 5),
            (.outcome, TransferOutcome.Result.ok, "XFER_OK", 1),
            (.outcome, .vendorError, "XFER_FAIL", 4), (.outcome, .partial, "XFER_FAIL", 4), (.outcome, .aborted, "XFER_FAIL", 4),
            (.outcome, .unknown, "XFER_UNKNOWN", 6), (.erasure, nil, "SUBJECT_ERASE", 3), (.keychange, nil, "LOG_KEYCHANGE", 5),
            (.seal, nil, "LOG_SEAL", 0), (.config, nil, "LOG_CONFIG", 3),
        ])
    func cef(kind: EntryKind, result: TransferOutcome.Result?, id: String, severity: Int) throws {
        let lines = try text("cef") { record in record.kind == kind && result.map { of($0)(record) } ?? true }
        let line = try #require(lines.first)
        let head = line.split(separator: "|", maxSplits: 7, omittingEmptySubsequences: false)
        #expect(head.count == 8 && head[0] == "CEF:0" && head[4] == id && head[6] == String(severity))
    }

    @Test("CEF escapes what its extension gives a meaning")
    func cefEscapes() throws {
        let line = try #require(try text("cef") { String(decoding: $0.entry, as: UTF8.self).contains("=cmd()") }.first)
        #expect(line.contains(#" suid=\=cmd() "#))
        #expect(line.contains(#" request=a"b\\c\=d|e,f;g\r\nh"#))
    }

    @Test("OCSF has the class, activity and status of each entry, and a finding beside a denial")
    func ocsf() throws {
        let ok = try object(try #require(try text("ocsf", where: of(.ok)).first))
        #expect(ok["class_uid"] as? Int == 6003 && ok["type_uid"] as? Int == 600_301 && ok["status_id"] as? Int == 1)
        #expect(ok["duration"] as? Int == 40)
        let (began, ended) = (try #require(ok["start_time"] as? Int), try #require(ok["end_time"] as? Int))
        #expect(began <= ended && ended == ok["time"] as? Int)
        let unknown = try object(try #require(try text("ocsf", where: of(.unknown)).first))
        #expect(unknown["status_id"] as? Int == 0 && unknown["http_response"] == nil)
        let aborted = try object(try #require(try text("ocsf", where: of(.aborted)).first))
        #expect(aborted["status_id"] as? Int == 2 && aborted["status_detail"] as? String == "upstream_timeout")
        let denials = try text("ocsf") { $0.kind == .denied }.map { try object($0) }
        #expect(denials.map { $0["class_uid"] as? Int } == [6003, 2006])
        #expect(denials.map { $0["action_id"] as? Int } == [2, 2])
        #expect((denials[1]["finding_info"] as? [String: Any])?["types"] as? [String] == ["consent_missing", "field_not_agreed"])
        let ids = denials.compactMap { ($0["metadata"] as? [String: Any])?["uid"] as? String }
        #expect(Set(ids).count == 2)
        for (kind, expected) in [(EntryKind.seal, 600_299), (.keychange, 300_403), (.erasure, 300_404)] {
            let event = try object(try #require(try text("ocsf") { $0.kind == kind }.first))
            #expect(event["type_uid"] as? Int == expected)
        }
        let acts = try text("ocsf") { $0.kind == .config }.map { try object($0)["type_uid"] as? Int }
        #expect(acts == [600_203, 300_403])
    }

    @Test("ECS tells durations in nanoseconds and lets an open transfer's outcome be unknown")
    func ecs() throws {
        let ok = try object(try #require(try text("ecs", where: of(.ok)).first))
        let event = try #require(ok["event"] as? [String: Any])
        #expect(event["duration"] as? Int == 40_000_000 && event["outcome"] as? String == "success")
        #expect(event["start"] as? String != nil && event["sequence"] as? Int == 2)
        let intent = try object(try #require(try text("ecs") { $0.kind == .intent }.first))
        #expect((intent["event"] as? [String: Any])?["outcome"] as? String == "unknown")
        #expect((intent["rule"] as? [String: Any])?["version"] as? [String] == ["3"])
    }

    @Test("A cloud event's data is the entry, and its sequence has the entries' order")
    func cloudEvents() throws {
        let records = try ExportFixture.shared.get().records()
        let lines = try text("cloudevents") { _ in true }
        for (line, record) in zip(lines, records) {
            #expect(line.hasSuffix(#","data":"# + String(decoding: record.entry, as: UTF8.self) + "}"))
            let event = try object(line)
            #expect(event["id"] as? String == record.leaf.description && event["source"] as? String == "acme.example/waybill")
            #expect((event["sequence"] as? String).flatMap { UInt64($0) } == record.index)
        }
    }

    @Test("A request of OTLP holds all records, each with the entry's own bytes")
    func otlp() throws {
        let records = try ExportFixture.shared.get().records()
        let request = try object(String(decoding: OTLPFormat.request(records), as: UTF8.self))
        let resource = try #require((request["resourceLogs"] as? [[String: Any]])?.first)
        let scope = try #require((resource["scopeLogs"] as? [[String: Any]])?.first)
        let logs = try #require(scope["logRecords"] as? [[String: Any]])
        #expect(
            logs.map { ($0["body"] as? [String: Any])?["stringValue"] as? String }
                == records.map { String(decoding: $0.entry, as: UTF8.self) })
        #expect(Set(logs.compactMap { $0["eventName"] as? String }).count == EntryKind.allCases.count)
        #expect(String(decoding: OTLPFormat.request([]), as: UTF8.self).contains(#""logRecords":[]"#))
    }
}
