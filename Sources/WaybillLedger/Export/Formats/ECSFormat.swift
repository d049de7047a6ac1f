/// Elastic Common Schema 8.17, one document a line.
struct ECSFormat: EntryFormat {
    let name = "ecs"
    let mediaType = "application/x-ndjson"
    let fileExtension = "ecs.ndjson"
    let joinsIntents = true

    func append(_ view: EntryView, to b: inout [UInt8]) {
        let (entry, transfer) = (view.entry, view.transfer)
        b.append(#"{"@timestamp":"#, json: entry.value("t"))
        b.append(#","ecs":{"version":"8.17.0"},"event":{"kind":"event","module":"waybill","provider":"waybill","action":""#)
        b.append(view.kind.eventName)
        b.append(view.categories)
        b.append(#","dataset":"#, json: entry.value("log"))
        b.append(#","hash":""#)
        b.append(hexDigits: view.leaf)
        b.append(#"","sequence":"#)
        b.append(decimal: UInt(view.index))
        b.append(ecsEnd: view)
        b.append(#","service":{"type":"waybill","node":{"name":"#, json: entry.value("node"))
        b.append("}}")
        if let xid = entry.value("xid") {
            b.append(#","transaction":{"id":"#, json: xid)
            b.append("}")
        }
        if let transfer { b.append(ecsTransfer: transfer, view) } else { b.append(ecsNotice: view) }
        b.append("}\n")
    }
}

extension EntryView {
    fileprivate var categories: StaticString {
        switch kind {
        case .intent: #"","category":["api"],"type":["start","allowed"],"outcome":"unknown""#
        case .denied: #"","category":["api"],"type":["denied"],"outcome":"failure""#
        case .outcome:
            switch result {
            case .ok: #"","category":["api"],"type":["end","allowed"],"outcome":"success""#
            case .failed: #"","category":["api"],"type":["end","allowed"],"outcome":"failure""#
            case .unknown, nil: #"","category":["api"],"type":["end","allowed"],"outcome":"unknown""#
            }
        case .config, .keychange: #"","category":["configuration"],"type":["change"]"#
        case .seal: #"","category":["configuration"],"type":["info"]"#
        case .erasure: #"","category":["configuration"],"type":["deletion"]"#
        }
    }
}

extension [UInt8] {
    /// What of an outcome belongs to the event, and the event's end.
    fileprivate mutating func append(ecsEnd view: EntryView) {
        if view.kind == .outcome {
            // Nanoseconds there.
            append(#","duration":"#, number: view.entry.unsigned("ms").map { Int64(clamping: $0) }?.nanoseconds)
            append(#","start":"#, json: view.intent?.value("t"))
            append(#","end":"#, json: view.entry.value("t"))
            append(#","reason":"#, json: view.entry.value("reason") ?? view.entry.value("res"))
        }
        append("}")
    }

    fileprivate mutating func append(ecsTransfer transfer: EntryReading, _ view: EntryView) {
        let sent = view.kind == .outcome ? view.entry.value("sent") : transfer.value("bytes")
        append(#","http":{"request":{"method":"#, json: transfer.value("op"))
        if let sent {
            append(#","body":{"bytes":"#, json: sent)
            append("}")
        }
        append("}")
        if let status = view.entry.value("http"), status.first != 0x30 {
            append(#","response":{"status_code":"#, json: status)
            append("}")
        }
        append(#"},"url":{"path":"#, json: transfer.value("route"))
        append(#"},"organization":{"id":"#, json: transfer.value("vendor"))
        append(#"},"destination":{"domain":"#, json: transfer.value("dst"))
        append(#"},"user":{"id":"#, json: transfer.value("caller"))
        append(#"},"rule":{"id":"#)
        append(each: "id", of: transfer.value("pol"))
        append(#","version":"#)
        append(each: "ver", of: transfer.value("pol"))
        append(#"},"labels":{"purposes":"#, json: transfer.value("purposes"))
        append(#","basis":"#, json: transfer.value("basis"))
        append(#","fields":"#, json: transfer.value("fields"))
        append(#","records":""#, json: transfer.value("n"))
        append(#"""#)
        append(#","region":"#, json: transfer.value("region"))
        if let leaf = view.entry.value("il") { append(#","intent_leaf_hash":"#, json: leaf) }
        append("}")
    }

    /// What else there is to say, as text.
    fileprivate mutating func append(ecsNotice view: EntryView) {
        let entry = view.entry
        switch view.kind {
        case .config: append(#","labels":{"act":"#, json: entry.value("act"))
        case .keychange:
            append(#","labels":{"old":"#, json: entry.value("old"))
            append(#","new":"#, json: entry.value("new"))
        case .erasure:
            append(#","labels":{"tombstone":"#, json: entry.value("tomb"))
            append(#","entries":""#, json: entry.value("n"))
            append("\"")
        case .seal: append(#","labels":{"why":"#, json: entry.value("why"))
        default: append(#","labels":{"intent_leaf_hash":"#, json: entry.value("il"))
        }
        append("}")
    }

    /// A member of each object of an array, as keywords.
    private mutating func append(each name: StaticString, of array: UnsafeRawBufferPointer?) {
        append("[")
        var isFirst = true
        CanonicalParts.forEachElement(of: array) { element in
            guard let value = CanonicalParts.member(name, of: element) else { return }
            if !isFirst { append(0x2c) }
            isFirst = false
            let isText = value.first == 0x22
            if !isText { append("\"") }
            append(contentsOf: value)
            if !isText { append("\"") }
        }
        append("]")
    }
}

extension Int64 {
    fileprivate var nanoseconds: Int64 { multipliedReportingOverflow(by: 1_000_000).overflow ? .max : self * 1_000_000 }
}
