/// Hashes members' names. Keyed at random once a process, so that nobody can choose names that collide.
struct NameHash: Sendable {
    static let shared = NameHash(seed: .random(in: .min ... .max), multiplier: .random(in: .min ... .max) | 1)
    let seed: UInt64
    let multiplier: UInt64

    @inline(__always)
    func hash(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> UInt64 {
        var hash = seed ^ UInt64(truncatingIfNeeded: end &- start)
        var i = start
        while end &- i >= 8 {
            hash = mix(hash ^ JSONLexer.word(bytes, at: i))
            i &+= 8
        }
        let rest = end &- i
        if rest > 0 { hash = mix(hash ^ Self.partialWord(bytes, at: i, count: rest)) }
        return mix(hash)
    }

    /// Places for `count` entries of an open-addressed table: a power of two, at least half of it empty.
    func capacity(for count: Int) -> Int { 1 << (Int.bitWidth - (2 * count - 1).leadingZeroBitCount) }

    /// The first eight bytes, or all if they are fewer, as a word.
    @inline(__always)
    static func head(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> UInt64 {
        let count = min(8, end &- start)
        return count == 8 ? JSONLexer.word(bytes, at: start) : count == 0 ? 0 : partialWord(bytes, at: start, count: count)
    }

    /// 1 to 7 bytes as a word; what is above them is zero.
    @inline(__always)
    private static func partialWord(_ bytes: Span<UInt8>, at start: Int, count: Int) -> UInt64 {
        if start &+ 8 <= bytes.count {
            return JSONLexer.word(bytes, at: start) & (UInt64.max >> UInt64(truncatingIfNeeded: 64 &- 8 &* count))
        }
        var word: UInt64 = 0
        for i in 0..<count { word |= UInt64(bytes[start &+ i]) << UInt64(truncatingIfNeeded: 8 &* i) }
        return word
    }

    @inline(__always)
    private func mix(_ value: UInt64) -> UInt64 {
        let (high, low) = value.multipliedFullWidth(by: multiplier)
        return high ^ low ^ seed
    }
}
