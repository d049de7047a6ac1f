import NIOCore

/// The header fields of one message as slices of the bytes received.
struct HTTPFields {
    struct Line {
        var known: FieldName
        var name: Range<Int>
        var value: Range<Int>
    }
    /// The whole head; ranges count from its reader index.
    private(set) var bytes: ByteBuffer
    private(set) var lines: [Line] = []
    /// Known names that came at least once, and at least twice: most questions are about a name that did not come.
    private var present: UInt64 = 0
    private var repeated: UInt64 = 0
    /// What `Connection` and `Proxy-Connection` name; known once all lines are in.
    private var connectionNames: UInt64 = 0
    private var connectionNamesOthers = false
    /// `Connection: close`.
    private(set) var saysClose = false

    init(bytes: ByteBuffer) {
        self.bytes = bytes
        lines.reserveCapacity(16)
    }

    mutating func append(_ line: Line) {
        repeated |= present & line.known.bit
        present |= line.known.bit
        lines.append(line)
    }

    func first(_ name: FieldName) -> Range<Int>? {
        guard contains(name) else { return nil }
        for line in lines where line.known == name { return line.value }
        return nil
    }

    func contains(_ name: FieldName) -> Bool { present & name.bit != 0 }

    func isRepeated(_ name: FieldName) -> Bool { repeated & name.bit != 0 }

    func count(_ name: FieldName) -> Int {
        var count = 0
        for line in lines where line.known == name { count += 1 }
        return count
    }

    /// After the last line: reads the lists of `Connection`, which name fields that concern this connection only.
    mutating func readConnection() {
        guard contains(.connection) || contains(.proxyConnection) else { return }
        let received = bytes
        let bytes = received.readableBytesUInt8Span
        var (names, others, close) = (UInt64(0), false, false)
        for line in lines where line.known == .connection || line.known == .proxyConnection {
            for element in bytes.listElements(line.value) {
                let name = FieldName.recognise(bytes, element)
                if name != .other {
                    names |= name.bit
                } else if bytes.matches(element, "close") {
                    close = true
                } else if !element.isEmpty {
                    others = true
                }
            }
        }
        (connectionNames, connectionNamesOthers, saysClose) = (names, others, close)
    }

    func isNamedByConnection(_ name: FieldName) -> Bool { connectionNames & name.bit != 0 }

    /// `Connection` lists this line's name: it is hop-by-hop then.
    func isNamedByConnection(_ line: Line, _ bytes: borrowing Span<UInt8>) -> Bool {
        if line.known != .other { return isNamedByConnection(line.known) }
        guard connectionNamesOthers else { return false }
        for other in lines where other.known == .connection || other.known == .proxyConnection {
            for element in bytes.listElements(other.value) where bytes.isSameName(element, line.name) { return true }
        }
        return false
    }

    /// Nil for what is not UTF-8.
    func text(_ range: Range<Int>) -> String? {
        bytes.withUnsafeReadableBytes { all in
            let text = UnsafeRawBufferPointer(rebasing: all[range])
            // ASCII, as nearly always, needs no decoder.
            guard text.allSatisfy({ $0 < 0x80 }) else { return String(validating: text, as: UTF8.self) }
            return String(unsafeUninitializedCapacity: text.count) { room in
                UnsafeMutableRawBufferPointer(room).copyMemory(from: text)
                return text.count
            }
        }
    }

    func array(_ range: Range<Int>) -> [UInt8] {
        bytes.getBytes(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? []
    }
}
