package import Crypto
import Synchronization

/// Consents and facts in memory: keyed fingerprint → subject number → salt, interned profile, next change.
///
/// Safe from any thread: every table is split into shards with a lock each, held for one probe or one write. The longest a
/// look-up can wait is one shard's growth (1/256 of all identifiers). At most 64 bytes an identifier. Answers `.unavailable`
/// until `open` is called, and again once a limit was passed, because then "unknown" would no longer be true.
package final class SubjectIndex: SubjectLookup, Sendable {
    package struct Limits: Sendable {
        package var identifiersMax = 100_000_000
        package var profilesMax = 4_000_000
        package init() {}
    }

    /// Subjects first seen in a record have numbers from here on, assigned by the transfer log.
    package static let sightedNumbersFrom: UInt32 = 1 << 31
    /// In place of a number, for a person who was erased.
    package static let erasedNumber: UInt32 = 0
    static let identifierShardCount = 256
    static let recordShardCount = 64
    /// Merged subjects lead on to each other, and a look-up can meet a merge half-way; more rounds than this cannot happen.
    static let hopsMax = 8

    enum State: UInt8, AtomicRepresentable { case building, open, overflowed }

    package let fingerprinter: Fingerprinter
    package let limits: Limits
    // In place, not behind references: a look-up touches no reference count on its way.
    let identifiers = InlineArray<256, Mutex<IdentifierTable>> { _ in Mutex(IdentifierTable()) }
    let records = InlineArray<64, Mutex<RecordTable>> { _ in Mutex(RecordTable()) }
    let profiles = Mutex(ProfileInterner())
    /// People who were erased, for identifiers that lead to nobody.
    package let tombstones = TombstoneBook()
    let state = Atomic(State.building)
    let identifierCount = Atomic(0)
    private let storeSequence = Atomic<Int64>(0)

    package init(fingerprintKey: SymmetricKey, limits: Limits = Limits()) {
        fingerprinter = Fingerprinter(key: fingerprintKey)
        self.limits = limits
    }

    package func fingerprint(_ identifier: Identifier) -> Fingerprint { fingerprinter(identifier) }

    package func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding { find(fingerprinter(identifier), now: now) }

    package func find(_ fingerprint: Fingerprint, now: Timestamp) -> SubjectFinding {
        guard state.load(ordering: .acquiring) == .open else { return .unavailable }
        guard var first = number(of: fingerprint) else { return buried(fingerprint) }
        var number = first
        for _ in 0..<Self.hopsMax {
            switch records[shard(of: number)].withLock({ $0.read(number, now: now) }) {
            case .entry(let entry): return .known(entry)
            case .stale: return .stale
            case .forwarded(let target): number = target
            case .free:
                // The subject was removed; the identifier may have found another one meanwhile.
                guard let again = self.number(of: fingerprint), again != first else { return buried(fingerprint) }
                first = again
                number = again
            }
        }
        return .unavailable
    }

    /// Nobody is known by this identifier, perhaps because they were erased. What may still be sent about them (the law asks for it, or it
    /// is the vendor's own erasure) is committed to under a salt nobody keeps, and leaves no trace that leads to them.
    private func buried(_ fingerprint: Fingerprint) -> SubjectFinding {
        guard tombstones.erasedAt(fingerprint) != nil, let salt = tombstones.throwawaySalt() else { return .unknown }
        let interned: (UInt32, SharedProfile)? = profiles.withLock { interner in
            interner.number(of: SubjectProfile(erased: true), limit: limits.profilesMax).map { ($0, interner.profiles[Int($0)]) }
        }
        guard let (profile, shared) = interned else { return .unavailable }
        return .known(
            SubjectEntry(
                number: SubjectIndex.erasedNumber, salt: salt, shared: shared, profileNumber: profile, born: nil, expiresSoon: false))
    }

    /// The last change of the consent store that the index holds.
    package var sequence: Int64 { storeSequence.load(ordering: .acquiring) }

    /// Called after the changes up to `sequence` were applied.
    package func advance(to sequence: Int64) { storeSequence.store(sequence, ordering: .releasing) }

    /// Complete from here on: what is not in it is unknown. Does nothing once a limit was passed.
    package func open() {
        _ = state.compareExchange(expected: .building, desired: .open, ordering: .acquiringAndReleasing)
    }

    /// Every look-up is `.unavailable` until `open`: the store failed after a change that the index may lack.
    package func suspend() {
        _ = state.compareExchange(expected: .open, desired: .building, ordering: .acquiringAndReleasing)
    }

    package var isOpen: Bool { state.load(ordering: .acquiring) == .open }

    func number(of fingerprint: Fingerprint) -> UInt32? {
        identifiers[shard(of: fingerprint)].withLock { $0.number(of: fingerprint) }
    }
    func shard(of fingerprint: Fingerprint) -> Int { Int(fingerprint.high >> 56) }
    func shard(of number: UInt32) -> Int { Int(number) % Self.recordShardCount }
}
