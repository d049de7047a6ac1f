import Crypto
import FoundationEssentials
import SwiftASN1
package import X509

/// A certificate authority that lives for one test: makes certificates in memory, so that none lie about to expire.
package struct TestAuthority: Sendable {
    package struct Identity: Sendable {
        package let certificatePEM: String
        package let keyPEM: String
    }
    private let key = P256.Signing.PrivateKey()
    private let name: DistinguishedName
    package let certificatePEM: String

    package init(name commonName: String = "Waybill test authority") throws {
        name = try DistinguishedName { CommonName(commonName) }
        let signer = Certificate.PrivateKey(key)
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: signer.publicKey, notValidBefore: .now - 3_600,
            notValidAfter: .now + 86_400, issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: signer)
        certificatePEM = try certificate.serializeAsPEM().pemString
    }

    /// A server certificate for these DNS names.
    package func issue(_ hosts: [String]) throws -> Identity { try issue(hosts, uris: [], usage: .serverAuth) }

    /// A client certificate that gives its holder these names.
    package func issueClient(_ names: [String], uris: [String] = [], usage: ExtendedKeyUsage.Usage = .clientAuth) throws -> Identity {
        try issue(names, uris: uris, usage: usage)
    }

    private func issue(_ hosts: [String], uris: [String], usage: ExtendedKeyUsage.Usage) throws -> Identity {
        let leafKey = P256.Signing.PrivateKey()
        let certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: Certificate.PrivateKey(leafKey).publicKey, notValidBefore: .now - 3_600,
            notValidAfter: .now + 86_400, issuer: name, subject: try DistinguishedName { CommonName(hosts.first ?? "nobody") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([usage])
                SubjectAlternativeNames(hosts.map { .dnsName($0) } + uris.map { .uniformResourceIdentifier($0) })
            },
            issuerPrivateKey: Certificate.PrivateKey(key))
        return Identity(certificatePEM: try certificate.serializeAsPEM().pemString, keyPEM: leafKey.pemRepresentation)
    }
}
