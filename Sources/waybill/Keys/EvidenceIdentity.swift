import Crypto
import FoundationEssentials
import SwiftASN1
import WaybillCore
import WaybillLedger
import X509

/// The certificate that signs evidence packages: as configured, or one of Waybill's own in the key directory, made when first needed.
enum EvidenceIdentity {
    static let certificateFile = "evidence.pem"
    static let keyFile = "evidence.key"
    static let validityDays: Int64 = 3_650
    private static let fileBytesMax = 1 << 20

    static func signer(_ settings: Settings, organisation: String, now: Timestamp) throws -> EvidenceSigner {
        if let certificate = settings.evidence.certificate, let key = settings.evidence.key {
            let read = { (path: String) throws(CommandFailure) -> String in
                String(decoding: try failing { () throws(SystemError) in try Files.read(path, bytesMax: fileBytesMax) }, as: UTF8.self)
            }
            return EvidenceSigner(certificatePEM: try read(certificate), keyPEM: try read(key))
        }
        let keys = try KeyDirectory(settings.keys, create: false)
        if try keys.privateText(certificateFile) == nil { try make(in: keys, organisation, now) }
        guard let certificate = try keys.privateText(certificateFile), let key = try keys.privateText(keyFile) else {
            throw CommandFailure(
                "\(keys.file(certificateFile)) or \(keyFile) beside it is missing",
                remedy: "restore it from a backup, or move both away to make a new pair")
        }
        return EvidenceSigner(certificatePEM: certificate, keyPEM: key)
    }

    /// The key first: the certificate says that both are there. A key that an interrupted run left is used.
    private static func make(in keys: KeyDirectory, _ organisation: String, _ now: Timestamp) throws {
        _ = try keys.create(keyFile, text: P256.Signing.PrivateKey().pemRepresentation + "\n")
        do {
            let key = try P256.Signing.PrivateKey(pemRepresentation: try keys.privateText(keyFile) ?? "")
            _ = try keys.create(certificateFile, text: try certificate(of: key, organisation, now).serializeAsPEM().pemString + "\n")
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("the evidence certificate could not be made", remedy: "move \(keys.file(keyFile)) away and try again")
        }
    }

    private static func certificate(of key: P256.Signing.PrivateKey, _ organisation: String, _ now: Timestamp) throws -> Certificate {
        let publicKey = Certificate.PublicKey(key.publicKey)
        let subject = try DistinguishedName {
            OrganizationName(String(organisation.prefix(64)))
            CommonName("Waybill evidence")
        }
        func date(_ time: Timestamp) -> Date { Date(timeIntervalSince1970: Double(time.milliseconds / 1_000)) }
        let identifier = Array(Insecure.SHA1.hash(data: publicKey.subjectPublicKeyInfoBytes))
        return try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: publicKey, notValidBefore: date(now.adding(seconds: -3_600)),
            notValidAfter: date(now.adding(seconds: validityDays * 86_400)), issuer: subject, subject: subject,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true, nonRepudiation: true))
                try ExtendedKeyUsage([.emailProtection])
                SubjectKeyIdentifier(keyIdentifier: identifier[...])
            },
            issuerPrivateKey: Certificate.PrivateKey(key))
    }
}
