import Crypto
import FoundationEssentials
import SwiftASN1
package import WaybillCore
import X509

/// A CA that signs the leaves of intercepted destinations: it can sign nothing but server certificates, directly, and only for the
/// names it was made for.
package struct InterceptionAuthority: Sendable {
    package static let validityDays: Int64 = 1_825
    /// Callers' clocks may be slow.
    static let backdatedSeconds: Int64 = 3_600
    /// Of a leaf, from `notBefore` to `notAfter`; never more than 24 hours.
    static let leafLifeSeconds: Int64 = 23 * 3_600
    private static let commonNameBytesMax = 64

    package let certificatePEM: String
    package let keyPEM: String
    /// DNS suffixes, lower case.
    package let permitted: [String]
    /// Of the key: eight hex digits, part of the subject's name where Waybill made the CA.
    package let mark: String
    /// Of the certificate, as trust stores show it: hex.
    package let sha256: String
    package let notBefore: Timestamp
    package let notAfter: Timestamp
    private let excluded: [String]
    private let subject: DistinguishedName
    private let identifier: ArraySlice<UInt8>
    private let key: P256.Signing.PrivateKey

    /// Refuses what could not sign, and a CA that could sign for every name.
    package init(certificatePEM: String, keyPEM: String) throws(AuthorityFault) {
        let certificate: Certificate
        do { certificate = try Certificate(pemEncoded: certificatePEM) } catch { throw .noCertificate }
        do { key = try P256.Signing.PrivateKey(pemRepresentation: keyPEM) } catch { throw .noKey }
        guard certificate.publicKey == Certificate.PublicKey(key.publicKey) else { throw .foreignKey }
        let (constraints, identifier): (NameConstraints?, SubjectKeyIdentifier?)
        do {
            guard case .isCertificateAuthority? = try certificate.extensions.basicConstraints else { throw AuthorityFault.noAuthority }
            (constraints, identifier) = (
                try certificate.extensions.nameConstraints, try certificate.extensions.subjectKeyIdentifier
            )
        } catch {
            throw .noAuthority
        }
        guard let identifier else { throw .noAuthority }
        self.identifier = identifier.keyIdentifier
        permitted = constraints?.permittedDNSDomains.map { Self.normalized($0) } ?? []
        excluded = constraints?.excludedDNSDomains.map { Self.normalized($0) } ?? []
        guard !permitted.isEmpty, !permitted.contains("") else { throw .unconstrained }
        mark = Self.hex(identifier.keyIdentifier.prefix(4))
        do {
            var der = DER.Serializer()
            try certificate.serialize(into: &der)
            sha256 = Self.hex(SHA256.hash(data: der.serializedBytes))
        } catch {
            throw .noCertificate
        }
        subject = certificate.subject
        notBefore = Timestamp(certificate.notValidBefore)
        notAfter = Timestamp(certificate.notValidAfter)
        self.certificatePEM = certificatePEM
        self.keyPEM = keyPEM
    }

    /// `permit`: DNS suffixes, not empty, because RFC 5280 reads an empty list as "everything".
    package static func make(organisation: String, permit: [String], now: Timestamp) throws(AuthorityFault) -> InterceptionAuthority {
        guard !permit.isEmpty else { throw .unconstrained }
        let key = P256.Signing.PrivateKey()
        let pem: String
        do {
            pem = try certificate(of: key, organisation: organisation, permit: permit, now: now).serializeAsPEM().pemString + "\n"
        } catch {
            throw .notSigned
        }
        return try InterceptionAuthority(certificatePEM: pem, keyPEM: key.pemRepresentation + "\n")
    }

    /// Whether the name constraints cover `host` (lower case): a suffix covers itself and every name under it.
    package func permits(_ host: String) -> Bool {
        Self.isName(host) && permitted.contains { Self.covers($0, host) } && !excluded.contains { Self.covers($0, host) }
    }

    /// A certificate for `host`, which must be permitted, valid within the CA's own time.
    func leaf(for host: String, key leafKey: P256.Signing.PublicKey, now: Timestamp) throws -> Certificate {
        let subject = try DistinguishedName {
            if host.utf8.count <= Self.commonNameBytesMax { CommonName(host) } else { OrganizationName("Waybill") }
        }
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: Certificate.PublicKey(leafKey),
            notValidBefore: max(now.adding(seconds: -Self.backdatedSeconds), notBefore).date,
            notValidAfter: min(now.adding(seconds: Self.leafLifeSeconds - Self.backdatedSeconds), notAfter).date,
            issuer: self.subject, subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth])
                SubjectAlternativeNames([.dnsName(host)])
                AuthorityKeyIdentifier(keyIdentifier: identifier)
            },
            issuerPrivateKey: Certificate.PrivateKey(key))
    }

    private static func certificate(
        of key: P256.Signing.PrivateKey, organisation: String, permit: [String], now: Timestamp
    ) throws -> Certificate {
        let publicKey = Certificate.PublicKey(key.publicKey)
        let identifier = Insecure.SHA1.hash(data: publicKey.subjectPublicKeyInfoBytes)
        // Two CAs overlap while one follows the other: no client should have to tell them apart by their keys.
        let mark = hex(identifier.prefix(4))
        let name = try DistinguishedName {
            OrganizationName(organisation)
            CommonName("Waybill interception CA \(mark)")
        }
        let everyAddress = [
            ASN1OctetString(contentBytes: ArraySlice(repeating: 0, count: 8)),
            ASN1OctetString(contentBytes: ArraySlice(repeating: 0, count: 32)),
        ]
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            notValidBefore: now.adding(seconds: -backdatedSeconds).date, notValidAfter: now.adding(seconds: validityDays * 86_400).date,
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                try ExtendedKeyUsage([.serverAuth])
                Critical(NameConstraints(permittedDNSDomains: permit, excludedIPRanges: everyAddress))
                SubjectKeyIdentifier(keyIdentifier: ArraySlice(identifier))
            },
            issuerPrivateKey: Certificate.PrivateKey(key))
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    private static func normalized(_ suffix: String) -> String { String(suffix.lowercased().drop { $0 == "." }) }

    private static func covers(_ suffix: String, _ host: String) -> Bool { host == suffix || host.hasSuffix(".\(suffix)") }

    /// Lower-case DNS labels; no address, no wildcard.
    private static func isName(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard host.utf8.count <= 253, let last = labels.last, !last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { $0 == 0x2d || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
        }
    }
}

/// Why a certificate and a key make no interception CA.
package enum AuthorityFault: Error, Sendable, Equatable {
    case noCertificate
    /// No P-256 private key.
    case noKey
    /// The key is another certificate's.
    case foreignKey
    /// The certificate is no CA's.
    case noAuthority
    /// It has no permitted DNS names, so it could sign for everybody's.
    case unconstrained
    case notSigned
}

extension Timestamp {
    fileprivate init(_ date: Date) { self.init(seconds: Int64(date.timeIntervalSince1970)) }
    fileprivate var date: Date { Date(timeIntervalSince1970: Double(nanoseconds / 1_000_000_000)) }
}
