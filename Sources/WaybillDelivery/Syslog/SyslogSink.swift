import FoundationEssentials
import WaybillCore
import WaybillLedger

/// Syslog over TLS (RFC 5425): RFC 5424 messages with octet counting, on one connection that is kept.
///
/// The protocol has no acknowledgement. So what was sent counts as delivered only when the connection still stands `settle` later; if it
/// ends before, everything since then comes again. Lost is only what a receiver drops while its connections live on.
struct SyslogSink: DeliverySink {
    private static let address = SinkOption("address", .address, isRequired: true, "Host and port of the receiver; 6514 is usual.")
    private static let facility = SinkOption(
        "facility", .integer(0...23), fallback: "13", "RFC 5424's number: 13 is log audit, 16 to 23 are local.")
    private static let hostname = SinkOption("hostname", .text, "The name in the messages; without it this machine's.")
    private static let settle = SinkOption(
        "settle", .milliseconds(5_000...600_000), fallback: "5s",
        "How long the connection must have stood after an entry was sent for it to count as delivered.")
    static let kind = SinkKind(
        name: "syslog", summary: "Syslog over TLS: RFC 5424 messages framed as RFC 5425 says.",
        options: [
            address, facility, hostname, settle, HTTPOptions.trust, HTTPOptions.clientCertificate, HTTPOptions.clientKey,
            HTTPOptions.timeout,
        ],
        make: { values, surroundings throws(DeliveryFailure) in try SyslogSink(values, surroundings) })

    let pace: SinkPace
    private let messages: SyslogMessages
    private let stream: TLSStream

    init(_ values: SinkValues, _ surroundings: SinkSurroundings) throws(DeliveryFailure) {
        var pace = values.pace()
        pace.settleMilliseconds = values.milliseconds(Self.settle)
        self.pace = pace
        guard let address = values.address(Self.address) else { throw DeliveryFailure("The sink has no `address`; add it.") }
        guard surroundings.format.header.isEmpty else {
            throw DeliveryFailure("`\(surroundings.format.name)` begins with a header, which a message cannot have; use another `format`.")
        }
        let host = values.text(Self.hostname) ?? ProcessInfo.processInfo.hostName
        messages = SyslogMessages(facility: values.integer(Self.facility) ?? 13, host: host, format: surroundings.format)
        stream = try TLSStream(
            host: address.host, port: address.port, identity: try HTTPOptions.identity(values, surroundings),
            timeoutMilliseconds: values.milliseconds(HTTPOptions.timeout) ?? 60_000)
    }

    func deliver(_ records: [ExportRecord]) throws(DeliveryFailure) {
        var bytes: [UInt8] = []
        for record in records { messages.append(record, to: &bytes) }
        guard !bytes.isEmpty else { return }
        try stream.send(bytes)
    }

    func isIntact() -> Bool { stream.isIntact() }

    func stop() { stream.stop() }
}

/// Entries as RFC 5424 messages.
struct SyslogMessages: Sendable {
    /// RFC 5612's example number: these elements are our own.
    private static let enterprise = 32_473
    var facility: Int
    /// Printable ASCII without spaces, at most 255 characters; else `-`.
    var host: String
    var format: any ExportFormat

    init(facility: Int, host: String, format: any ExportFormat) {
        self.facility = facility
        let isName = (1...255).contains(host.utf8.count) && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f }
        self.host = isName ? host : "-"
        self.format = format
    }

    /// One message for each line that the format makes of the record, each led by its count of octets.
    func append(_ record: ExportRecord, to bytes: inout [UInt8]) {
        var lines: [UInt8] = []
        format.append(record, to: &lines)
        guard !lines.isEmpty else { return }
        let head = Array(head(record).utf8)
        for line in lines.split(separator: 0x0a) {
            bytes += Array("\(head.count + line.count) ".utf8)
            bytes += head
            bytes += line
        }
    }

    private func head(_ record: ExportRecord) -> String {
        let facts = EntryFacts(record)
        // RFC 5424's severities: 4 warning, 6 informational.
        let priority = facility * 8 + (facts.isNotable ? 4 : 6)
        var element = "[waybill@\(Self.enterprise) index=\"\(record.index)\" log=\"\(Self.escaped(record.origin))\" leaf=\"\(record.leaf)\""
        if let xid = facts.xid { element += " xid=\"\(Self.escaped(xid))\"" }
        return "<\(priority)>1 \(record.time.rfc3339) \(host) waybill - \(record.kind.rawValue) \(element)] "
    }

    private static func escaped(_ text: String) -> String {
        var escaped = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" || scalar == "]" { escaped.append("\\") }
            escaped.append(scalar)
        }
        return String(escaped)
    }
}
