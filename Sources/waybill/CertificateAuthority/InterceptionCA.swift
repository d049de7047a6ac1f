import WaybillCore
import WaybillLedger
import WaybillProxy

/// The interception CA as it stands in the key directory: `ca.key` and `ca.pem` sign; while one CA follows another, `ca-next.key` and
/// `ca-next.pem` wait until callers trust them.
struct InterceptionCA: Sendable {
    static let keyFile = "ca.key"
    static let certificateFile = "ca.pem"
    static let nextKeyFile = "ca-next.key"
    static let nextCertificateFile = "ca-next.pem"
    /// Nothing can be permitted by an empty list, so a CA for no destination gets a name that never resolves.
    static let nowhere = "invalid"

    /// Signs leaves.
    let authority: InterceptionAuthority
    /// To be trusted before it signs; nil outside a rotation.
    let next: InterceptionAuthority?

    /// Of the one that signs.
    var certificatePEM: String { authority.certificatePEM }
    /// What callers must trust, the one that signs first.
    var bundlePEM: String { authority.certificatePEM + (next?.certificatePEM ?? "") }

    /// The CA of this key directory, nil if there is none. Refuses half a CA. Changes nothing.
    static func existing(in keys: KeyDirectory) throws(CommandFailure) -> InterceptionCA? {
        let certificate = try keys.privateText(certificateFile)
        var key = try keys.privateText(keyFile)
        if key == nil, let certificate { key = try keys.privateText(unfinishedKeyFile(certificate)) }
        switch (key, certificate) {
        case (nil, nil): return nil
        case (let key?, let certificate?):
            if try isInterrupted(keys), let next = try keys.privateText(nextCertificateFile) {
                return InterceptionCA(authority: try authority(next, key, keys, nextCertificateFile), next: nil)
            }
            return InterceptionCA(authority: try authority(certificate, key, keys, certificateFile), next: try next(in: keys))
        default:
            let (there, missing) = key == nil ? (certificateFile, keyFile) : (keyFile, certificateFile)
            throw CommandFailure(
                "\(keys.file(there)) is there, but \(missing) is not",
                remedy: "restore \(missing) from a backup, or move \(there) away to make a new CA")
        }
    }

    /// Makes and stores a CA. `permit`: DNS suffixes. Throws if one exists.
    static func create(
        in keys: KeyDirectory, organisation: String, permit: [String], now: Timestamp = SystemWallClock().now()
    ) throws(CommandFailure) -> InterceptionCA {
        if try existing(in: keys) != nil {
            throw CommandFailure(
                "there is a CA in \(keys.path) already", remedy: "show it with `waybill ca show`; `waybill ca rotate` replaces it")
        }
        let made = try make(organisation: organisation, permit: permit, now: now)
        // A stop in between must not leave what looks like a CA that lost its key: the key waits under a name that says whose it is.
        let unfinished = unfinishedKeyFile(made.certificatePEM)
        guard try keys.create(unfinished, text: made.keyPEM), try keys.create(certificateFile, text: made.certificatePEM) else {
            _ = try keys.remove(unfinished)
            throw CommandFailure("another process is making the CA in \(keys.path)", remedy: "try again")
        }
        try keys.move(unfinished, to: keyFile)
        return InterceptionCA(authority: made, next: nil)
    }

    /// Where the key of a certificate waits while its CA is being made.
    static func unfinishedKeyFile(_ certificatePEM: String) -> String {
        "ca-unfinished-\(hex(MerkleHashing.sha256(Array(certificatePEM.utf8)).bytes.prefix(8))).key"
    }

    static func make(organisation: String, permit: [String], now: Timestamp) throws(CommandFailure) -> InterceptionAuthority {
        let suffixes = try self.suffixes(permit)
        do {
            return try InterceptionAuthority.make(organisation: organisation, permit: suffixes, now: now)
        } catch {
            throw CommandFailure("the CA certificate could not be made (\(error))", remedy: "check `ca.permit` and the organisation's name")
        }
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
            if suffix.hasPrefix("["), suffix.hasSuffix("]") { continue }
            guard isName, suffix.utf8.count <= 253 else {
                throw CommandFailure("`ca.permit` holds \(name), which is no DNS name", remedy: "write suffixes like hubapi.com")
            }
            if labels.count == 4, labels.allSatisfy({ UInt8($0) != nil }) { continue }
            suffixes.insert(suffix)
        }
        return suffixes.isEmpty ? [nowhere] : suffixes.sorted()
    }

    private static func next(in keys: KeyDirectory) throws(CommandFailure) -> InterceptionAuthority? {
        switch (try keys.privateText(nextCertificateFile), try keys.privateText(nextKeyFile)) {
        case (nil, nil): return nil
        case (let certificate?, let key?): return try authority(certificate, key, keys, nextCertificateFile)
        case (nil, _): throw incomplete(nextKeyFile, keys)
        case (_, nil): throw incomplete(nextCertificateFile, keys)
        }
    }

    private static func incomplete(_ file: String, _ keys: KeyDirectory) -> CommandFailure {
        CommandFailure(
            "\(keys.file(file)) has no counterpart, a rotation of the CA was not begun to its end",
            remedy: "give it up with `waybill ca rotate --abandon`, then begin again")
    }

    /// Whether a completion stopped between its two steps: the key has taken its place, its certificate not yet.
    static func isInterrupted(_ keys: KeyDirectory) throws(CommandFailure) -> Bool {
        guard let key = try keys.privateText(keyFile), let next = try keys.privateText(nextCertificateFile),
            try keys.privateText(nextKeyFile) == nil
        else { return false }
        do {
            _ = try InterceptionAuthority(certificatePEM: next, keyPEM: key)
            return true
        } catch {
            return false
        }
    }

    private static func authority(
        _ certificate: String, _ key: String, _ keys: KeyDirectory, _ file: String
    ) throws(CommandFailure) -> InterceptionAuthority {
        do {
            return try InterceptionAuthority(certificatePEM: certificate, keyPEM: key)
        } catch {
            let path = keys.file(file)
            let what =
                switch error {
                case .noCertificate: "\(path) holds no certificate"
                case .noKey: "the key beside \(path) is no P-256 private key"
                case .foreignKey: "\(path) and the key beside it do not belong together"
                case .noAuthority: "\(path) is no CA's certificate"
                case .unconstrained: "\(path) has no name constraints, so it could stand in for every host"
                case .notSigned: "\(path) could not be signed"
                }
            throw CommandFailure(what, remedy: "restore both from a backup, or move them away to make a new CA")
        }
    }
}
