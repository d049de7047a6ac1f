/// Cuts a stream of bytes into lines at `\n`; a `\r` before it belongs to the line end.
package struct LineSplitter: Sendable {
    package static let lineBytesMax = 1_048_576

    package enum Line: Sendable, Equatable {
        case whole([UInt8])
        /// Longer than `lineBytesMax`; its bytes are gone.
        case tooLong
    }

    private var pending: [UInt8] = []
    private var isSkipping = false

    package init() {}

    package mutating func feed(_ bytes: [UInt8]) -> [Line] {
        var lines: [Line] = []
        var start = 0
        while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
            add(bytes[start..<end])
            lines.append(take())
            start = end + 1
        }
        add(bytes[start...])
        return lines
    }

    /// The last line, if the stream did not end with a line end.
    package mutating func finish() -> Line? { pending.isEmpty && !isSkipping ? nil : take() }

    private mutating func add(_ bytes: ArraySlice<UInt8>) {
        if isSkipping { return }
        if pending.count + bytes.count > Self.lineBytesMax {
            isSkipping = true
            pending = []
        } else {
            pending.append(contentsOf: bytes)
        }
    }

    private mutating func take() -> Line {
        defer {
            pending = []
            isSkipping = false
        }
        if isSkipping { return .tooLong }
        if pending.last == UInt8(ascii: "\r") { pending.removeLast() }
        return .whole(pending)
    }
}
