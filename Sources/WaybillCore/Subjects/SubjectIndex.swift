package import Crypto

/// Consents and facts in memory: keyed fingerprint → subject number, salt, interned profile, next change.
/// Safe from any thread. At most 64 bytes an identifier.
package final class SubjectIndex: SubjectLookup, Sendable {
    package var sequence: Int64 { 0 }
    package init(fingerprintKey: SymmetricKey) {}
    package func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding { .unavailable }
}
