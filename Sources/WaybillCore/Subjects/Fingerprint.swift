import CLibCrypto
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

/// Makes fingerprints by a key prepared once.
package struct Fingerprinter: Sendable {
    private let key: waybill_hmac_key

    package init(key: SymmetricKey) {
        var prepared = waybill_hmac_key()
        key.withUnsafeBytes { waybill_hmac_prepare(&prepared, $0.baseAddress, $0.count) }
        self.key = prepared
    }

    package func callAsFunction(_ identifier: Identifier) -> Fingerprint { fingerprint(of: identifier.bytes) }

    /// Of any bytes; callers that fingerprint something other than an identifier put a label before it.
    package func fingerprint(of bytes: [UInt8]) -> Fingerprint {
        var digest: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafePointer(to: key) { key in
            bytes.withUnsafeBytes { waybill_hmac(key, $0.baseAddress, $0.count, nil, 0, &digest) }
        }
        return Fingerprint(high: UInt64(bigEndian: digest.0), low: UInt64(bigEndian: digest.1))
    }
}
