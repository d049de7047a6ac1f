import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@testable import WaybillDelivery

@Suite("Syslog over TLS")
struct SyslogSinkTests {
    private let log = MadeLog(origin: #"a"b]c\d"#, size: 10)

    private func make(_ port: Int, trust: [String], host: String = "localhost") throws -> any DeliverySink {
        let surroundings = SinkSurroundings(
            format: try #require(ExportFormats.named("ndjson")), trust: trust, proxy: nil, agent: "waybill/test")
        return try SyslogSink.kind.make(SinkValues(["address": "\(host):\(port)", "hostname": "gate", "timeout": "2s"]), surroundings)
    }

    @Test("A message is counted in octets, has RFC 5424's head, and ends with the entry's own bytes")
    func message() throws {
        let messages = SyslogMessages(facility: 13, host: "a b", format: try #require(ExportFormats.named("ndjson")))
        let record = log.record(3)
        var bytes: [UInt8] = []
        messages.append(record, to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        let space = try #require(text.firstIndex(of: " "))
        #expect(Int(text[..<space]) == text[text.index(after: space)...].utf8.count)
        let head =
            #"<110>1 2026-05-28T23:26:40Z - waybill - seal [waybill@32473 index="3" log="a\"b\]c\\d" leaf="\#(record.leaf)" xid="x3"] "#
        #expect(text[text.index(after: space)...] == head + String(decoding: record.entry, as: UTF8.self))
    }

    @Test("Batches go on one connection, which is noticed when it ends")
    func connection() async throws {
        let place = try Place()
        let server = try await FakeVendor.start(identity: place.authority.issue(["localhost"])) { _ in [] }
        let sink = try make(server.port, trust: place.identity.trust)
        try sink.deliver([log.record(0)])
        try sink.deliver([log.record(1)])
        #expect(sink.isIntact())
        server.closeConnections()
        while sink.isIntact() { try await Task.sleep(for: .milliseconds(5)) }
        try sink.deliver([log.record(2)])
        while server.bytes.count(where: { $0 == 0x7d }) < 3 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(server.connections == 2)
        try await server.stop()
        while sink.isIntact() { try await Task.sleep(for: .milliseconds(5)) }
        let away = #expect(throws: DeliveryFailure.self) { try sink.deliver([log.record(3)]) }
        #expect(away?.message.contains("does not accept connections") == true)
    }

    @Test("A receiver that cannot prove its name gets nothing", arguments: ["untrusted", "another name", "an address"])
    func verification(_ what: String) async throws {
        let place = try Place()
        let names = what == "another name" ? ["other.example"] : ["localhost"]
        let server = try await FakeVendor.start(identity: place.authority.issue(names))
        let sink = try make(
            server.port, trust: what == "untrusted" ? [] : place.identity.trust, host: what == "an address" ? "127.0.0.1" : "localhost")
        let failure = #expect(throws: DeliveryFailure.self) { try sink.deliver([log.record(0)]) }
        #expect(failure?.message.contains("could not be agreed") == true)
        #expect(server.bytes.isEmpty)
        try await server.stop()
    }
}
