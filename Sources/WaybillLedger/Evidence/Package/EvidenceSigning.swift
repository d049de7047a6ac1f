import CLibCrypto

/// A certificate and its private key, both PEM: who vouches for a package beside the log's own key.
package struct EvidenceSigner: Sendable {
    package let certificatePEM: String
    private let keyPEM: String

    package init(certificatePEM: String, keyPEM: String) {
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }

    /// A detached CMS signature (DER). Throws if certificate and key do not belong together, or libcrypto cannot use them.
    package func sign(_ data: [UInt8]) throws -> [UInt8] {
        let (certificate, key) = (Array(certificatePEM.utf8), Array(keyPEM.utf8))
        let made = certificate.withUnsafeBytes { certificate in
            key.withUnsafeBytes { key in
                data.withUnsafeBytes { data in
                    waybill_cms_sign(certificate.baseAddress, certificate.count, key.baseAddress, key.count, data.baseAddress, data.count)
                }
            }
        }
        guard let bytes = LibCryptoBytes.take(made) else {
            throw PackageError("The evidence certificate and its key cannot sign; check that both are PEM and belong together.")
        }
        return bytes
    }

    /// Whether `signature` is over `data` by the certificate. Who the certificate belongs to is for others to judge.
    static func isSignature(_ signature: [UInt8], of data: [UInt8], by certificatePEM: [UInt8]) -> Bool {
        signature.withUnsafeBytes { signature in
            data.withUnsafeBytes { data in
                certificatePEM.withUnsafeBytes { certificate in
                    waybill_cms_verify(
                        signature.baseAddress, signature.count, data.baseAddress, data.count, certificate.baseAddress, certificate.count)
                }
            }
        } == 1
    }
}

/// A time-stamp by RFC 3161: somebody else's word for when a package was there.
package enum TimestampProtocol {
    package static let requestType = "application/timestamp-query"
    package static let responseType = "application/timestamp-reply"
    package static let responseBytesMax = 1 << 20

    /// `nonce` comes back in the answer, so that an old one cannot be passed off.
    package static func request(for data: [UInt8], nonce: UInt64) throws -> [UInt8] {
        let made = MerkleHashing.sha256(data).withBytes { digest in
            waybill_ts_request(digest.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt(nonce))
        }
        guard let bytes = LibCryptoBytes.take(made) else { throw PackageError("The time-stamp request could not be made; try again.") }
        return bytes
    }

    /// Nil: a stamp over `data`, granted, with that nonce (nil: any). Otherwise what is wrong. Who signed it is checked by `openssl ts`.
    package static func fault(of response: [UInt8], for data: [UInt8], nonce: UInt64?) -> String? {
        let digest = MerkleHashing.sha256(data)
        var time = [CChar](repeating: 0, count: 32)
        var number = UInt(nonce ?? 0)
        let found = response.withUnsafeBytes { response in
            digest.withBytes { digest in
                let digest = digest.baseAddress?.assumingMemoryBound(to: UInt8.self)
                return nonce == nil
                    ? waybill_ts_check(response.baseAddress, response.count, digest, nil, &time)
                    : waybill_ts_check(response.baseAddress, response.count, digest, &number, &time)
            }
        }
        switch UInt32(found) {
        case UInt32(waybill_ts_good): return nil
        case UInt32(waybill_ts_refused): return "was refused"
        case UInt32(waybill_ts_other_digest): return "is over something else"
        case UInt32(waybill_ts_other_nonce): return "answers another request"
        default: return "is no time-stamp response"
        }
    }
}

private enum LibCryptoBytes {
    static func take(_ made: waybill_bytes) -> [UInt8]? {
        defer { waybill_release(made) }
        guard let bytes = made.bytes, made.count > 0 else { return nil }
        return Array(UnsafeBufferPointer(start: bytes, count: made.count))
    }
}
