package import Crypto
import FoundationEssentials
package import WaybillCore

/// The secrets the log needs, derived once: commitments to subjects and decision lines, sealing and finding of first-seen subjects.
package struct LogKeys: Sendable {
    private let subjects: MACKey
    private let decisions: MACKey
    private let fingerprints: MACKey
    private let sealing: SymmetricKey
    /// Seed of the Ed25519 key that signs checkpoints.
    let seeds: [SymmetricKey]
    /// Public keys that were replaced and sign no more: they count only for what the log's entries place before their `keychange`.
    package let retired: [Curve25519.Signing.PublicKey]

    /// `signingSeed`: the 32 secret bytes of the log key; `overlapping`: an older key's, which signs too during a change of keys.
    package init(
        keyring: Keyring, signingSeed: SymmetricKey, overlapping: SymmetricKey? = nil, retired: [Curve25519.Signing.PublicKey] = []
    ) throws(LogKeyError) {
        guard let subjects = TreeHash(keyring.subjects), let decisions = TreeHash(keyring.decisions),
            let fingerprints = TreeHash(keyring.fingerprints), signingSeed.bitCount == 256, overlapping?.bitCount ?? 256 == 256
        else { throw .notThirtyTwoBytes }
        self.subjects = MACKey(subjects)
        self.decisions = MACKey(decisions)
        self.fingerprints = MACKey(fingerprints)
        sealing = keyring.sealing
        self.retired = retired
        seeds = [signingSeed] + (overlapping.map { [$0] } ?? [])
    }

    /// Signers under the log's name, the present key first.
    package func signers(origin: String) throws -> [NoteSigner] {
        try seeds.map { seed in try seed.withUnsafeBytes { try NoteSigner(name: origin, seed: Array($0)) } }
    }

    /// The public keys, for verification: the present one first.
    package func publicKeys() throws -> [Curve25519.Signing.PublicKey] { try signers(origin: "log").map(\.verifier.key) }

    /// `K = HMAC(root key, salt)`.
    package func subjectKey(salt: InlineArray<16, UInt8>) -> TreeHash {
        withUnsafeBytes(of: salt) { subjects.mac($0) }
    }

    /// The key of one transfer's decision lines: revealing it opens that transfer's and no other's.
    package func decisionKey(xid: TransferID) -> TreeHash { LogKeys.perTransfer(decisions, "xfer/dec/v1\0", xid) }

    /// `r = HMAC(K, "xfer/subj/v1\0" ‖ xid)`: revealing it opens one transfer.
    package static func opening(subjectKey: TreeHash, xid: TransferID) -> TreeHash {
        perTransfer(MACKey(subjectKey), "xfer/subj/v1\0", xid)
    }

    /// `c = HMAC(r, "s\0" ‖ identifier)`.
    package static func commitment(opening: TreeHash, identifier: [UInt8]) -> TreeHash {
        let label: StaticString = "s\0"
        return label.withBytes { label in identifier.withUnsafeBytes { MACKey(opening).mac(label, $0) } }
    }

    /// The first 16 bytes of HMAC(fingerprint key, identifier), as two words.
    package func fingerprint(_ identifier: Identifier) -> Fingerprint {
        Fingerprint(fingerprints.mac(identifier.bytes))
    }

    /// Seals rows of side records, and tells whether one was changed.
    package var sideRows: SideRowSeal { SideRowSeal(key: MACKey(decisions.mac(Array("side/rows/v1\0".utf8)))) }

    private static func perTransfer(_ key: MACKey, _ label: StaticString, _ xid: TransferID) -> TreeHash {
        label.withBytes { label in withUnsafeBytes(of: xid.bytes) { key.mac(label, $0) } }
    }
}

package enum LogKeyError: Error, Sendable { case notThirtyTwoBytes, sealBroken }

/// A keyed fingerprint of an identifier, 16 bytes.
package struct Fingerprint: Hashable, Sendable {
    package var bytes: InlineArray<16, UInt8>
    package init(bytes: InlineArray<16, UInt8>) { self.bytes = bytes }
    init(_ mac: TreeHash) { bytes = mac.withBytes { $0.loadUnaligned(as: InlineArray<16, UInt8>.self) } }
    private var word: UInt64 { withUnsafeBytes(of: bytes) { $0.loadUnaligned(as: UInt64.self) } }
    package static func == (a: Fingerprint, b: Fingerprint) -> Bool {
        withUnsafeBytes(of: a.bytes) { a in withUnsafeBytes(of: b.bytes) { b in a.elementsEqual(b) } }
    }
    package func hash(into hasher: inout Hasher) { hasher.combine(word) }
}

extension StaticString {
    fileprivate func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        body(UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount))
    }
}

// Sealing of first-seen identifiers with the subject's salt: AES-256-GCM, random nonce, bound to the subject's number.
extension LogKeys {
    /// No identifier is as long as the mark before the salt says.
    private static let saltMark = UInt32.max

    func seal(_ identifiers: [Identifier], number: UInt32, salt: InlineArray<16, UInt8>) throws -> [UInt8] {
        var plain = [UInt8]()
        for identifier in identifiers {
            plain.append(bigEndian: UInt32(truncatingIfNeeded: identifier.bytes.count))
            plain.append(contentsOf: identifier.bytes)
        }
        plain.append(bigEndian: LogKeys.saltMark)
        withUnsafeBytes(of: salt) { plain.append(contentsOf: $0) }
        guard let box = try AES.GCM.seal(plain, using: sealing, authenticating: LogKeys.context(number)).combined else {
            throw LogKeyError.sealBroken
        }
        return Array(box)
    }

    /// The identifiers of a first-seen subject, to rebuild the subject index; none of one that was erased. Throws if key, number or bytes
    /// do not fit.
    package func open(_ sealed: [UInt8], number: UInt32) throws -> [Identifier] {
        sealed.isEmpty ? [] : try openWithSalt(sealed, number: number).identifiers
    }

    /// The salt too, to see whether the one that stands open beside it was changed.
    package func openWithSalt(_ sealed: [UInt8], number: UInt32) throws -> (identifiers: [Identifier], salt: [UInt8]) {
        let plain = Array(try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: sealing, authenticating: LogKeys.context(number)))
        var identifiers = [Identifier]()
        var reader = ByteReader(plain)
        while !reader.atEnd {
            guard let length = reader.uint32() else { break }
            if length == LogKeys.saltMark, let salt = reader.bytes(16), reader.atEnd { return (identifiers, salt) }
            guard let bytes = reader.bytes(Int(length)) else { break }
            identifiers.append(Identifier(bytes: bytes))
        }
        throw LogKeyError.sealBroken
    }

    private static func context(_ number: UInt32) -> [UInt8] {
        var context = Array("xfer/sighting/v1\0".utf8)
        context.append(bigEndian: number)
        return context
    }
}
