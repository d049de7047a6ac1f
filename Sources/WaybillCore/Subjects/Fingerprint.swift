package import Crypto

/// What stands for an identifier wherever it must be found again without being readable: the first 16 bytes of
/// HMAC-SHA256 under `Keyring.fingerprints`.
package struct Fingerprint: Hashable, Sendable {
    package static let byteCount = 16

    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Nil unless there are exactly 16 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Fingerprint.byteCount else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    package var bytes: [UInt8] {
        (0..<16).map { UInt8(truncatingIfNeeded: ($0 < 8 ? high : low) >> UInt64(56 - 8 * ($0 % 8))) }
    }
}

/// Makes fingerprints from a copy of an already keyed HMAC, which costs a third of keying it each time.
package struct Fingerprinter: Sendable {
    private let keyed: HMAC<SHA256>

    package init(key: SymmetricKey) { keyed = HMAC<SHA256>(key: key) }

    package func callAsFunction(_ identifier: Identifier) -> Fingerprint { fingerprint(of: identifier.bytes) }

    /// Of any bytes; callers that fingerprint something other than an identifier put a label before it.
    package func fingerprint(of bytes: [UInt8]) -> Fingerprint {
        var hmac = keyed
        bytes.withUnsafeBytes { hmac.update(data: $0) }
        return hmac.finalize().withUnsafeBytes {
            Fingerprint(
                high: UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                low: UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }
}
