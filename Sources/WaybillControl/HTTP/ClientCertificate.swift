import NIOSSL
import SwiftASN1
import X509

enum ClientCertificate {
    /// Of a certificate that TLS has verified: among its subject alternative names, never the common name. Empty: it gives none, or cannot
    /// be read.
    static func dnsNames(_ certificate: NIOSSLCertificate) -> [String] {
        do {
            let parsed = try Certificate(derEncoded: certificate.toDERBytes())
            return try parsed.extensions.subjectAlternativeNames?.compactMap { name in
                if case .dnsName(let name) = name, !name.contains(":") { name } else { nil }
            } ?? []
        } catch {
            return []
        }
    }
}
