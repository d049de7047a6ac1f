import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// The CA that will sign leaves for intercepted destinations: it can sign nothing but server certificates, directly, and only for
/// the names it was made for. Kept as `ca.key` and `ca.pem` in the key directory.
struct InterceptionCA: Sendable {
    static let validityDays = 1_825
    static let keyFile = "ca.key"
    static let certificateFile = "ca.pem"
    /// Nothing can be permitted by an empty list (RFC 5280 reads it as "everything"), so a CA for no destination gets a name that
    /// never resolves.
    static let nowhere = "invalid"

    let certificatePEM: String

    /// The CA of this key directory, nil if there is none. Refuses half a CA.
    static func existing(in keys: KeyDirectory) throws(CommandFailure) -> InterceptionCA? {
        let key = try keys.privateText(keyFile)
        let certificate = try keys.privateText(certificateFile)
        switch (key, certificate) {
        case (nil, nil): return nil
        case (_?, let certificate?):
            do {
                _ = try Certificate(pemEncoded: certificate)
            } catch {
                throw CommandFailure("\(keys.file(certificateFile)) holds no certificate", remedy: "restore it from a backup")
            }
            return InterceptionCA(certificatePEM: certificate)
        default:
            let (there, missing) = key == nil ? (certificateFile, keyFile) : (keyFile, certificateFile)
            throw CommandFailure(
                "\(keys.file(there)) is there, but \(missing) is not",
                remedy: "restore \(missing) from a backup, or move \(there) away to make a new CA")
        }
    }

    /// Makes and stores a CA. `permit`: DNS suffixes. Throws if one exists.
    static func create(in keys: KeyDirectory, organisation: String, permit: [String]) throws(CommandFailure) -> InterceptionCA {
        if try existing(in: keys) != nil {
            throw CommandFailure(
                "there is a CA in \(keys.path) already", remedy: "show it with `waybill ca show`; `ca rotate` will replace one")
        }
        let suffixes = try self.suffixes(permit)
        let key = P256.Signing.PrivateKey()
        let pem: String
        do {
            pem = try certificate(key: key, organisation: organisation, permit: suffixes, now: Date()).serializeAsPEM().pemString + "\n"
        } catch {
            throw CommandFailure("the CA certificate could not be made, \(error)")
        }
        // The certificate first: a key without its certificate would be of no use to anyone, and is the more dangerous half.
        guard try keys.create(certificateFile, text: pem), try keys.create(keyFile, text: key.pemRepresentation + "\n") else {
            throw CommandFailure("another process is making the CA in \(keys.path)", remedy: "try again")
        }
        return InterceptionCA(certificatePEM: pem)
    }

    /// Lower case, without a leading dot, each once, sorted. An address is no DNS name.
    static func suffixes(_ names: [String]) throws(CommandFailure) -> [String] {
        var suffixes: Set<String> = []
        for name in names {
            let suffix = String(name.lowercased().drop { $0 == "." })
            let labels = suffix.split(separator: ".", omittingEmptySubsequences: false)
            let isName = labels.allSatisfy { label in
                (1...63).contains(label.utf8.count)
                    && label.utf8.allSatisfy { $0 == 0x2d || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
            }
            guard isName, suffix.utf8.count <= 253 else {
                throw CommandFailure("`ca.permit` holds \(name), which is no DNS name", remedy: "write suffixes like hubapi.com")
            }
            if labels.count == 4, labels.allSatisfy({ UInt8($0) != nil }) { continue }
            suffixes.insert(suffix)
        }
        return suffixes.isEmpty ? [nowhere] : suffixes.sorted()
    }

    private static func certificate(key: P256.Signing.PrivateKey, organisation: String, permit: [String], now: Date) throws -> Certificate {
        let name = try DistinguishedName {
            OrganizationName(organisation)
            CommonName("Waybill interception CA")
        }
        let publicKey = Certificate.PublicKey(key.publicKey)
        let everyAddress = [
            ASN1OctetString(contentBytes: ArraySlice(repeating: 0, count: 8)),
            ASN1OctetString(contentBytes: ArraySlice(repeating: 0, count: 32)),
        ]
        let identifier = SubjectKeyIdentifier(keyIdentifier: ArraySlice(Insecure.SHA1.hash(data: publicKey.subjectPublicKeyInfoBytes)))
        let extensions = try Certificate.Extensions {
            Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
            Critical(KeyUsage(keyCertSign: true, cRLSign: true))
            try ExtendedKeyUsage([.serverAuth])
            Critical(NameConstraints(permittedDNSDomains: permit, excludedIPRanges: everyAddress))
            identifier
        }
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey,
            // An hour back: callers' clocks may be slow.
            notValidBefore: now.addingTimeInterval(-3_600), notValidAfter: now.addingTimeInterval(Double(validityDays) * 86_400),
            issuer: name, subject: name, signatureAlgorithm: .ecdsaWithSHA256, extensions: extensions,
            issuerPrivateKey: Certificate.PrivateKey(key))
    }
}
