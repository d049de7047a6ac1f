import WaybillCore

/// Committed intents that have no outcome yet.
struct OpenTransfers: Sendable {
    struct Intent: Sendable {
        var index: UInt64
        var leaf: TreeHash
    }
    private var byKey: [TransferKey: Intent] = [:]
    /// In order of entry; closed ones are skipped lazily.
    private var order: [(index: UInt64, key: TransferKey)] = []
    private var head = 0

    subscript(key: TransferKey) -> Intent? { byKey[key] }

    mutating func open(_ key: TransferKey, _ intent: Intent) {
        byKey[key] = intent
        order.append((intent.index, key))
    }

    /// `trim` afterwards.
    mutating func close(_ key: TransferKey) { byKey[key] = nil }

    mutating func trim() {
        while head < order.count, byKey[order[head].key]?.index != order[head].index { head += 1 }
        guard head > 4_096, head * 2 > order.count else { return }
        order.removeFirst(head)
        head = 0
    }

    /// No intent below `size`, once `closing` are closed, is without outcome before this index.
    func oldest(closing: Set<TransferKey>, size: UInt64) -> UInt64 {
        var at = head
        while at < order.count {
            let (index, key) = order[at]
            if byKey[key]?.index == index, !closing.contains(key) { return index }
            at += 1
        }
        return size
    }
}

/// A transfer's id as two words, for dictionaries.
struct TransferKey: Equatable, Sendable {
    private let high: UInt64
    private let low: UInt64
    init(_ xid: TransferID) {
        (high, low) = withUnsafeBytes(of: xid.bytes) {
            (UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)), UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }

    var xid: TransferID {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        for i in 0..<8 {
            bytes[i] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * i))
            bytes[8 + i] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * i))
        }
        return TransferID(bytes: bytes)
    }

    /// Nil unless in the 8-4-4-4-12 form with lower-case digits.
    init?(_ text: UnsafeRawBufferPointer) {
        guard text.count == 36, text[8] == 0x2d, text[13] == 0x2d, text[18] == 0x2d, text[23] == 0x2d,
            let a = UInt64(hexDigits: text, 0..<8), let b = UInt64(hexDigits: text, 9..<13), let c = UInt64(hexDigits: text, 14..<18),
            let d = UInt64(hexDigits: text, 19..<23), let e = UInt64(hexDigits: text, 24..<36)
        else { return nil }
        high = a << 32 | b << 16 | c
        low = d << 48 | e
    }
}

extension TransferKey: Hashable {
    /// The low half is 62 random bits of our own.
    func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

extension UInt64 {
    /// At most 16 lower-case digits.
    init?(hexDigits bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
        var value: UInt64 = 0
        for i in range {
            let byte = bytes[i]
            switch byte {
            case 48...57: value = value << 4 | UInt64(byte &- 48)
            case 97...102: value = value << 4 | UInt64(byte &- 87)
            default: return nil
            }
        }
        self = value
    }
}

extension TreeHash {
    /// Nil unless 64 lower-case hexadecimal digits.
    init?(hexDigits text: UnsafeRawBufferPointer) {
        guard text.count == 64, let a = UInt64(hexDigits: text, 0..<16), let b = UInt64(hexDigits: text, 16..<32),
            let c = UInt64(hexDigits: text, 32..<48), let d = UInt64(hexDigits: text, 48..<64)
        else { return nil }
        self.init { target in
            for (i, word) in [a, b, c, d].enumerated() { target.storeBytes(of: word.bigEndian, toByteOffset: i * 8, as: UInt64.self) }
        }
    }
}
