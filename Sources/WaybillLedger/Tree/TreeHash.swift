/// A SHA-256 digest, held as four words whose memory is the digest's bytes.
package struct TreeHash: Hashable, Comparable, Sendable, CustomStringConvertible {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    package static let byteCount = 32

    /// Nil unless exactly 32 bytes.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == TreeHash.byteCount else { return nil }
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// Reads 32 bytes at `offset`, which the caller has checked to be there.
    init(at offset: Int, in bytes: UnsafeRawBufferPointer) {
        words = bytes.loadUnaligned(fromByteOffset: offset, as: (UInt64, UInt64, UInt64, UInt64).self)
    }

    /// Fills the hash's memory.
    init(filling body: (UnsafeMutableRawBufferPointer) -> Void) {
        words = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words, body)
    }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { withUnsafeBytes(of: words, body) }

    package var bytes: [UInt8] { withBytes { Array($0) } }
    package var description: String { hex(bytes) }

    package static func == (a: TreeHash, b: TreeHash) -> Bool {
        (a.words.0 ^ b.words.0) | (a.words.1 ^ b.words.1) | (a.words.2 ^ b.words.2) | (a.words.3 ^ b.words.3) == 0
    }

    /// The order of the bytes.
    package static func < (a: TreeHash, b: TreeHash) -> Bool {
        (a.words.0.bigEndian, a.words.1.bigEndian, a.words.2.bigEndian, a.words.3.bigEndian)
            < (b.words.0.bigEndian, b.words.1.bigEndian, b.words.2.bigEndian, b.words.3.bigEndian)
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

extension [UInt8] {
    mutating func append(_ hash: TreeHash) { hash.withBytes { append(contentsOf: $0) } }
}

/// Lower-case hexadecimal.
package func hex(_ bytes: some Collection<UInt8>) -> String {
    var text = [UInt8]()
    text.reserveCapacity(bytes.count * 2)
    for byte in bytes { text.append(hexPair: byte) }
    return String(decoding: text, as: UTF8.self)
}

extension [UInt8] {
    mutating func append(hexPair byte: UInt8) {
        append(hexDigit: byte >> 4)
        append(hexDigit: byte & 15)
    }

    private mutating func append(hexDigit nibble: UInt8) { append(HexDigits.of(nibble)) }
}

enum HexDigits {
    /// Lower-case, of a number below 16.
    static func of(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 48 + nibble : 87 + nibble }

    /// The eight lower-case digits of a word, the first one in the highest byte: all at once, a nibble to each byte.
    static func of(_ word: UInt32) -> UInt64 {
        var nibbles = UInt64(word)
        nibbles = (nibbles << 16 | nibbles) & 0x0000_ffff_0000_ffff
        nibbles = (nibbles << 8 | nibbles) & 0x00ff_00ff_00ff_00ff
        nibbles = (nibbles << 4 | nibbles) & 0x0f0f_0f0f_0f0f_0f0f
        let letters = (nibbles &+ 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
        return nibbles &+ 0x3030_3030_3030_3030 &+ letters &* 39
    }
}
