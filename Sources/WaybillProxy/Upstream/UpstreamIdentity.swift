import Crypto
import NIOCore
import NIOSSL
import NIOTLS
import WaybillCore

/// How connections to one vendor prove themselves, both ways, where its file says more than the general rules. Compiled when the
/// policy set loads.
final class UpstreamIdentity: Sendable {
    let context: NIOSSLContext
    /// SHA-256 of public keys, one of which the vendor's certificate must carry; empty: any.
    let pins: [[UInt8]]
    /// Equal only where everything it is made of is equal: roots, pins, certificate, key.
    let mark: [UInt8]

    /// Nil: the vendor's file says nothing. `known`: of the set before, taken over where nothing changed.
    static func make(
        _ vendor: Vendor, secrets: [String: String], trust: VendorTrust, known: UpstreamIdentity?
    ) throws(ProxyError) -> UpstreamIdentity? {
        guard let tls = vendor.tls else { return nil }
        let material = try Material(tls, vendor: vendor.id, secrets: secrets, trust: trust)
        if let known, known.mark == material.mark { return known }
        return try UpstreamIdentity(material, vendor: vendor.id)
    }

    private init(_ material: Material, vendor: String) throws(ProxyError) {
        var configuration = UpstreamTLS.configuration
        configuration.additionalTrustRoots = [.certificates(material.additionalRoots)]
        if !material.roots.isEmpty { configuration.trustRoots = .certificates(material.roots) }
        configuration.certificateChain = material.chain.map { .certificate($0) }
        configuration.privateKey = material.key.map { .privateKey($0) }
        do {
            context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ProxyError(
                code: .vendorTLSInvalid,
                message:
                    "TLS towards vendor \(vendor) cannot be set up (\(error)); check that its client certificate and key belong together.")
        }
        pins = material.pins
        mark = material.mark
    }

    /// What the files and secrets hold.
    private struct Material {
        var roots: [NIOSSLCertificate] = []
        var additionalRoots: [NIOSSLCertificate] = []
        var chain: [NIOSSLCertificate] = []
        var key: NIOSSLPrivateKey?
        var pins: [[UInt8]]
        var mark: [UInt8]

        init(_ tls: Vendor.TLS, vendor: String, secrets: [String: String], trust: VendorTrust) throws(ProxyError) {
            pins = tls.pins
            for path in tls.roots {
                roots += try UpstreamTLS.certificates(trust.located(path), named: "'tls.roots' of vendor \(vendor)")
            }
            if roots.isEmpty { for path in trust.files { additionalRoots += try UpstreamTLS.certificates(path) } }
            var keyText = ""
            if let client = tls.clientCertificate {
                let name = "'tls.client_certificate' of vendor \(vendor)"
                chain = try UpstreamTLS.certificates(trust.located(client.certificate), named: name)
                keyText = try VendorPlan.fill(client.key, secrets: secrets, vendor: vendor)
                do {
                    key = try NIOSSLPrivateKey(bytes: Array(keyText.utf8), format: .pem)
                } catch {
                    throw ProxyError(
                        code: .vendorTLSInvalid, message: "The key of \(name) is no private key; put an unencrypted PEM into the secret.")
                }
            }
            var hash = SHA256()
            func add(_ bytes: [UInt8]) {
                withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { hash.update(bufferPointer: $0) }
                hash.update(data: bytes)
            }
            for certificates in [roots, additionalRoots, chain] {
                add(Array("certificates".utf8))
                do {
                    for certificate in certificates { add(try certificate.toDERBytes()) }
                } catch {
                    throw ProxyError(code: .vendorTLSInvalid, message: "A certificate for vendor \(vendor) cannot be read; replace it.")
                }
            }
            for pin in pins { add(pin) }
            add(Array(keyText.utf8))
            mark = Array(hash.finalize())
        }
    }
}

/// Roots for vendors in general, and where vendors' own files are.
package struct VendorTrust: Sendable {
    /// PEM files besides the system's roots, ready to open.
    package var files: [String]
    /// What relative paths in vendors' files are relative to.
    package var directory: String
    package init(files: [String] = [], directory: String = "") {
        self.files = files
        self.directory = directory
    }

    func located(_ path: String) -> String { path.hasPrefix("/") || directory.isEmpty ? path : "\(directory)/\(path)" }
}

/// Lets the handshake count only if the vendor's certificate carries a pinned key. Stands behind TLS, before whoever waits for it.
final class PinnedKey: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    struct Mismatch: Error {}
    private let pins: [[UInt8]]
    private let tls: NIOSSLClientHandler

    init(pins: [[UInt8]], tls: NIOSSLClientHandler) {
        self.pins = pins
        self.tls = tls
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent, !isPinned {
            context.fireErrorCaught(Mismatch())
            return context.close(promise: nil)
        }
        context.fireUserInboundEventTriggered(event)
    }

    private var isPinned: Bool {
        do {
            guard let key = try tls.peerCertificate?.extractPublicKey().toSPKIBytes() else { return false }
            return pins.contains(Array(SHA256.hash(data: key)))
        } catch {
            return false
        }
    }
}
