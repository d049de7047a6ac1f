import WaybillCore

/// Intents on the way through the log whose outcome has not come by, so that an outcome can be told with what it is the outcome of.
struct OpenIntents {
    private struct Intent {
        var index: UInt64
        /// Empty: not held.
        var bytes: [UInt8]
    }
    /// Of entries held; beyond it only their places are, and the bytes are read again.
    private let bytesMax: Int
    private var byKey: [TransferKey: Intent] = [:]
    private var heldBytes = 0

    init(bytesMax: Int) { self.bytesMax = bytesMax }

    var count: Int { byKey.count }

    mutating func open(_ key: TransferKey, _ index: UInt64, _ bytes: UnsafeRawBufferPointer) {
        close(key)
        let isHeld = heldBytes + bytes.count <= bytesMax
        byKey[key] = Intent(index: index, bytes: isHeld ? Array(bytes) : [])
        if isHeld { heldBytes += bytes.count }
    }

    mutating func close(_ key: TransferKey) { heldBytes -= byKey.removeValue(forKey: key)?.bytes.count ?? 0 }

    /// The intent's bytes, once; nil: not seen.
    mutating func take(_ key: TransferKey, from reader: any LogReader) throws -> [UInt8]? {
        guard let intent = byKey.removeValue(forKey: key) else { return nil }
        heldBytes -= intent.bytes.count
        guard intent.bytes.isEmpty else { return intent.bytes }
        var bytes: [UInt8]?
        try reader.forEachEntry(from: intent.index, to: intent.index + 1) { bytes = Array($1) }
        return bytes
    }

    mutating func removeAll() {
        byKey.removeAll(keepingCapacity: true)
        heldBytes = 0
    }
}
