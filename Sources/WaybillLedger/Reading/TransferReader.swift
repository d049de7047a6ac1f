import WaybillCore

/// Reads transfers from the log's entries, which are the only source of everything that an index says.
package struct TransferReader {
    let reader: any LogReader

    package init(reader: any LogReader) { self.reader = reader }
}

extension TransferKey {
    init?(text: String) {
        var text = text
        guard let key = text.withUTF8({ TransferKey(UnsafeRawBufferPointer($0)) }) else { return nil }
        self = key
    }
}
