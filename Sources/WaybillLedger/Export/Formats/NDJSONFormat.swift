/// The evidence itself: each line is exactly one leaf of the log's tree.
struct NDJSONFormat: EntryFormat {
    let name = "ndjson"
    let mediaType = "application/x-ndjson"
    let fileExtension = "ndjson"
    let joinsIntents = false

    func append(_ entry: EntryView, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: entry.bytes)
        bytes.append(0x0a)
    }
}
