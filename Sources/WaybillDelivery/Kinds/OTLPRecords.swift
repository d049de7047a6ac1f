import FoundationEssentials
import WaybillCore
import WaybillLedger

extension OTLPSink {
    /// `ExportLogsServiceRequest` in the JSON of protobuf: 64-bit numbers are texts. Empty members are left out.
    static func body(_ records: [ExportRecord], service: String) throws(DeliveryFailure) -> [UInt8] {
        let resource = [Attribute("service.name", .text(service))]
        let request = Request(resourceLogs: [
            ResourceLogs(
                resource: Resource(attributes: resource),
                scopeLogs: [ScopeLogs(scope: Scope(name: "waybill"), logRecords: records.map(LogRecord.init))])
        ])
        do {
            return Array(try JSONEncoder().encode(request))
        } catch {
            throw DeliveryFailure("The entries cannot be written as OTLP; check the log with `waybill log verify`.")
        }
    }

    private struct Request: Encodable { var resourceLogs: [ResourceLogs] }
    private struct ResourceLogs: Encodable {
        var resource: Resource
        var scopeLogs: [ScopeLogs]
    }
    private struct Resource: Encodable { var attributes: [Attribute] }
    private struct ScopeLogs: Encodable {
        var scope: Scope
        var logRecords: [LogRecord]
    }
    private struct Scope: Encodable { var name: String }

    private struct LogRecord: Encodable {
        var timeUnixNano: String
        var observedTimeUnixNano: String
        var severityNumber: Int
        var severityText: String
        var eventName: String
        var body: Value
        var attributes: [Attribute]

        init(_ record: ExportRecord) {
            let facts = EntryFacts(record)
            timeUnixNano = String(record.time.nanoseconds)
            observedTimeUnixNano = timeUnixNano
            // OpenTelemetry's numbers: 9 INFO, 13 WARN.
            severityNumber = facts.isNotable ? 13 : 9
            severityText = facts.isNotable ? "WARN" : "INFO"
            eventName = "waybill.\(facts.event)"
            body = Value(stringValue: String(decoding: record.entry, as: UTF8.self))
            attributes = [
                Attribute("waybill.index", .number(record.index)), Attribute("waybill.log", .text(record.origin)),
                Attribute("waybill.leaf", .text("\(record.leaf)")), Attribute("waybill.kind", .text(record.kind.rawValue)),
            ]
            if let xid = facts.xid { attributes.append(Attribute("waybill.xid", .text(xid))) }
            if let vendor = facts.vendor { attributes.append(Attribute("waybill.vendor", .text(vendor))) }
        }
    }

    private struct Attribute: Encodable {
        enum Content {
            case text(String)
            case number(UInt64)
        }
        var key: String
        var value: Value
        init(_ key: String, _ content: Content) {
            self.key = key
            value =
                switch content {
                case .text(let text): Value(stringValue: text)
                case .number(let number): Value(intValue: String(number))
                }
        }
    }

    private struct Value: Encodable {
        var stringValue: String?
        var intValue: String?
    }
}

/// What sinks with records of their own say about an entry beside its bytes.
struct EntryFacts {
    /// `transfer.intent`, `log.seal`, …
    var event: String
    var xid: String?
    /// Of an outcome: of its intent.
    var vendor: String?
    /// Something was denied, or went wrong.
    var isNotable: Bool

    init(_ record: ExportRecord) {
        let entry = Self.members(record.entry)
        xid = Self.text(entry["xid"])
        vendor = Self.text(entry["vendor"]) ?? record.intent.flatMap { Self.text(Self.members($0)["vendor"]) }
        let group =
            switch record.kind {
            case .intent, .outcome, .denied: "transfer"
            case .erasure: "subject"
            case .seal, .config, .keychange: "log"
            }
        event = "\(group).\(record.kind.rawValue)"
        isNotable = record.kind == .denied || (record.kind == .outcome && Self.text(entry["res"]) != "ok")
    }

    private static func members(_ entry: [UInt8]) -> [String: CanonicalValue] {
        if case .object(let members) = CanonicalParser.parse(entry) { members } else { [:] }
    }

    private static func text(_ value: CanonicalValue?) -> String? { if case .string(let text) = value { text } else { nil } }
}
