import CLibCrypto
import Crypto

/// HMAC-SHA256 (RFC 2104) under a key of 32 bytes whose first block is already hashed: half the work of a short message is done.
struct MACKey: Sendable {
    private let key: waybill_hmac_key

    init(_ key: TreeHash) {
        var prepared = waybill_hmac_key()
        key.withBytes { waybill_hmac_prepare(&prepared, $0.baseAddress, $0.count) }
        self.key = prepared
    }

    /// Of the two parts one after the other.
    func mac(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)) -> TreeHash {
        TreeHash { target in
            withUnsafePointer(to: key) { waybill_hmac($0, a.baseAddress, a.count, b.baseAddress, b.count, target.baseAddress) }
        }
    }

    func mac(_ message: [UInt8]) -> TreeHash { message.withUnsafeBytes { mac($0) } }
}

package enum KeyedHash {
    package static func mac(key: TreeHash, _ message: [UInt8]) -> TreeHash { MACKey(key).mac(message) }
}

extension TreeHash {
    /// A derived key of 32 bytes; nil for another length.
    init?(_ key: SymmetricKey) {
        guard let hash = key.withUnsafeBytes({ TreeHash($0) }) else { return nil }
        self = hash
    }
}
