package import Crypto

/// Every key the gate uses, derived from one 32-byte master key by HKDF-SHA256 (RFC 5869), one label each.
///
/// Losing the master key makes pseudonyms and commitments unreproducible and stored identifiers unreadable.
package struct Keyring: Sendable {
    private let master: SymmetricKey

    /// `master` must hold 32 bytes; the caller checks that when it reads the key file.
    package init(master: SymmetricKey) { self.master = master }

    /// Fingerprints of identifiers in the subject index and the stores.
    package var fingerprints: SymmetricKey { derive("fingerprint") }
    /// `root key` of transfer-log.md: per-subject keys `K = HMAC(root key, salt)`.
    package var subjects: SymmetricKey { derive("subject") }
    /// AES-GCM key for identifiers kept at rest.
    package var sealing: SymmetricKey { derive("sealing") }
    /// `hash` operator.
    package var hashing: SymmetricKey { derive("hash") }
    /// `pseudonymize` operator: one key a vendor, so that two vendors cannot join.
    package func pseudonyms(vendor: String) -> SymmetricKey { derive("pseudonym/" + vendor) }
    /// Tombstones of people who were erased: what stands for their identifiers when nothing else does.
    package var tombstones: SymmetricKey { derive("tombstone") }
    /// Salts of subjects whose erasure was asked for: apart from `sealing`, so that no ordinary look-up opens them.
    package var erasures: SymmetricKey { derive("erasure") }
    /// Decision lines of the transfer log.
    package var decisions: SymmetricKey { derive("decision") }
    /// Second factors of accounts, and what proves that a form is one's own.
    package var access: SymmetricKey { derive("access") }

    /// Ids of subjects and consent events as the API names them.
    package var subjectIDs: SymmetricKey { derive("subject-id") }
    /// Links to a person's page, and the tokens of their forms.
    package var personLinks: SymmetricKey { derive("person-link") }
    /// Cursors of the API's lists.
    package var cursors: SymmetricKey { derive("cursor") }

    private func derive(_ label: String) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: master, info: Array("waybill/v1/\(label)".utf8), outputByteCount: 32)
    }
}
