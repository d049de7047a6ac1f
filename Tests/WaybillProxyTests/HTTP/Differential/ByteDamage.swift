/// Small damage to sound bytes: where parsers part ways is mostly one byte from where they agree.
enum ByteDamage {
    /// Bytes that mean something to a parser of HTTP, and their neighbours.
    private static let telling: [UInt8] =
        Array("\r\n \t:;,/?#%*=\"\\_-+@[]()0159aAfFgxZ".utf8) + [0, 1, 8, 11, 12, 27, 31, 127, 128, 160, 255]
    private static let pieces: [[UInt8]] = [
        "\r\n", "\r\n\r\n", "\n\n", "\r\r\n", "0\r\n\r\n", "Host: b\r\n", "Content-Length: 1\r\n", "Transfer-Encoding: chunked\r\n",
        " HTTP/1.1",
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "\u{feff}", "1\r\na\r\n", ": ",
    ].map { Array($0.utf8) }

    /// Half of all cases stay as they are.
    static func applied(to bytes: [UInt8], _ dice: inout FuzzDice) -> [UInt8] {
        var bytes = bytes
        guard dice.once(in: 2) else { return bytes }
        for _ in 0...dice.below(3) where !bytes.isEmpty { apply(to: &bytes, &dice) }
        return bytes
    }

    private static func apply(to bytes: inout [UInt8], _ dice: inout FuzzDice) {
        let at = dice.below(bytes.count)
        switch dice.below(9) {
        case 0: bytes[at] ^= 1 << UInt8(dice.below(8))
        case 1, 2: bytes[at] = dice.pick(telling)
        case 3, 4: bytes.insert(dice.pick(telling), at: at)
        case 5: bytes.remove(at: at)
        case 6: bytes.insert(contentsOf: dice.pick(pieces), at: at)
        case 7:
            let end = min(bytes.count, at + 1 + dice.below(16))
            if dice.once(in: 2) { bytes.insert(contentsOf: bytes[at..<end], at: at) } else { bytes.removeSubrange(at..<end) }
        default: if dice.once(in: 4) { bytes.removeSubrange(at...) }
        }
    }

    /// `bytes` in pieces of random sizes; none is empty.
    static func split(_ bytes: [UInt8], _ dice: inout FuzzDice) -> [ArraySlice<UInt8>] {
        var pieces: [ArraySlice<UInt8>] = []
        let sizeMax = dice.pick([1, 2, 5, 17, 64])
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + 1 + dice.below(sizeMax))
            pieces.append(bytes[start..<end])
            start = end
        }
        return pieces
    }

    /// Printable, with everything else escaped as in a Swift or C literal.
    static func escaped(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            switch byte {
            case 0x0d: text += "\\r"
            case 0x0a: text += "\\n"
            case 0x09: text += "\\t"
            case 0x5c: text += "\\\\"
            case 0x22: text += "\\\""
            case 0x20..<0x7f: text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return text
    }
}
