package import Crypto
import FoundationEssentials

/// Encrypts personal data at rest: AES-256-GCM under `Keyring.sealing`, a random nonce each, bound to its place by a context, so
/// that a sealed value moved to another row does not open.
package struct Sealer: Sendable {
    /// The value was changed, moved, or sealed under another key.
    package struct Unopenable: Error, Sendable {}

    private let key: SymmetricKey

    package init(key: SymmetricKey) { self.key = key }

    /// 28 bytes longer than `bytes`.
    package func seal(_ bytes: [UInt8], context: [UInt8]) throws -> [UInt8] {
        guard let combined = try AES.GCM.seal(bytes, using: key, authenticating: context).combined else { throw Unopenable() }
        return Array(combined)
    }

    package func open(_ sealed: [UInt8], context: [UInt8]) throws(Unopenable) -> [UInt8] {
        do {
            return Array(try AES.GCM.open(AES.GCM.SealedBox(combined: sealed), using: key, authenticating: context))
        } catch {
            throw Unopenable()
        }
    }
}
