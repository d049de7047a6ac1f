import NIOSSL
import SwiftASN1
import X509

/// The names a client certificate gives its holder: DNS names and URIs among its subject alternative names, never the common name.
enum CertificateNames {
    /// Of a certificate that TLS has verified. Empty: it gives none, or cannot be read.
    static func read(_ certificate: NIOSSLCertificate) -> [String] {
        do {
            let parsed = try Certificate(derEncoded: certificate.toDERBytes())
            return try parsed.extensions.subjectAlternativeNames?.compactMap { name in
                switch name {
                // A name that looks like a URI must not pass for one.
                case .dnsName(let name): name.contains(":") ? nil : name
                case .uniformResourceIdentifier(let uri): uri.contains("://") ? uri : nil
                default: nil
                }
            } ?? []
        } catch {
            return []
        }
    }
}
