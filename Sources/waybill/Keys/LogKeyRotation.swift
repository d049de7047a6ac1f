import Crypto
import FoundationEssentials
import WaybillCore
import WaybillLedger

/// One log key follows another: both sign for a while, then the old one is destroyed and only its public half is kept.
///
/// | file | holds |
/// |---|---|
/// | `log.key` | the key that signs |
/// | `log.next.key` | the one that is about to; only while a change is being made |
/// | `log.old.key` | the one before, which signs too during the overlap |
/// | `log.retired` | public keys that sign no more, one a line with the day, for the verification of old checkpoints |
///
/// Each step is one file made or renamed; whatever the last one was before a crash, `begin` or `finish` goes on from there.
struct LogKeyRotation {
    static let nextFile = "log.next.key"
    static let oldFile = "log.old.key"
    static let retiredFile = "log.retired"

    let keys: KeyDirectory

    /// Makes the new key the one that signs. The gate takes both up at its next start.
    func begin() throws(CommandFailure) -> (new: Curve25519.Signing.PrivateKey, old: Curve25519.Signing.PrivateKey) {
        let present = try keys.logKey(create: false)
        if let old = try overlapping(present) {
            throw CommandFailure(
                "a change of the log's key is under way since \(keys.file(LogKeyRotation.oldFile)) was made",
                remedy: "restart the gate if it was not yet, then end the change with `waybill keys rotate --finish`; the old key is "
                    + "\(Data(old.publicKey.rawRepresentation).base64EncodedString())")
        }
        _ = try keys.create(LogKeyRotation.nextFile, text: KeyDirectory.text(Curve25519.Signing.PrivateKey()))
        guard let next = try keys.signingKey(LogKeyRotation.nextFile) else { throw damaged(LogKeyRotation.nextFile) }
        // What an interrupted change left there is the present key already.
        _ = try keys.create(LogKeyRotation.oldFile, text: KeyDirectory.text(present))
        try keys.move(LogKeyRotation.nextFile, to: KeyDirectory.logKeyFile)
        return (next, present)
    }

    /// Ends the overlap. `hasSigned`: the log stands under the new key, so that nobody needs the old one any more. Returns the old key.
    func finish(hasSigned: (Curve25519.Signing.PublicKey) throws(CommandFailure) -> Bool) throws(CommandFailure)
        -> Curve25519.Signing.PublicKey
    {
        let present = try keys.logKey(create: false)
        guard let old = try overlapping(present)?.publicKey else {
            throw CommandFailure("no change of the log's key is under way", remedy: "begin one with `waybill keys rotate`")
        }
        guard try hasSigned(present.publicKey) else {
            throw CommandFailure(
                "the log has no checkpoint under the new key yet, so the old one is still needed",
                remedy: "restart the gate, then run `waybill keys rotate --finish` again")
        }
        // The public half first: without it the checkpoints it signed could not be verified any more.
        try retire(old)
        _ = try keys.remove(LogKeyRotation.oldFile)
        return old
    }

    /// The key that signs beside `present`; nil: no change is under way, or it has only begun.
    func overlapping(_ present: Curve25519.Signing.PrivateKey) throws(CommandFailure) -> Curve25519.Signing.PrivateKey? {
        guard let old = try keys.signingKey(LogKeyRotation.oldFile), old.rawRepresentation != present.rawRepresentation else { return nil }
        return old
    }

    /// In the order of their retirement.
    func retired() throws(CommandFailure) -> [Curve25519.Signing.PublicKey] {
        var found: [Curve25519.Signing.PublicKey] = []
        for line in try keys.privateText(LogKeyRotation.retiredFile)?.split(separator: "\n") ?? [] {
            guard let text = line.split(separator: " ").first, let data = Data(base64Encoded: String(text)) else {
                throw damaged(LogKeyRotation.retiredFile)
            }
            do {
                found.append(try Curve25519.Signing.PublicKey(rawRepresentation: data))
            } catch {
                throw damaged(LogKeyRotation.retiredFile)
            }
        }
        return found
    }

    private func retire(_ key: Curve25519.Signing.PublicKey) throws(CommandFailure) {
        guard try !retired().contains(where: { $0.rawRepresentation == key.rawRepresentation }) else { return }
        let before = try keys.privateText(LogKeyRotation.retiredFile) ?? ""
        let line = "\(Data(key.rawRepresentation).base64EncodedString()) \(SystemWallClock().now().rfc3339)\n"
        let new = LogKeyRotation.retiredFile + ".new"
        // Of an interrupted one.
        _ = try keys.remove(new)
        guard try keys.create(new, text: before + line) else {
            throw CommandFailure("another process is changing the keys in \(keys.path)", remedy: "run it again")
        }
        try keys.move(new, to: LogKeyRotation.retiredFile)
    }

    private func damaged(_ name: String) -> CommandFailure {
        CommandFailure("\(keys.file(name)) is damaged", remedy: "restore it from a backup")
    }
}
