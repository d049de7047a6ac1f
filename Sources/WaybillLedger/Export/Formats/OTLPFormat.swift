import WaybillCore

/// OpenTelemetry logs, JSON encoding: each line an ExportLogsServiceRequest of one record whose body is the entry, byte for byte.
package struct OTLPFormat: EntryFormat {
    package let name = "otlp"
    package let mediaType = "application/x-ndjson"
    package let fileExtension = "otlp.ndjson"
    let joinsIntents = true

    package init() {}

    func append(_ view: EntryView, to b: inout [UInt8]) {
        b.append(Self.before)
        b.append(Product.version)
        b.append(Self.between)
        b.append(otlpRecord: view)
        b.append(Self.behind)
        b.append(0x0a)
    }

    /// One request with all of them, as a receiver takes it (`application/json`).
    package static func request(_ records: some Sequence<ExportRecord>) -> [UInt8] {
        var b = [UInt8]()
        b.append(before)
        b.append(Product.version)
        b.append(between)
        var isFirst = true
        for record in records {
            if !isFirst { b.append(0x2c) }
            isFirst = false
            record.withView { b.append(otlpRecord: $0) }
        }
        b.append(behind)
        return b
    }

    private static let before: StaticString = """
        {"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"waybill"}},\
        {"key":"service.version","value":{"stringValue":"
        """
    private static let between: StaticString = """
        "}}]},"scopeLogs":[{"scope":{"name":"waybill.transfer_log","version":"1"},"logRecords":[
        """
    private static let behind: StaticString = "]}]}]}"
}

extension [UInt8] {
    fileprivate mutating func append(otlpRecord view: EntryView) {
        let (entry, transfer) = (view.entry, view.transfer)
        let nanoseconds = entry.milliseconds.map { UInt64(clamping: $0) * 1_000_000 } ?? 0
        append(#"{"timeUnixNano":""#)
        append(decimal: UInt(nanoseconds))
        append(#"","observedTimeUnixNano":""#)
        append(decimal: UInt(nanoseconds))
        append(view.isWorthALook ? #"","severityNumber":13,"severityText":"WARN""# : #"","severityNumber":9,"severityText":"INFO""#)
        append(#","eventName":"#, plain: view.kind.eventName)
        append(#","body":{"stringValue":"#)
        append(quotedJSON: view.bytes)
        append(#"},"attributes":[{"key":"waybill.leaf_hash","value":{"stringValue":""#)
        append(hexDigits: view.leaf)
        append(#""}},{"key":"waybill.index","value":{"intValue":""#)
        append(decimal: UInt(view.index))
        append(#""}}"#)
        append(#"{"key":"waybill.log","value":{"stringValue":"#, attribute: entry.value("log"))
        append(#"{"key":"waybill.node","value":{"stringValue":"#, attribute: entry.value("node"))
        append(#"{"key":"waybill.xid","value":{"stringValue":"#, attribute: entry.value("xid"))
        append(#"{"key":"waybill.vendor","value":{"stringValue":"#, attribute: transfer?.value("vendor"))
        append(#"{"key":"waybill.caller","value":{"stringValue":"#, attribute: transfer?.value("caller"))
        append(#"{"key":"server.address","value":{"stringValue":"#, attribute: transfer?.value("dst"))
        append(#"{"key":"http.request.method","value":{"stringValue":"#, attribute: transfer?.value("op"))
        append(#"{"key":"url.template","value":{"stringValue":"#, attribute: transfer?.value("route"))
        append(#"{"key":"waybill.result","value":{"stringValue":"#, attribute: entry.value("res"))
        append(#"{"key":"waybill.purposes","value":{"arrayValue":{"values":["#, list: transfer?.value("purposes"))
        append(#"{"key":"waybill.fields","value":{"arrayValue":{"values":["#, list: transfer?.value("fields"))
        if let status = entry.value("http"), status.first != 0x30 {
            append(#",{"key":"http.response.status_code","value":{"intValue":""#, json: status)
            append(#""}}"#)
        }
        append("]}")
    }

    private mutating func append(_ attribute: StaticString, attribute value: UnsafeRawBufferPointer?) {
        guard let value else { return }
        append(0x2c)
        append(attribute, json: value)
        append("}}")
    }

    private mutating func append(_ attribute: StaticString, list: UnsafeRawBufferPointer?) {
        guard let list else { return }
        append(0x2c)
        append(attribute)
        var isFirst = true
        CanonicalParts.forEachElement(of: list) { value in
            append(isFirst ? #"{"stringValue":"# : #",{"stringValue":"#, json: value)
            append("}")
            isFirst = false
        }
        append("]}}}")
    }
}

extension EntryView {
    fileprivate var isWorthALook: Bool {
        switch kind {
        case .denied, .keychange: true
        case .outcome: result != .ok
        case .intent, .seal, .config, .erasure: false
        }
    }
}
