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

    init(bytes: ByteBuffer) {
        self.bytes = bytes
        lines.reserveCapacity(16)
    }

    mutating func append(_ line: Line) { lines.append(line) }

    func first(_ name: FieldName) -> Range<Int>? {
        for line in lines where line.known == name { return line.value }
        return nil
    }

    func contains(_ name: FieldName) -> Bool { first(name) != nil }

    func count(_ name: FieldName) -> Int {
        var count = 0
        for line in lines where line.known == name { count += 1 }
        return count
    }

    /// Nil for what is not UTF-8.
    func text(_ range: Range<Int>) -> String? {
        bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count).flatMap { slice in
            String(validating: slice.readableBytesView, as: UTF8.self)
        }
    }

    func array(_ range: Range<Int>) -> [UInt8] {
        bytes.getBytes(at: bytes.readerIndex + range.lowerBound, length: range.count) ?? []
    }
}
