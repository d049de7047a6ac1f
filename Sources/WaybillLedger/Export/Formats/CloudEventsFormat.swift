/// CloudEvents 1.0, JSON, one event a line: id is the leaf hash, source the log's origin, data the entry itself.
struct CloudEventsFormat: EntryFormat {
    let name = "cloudevents"
    let mediaType = "application/x-ndjson"
    let fileExtension = "cloudevents.ndjson"
    let joinsIntents = false

    func append(_ view: EntryView, to b: inout [UInt8]) {
        let entry = view.entry
        b.append(#"{"specversion":"1.0","id":""#)
        b.append(hexDigits: view.leaf)
        b.append(#"","source":"#, json: entry.value("log"))
        b.append(#","type":"#, plain: view.kind.eventName)
        b.append(#","subject":"#, json: entry.value("xid"))
        b.append(#","time":"#, json: entry.value("t"))
        // An extension: text whose order is the entries' order.
        b.append(#","sequence":""#)
        b.append(sequence: view.index)
        b.append(#"","datacontenttype":"application/json","data":"#)
        b.append(contentsOf: view.bytes)
        b.append("}\n")
    }
}

extension [UInt8] {
    /// Twenty digits.
    fileprivate mutating func append(sequence index: UInt64) {
        var digits = InlineArray<20, UInt8>(repeating: 48)
        var (rest, at) = (index, 20)
        while rest > 0 {
            at -= 1
            digits[at] = UInt8(truncatingIfNeeded: rest % 10) + 48
            rest /= 10
        }
        Swift.withUnsafeBytes(of: digits) { append(contentsOf: $0) }
    }
}
