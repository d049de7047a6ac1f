import Synchronization

/// A subject as the store folds it, ready for the index.
package struct IndexedSubject: Sendable {
    package var number: UInt32
    package var salt: InlineArray<16, UInt8>
    package var profile: SubjectProfile
    package var born: Day?
    /// From this moment on the profile must be folded again; nil: never.
    package var changesAt: Timestamp?
    package var expiresSoon: Bool

    package init(
        number: UInt32, salt: InlineArray<16, UInt8>, profile: SubjectProfile = SubjectProfile(), born: Day? = nil,
        changesAt: Timestamp? = nil, expiresSoon: Bool = false
    ) {
        self.number = number
        self.salt = salt
        self.profile = profile
        self.born = born
        self.changesAt = changesAt
        self.expiresSoon = expiresSoon
    }
}

/// Who a fingerprint belongs to, whatever the age of the entry.
package struct SubjectIdentity: Sendable {
    package var number: UInt32
    package var salt: InlineArray<16, UInt8>
    package init(number: UInt32, salt: InlineArray<16, UInt8>) {
        self.number = number
        self.salt = salt
    }
}

extension SubjectIndex {
    /// Enters or replaces a subject, then points `fingerprints` at it. Identifiers linked earlier stay.
    ///
    /// One writer per subject at a time (the store's queue); look-ups may run beside it and see the old or the new, never a mix.
    package func upsert(_ subject: IndexedSubject, fingerprints: some Sequence<Fingerprint>) {
        guard subject.number != 0 else { return overflow() }  // 0 marks a free slot
        let interned: (UInt32, [SharedProfile])? = profiles.withLock { interner in
            interner.number(of: subject.profile, limit: limits.profilesMax).map { ($0, interner.profiles) }
        }
        guard let (profile, table) = interned else { return overflow() }
        let record = SubjectRecord(
            changesAt: subject.changesAt?.nanoseconds ?? .max, salt: subject.salt,
            tag: SubjectRecord.Tag(profile: profile, expiresSoon: subject.expiresSoon),
            born: subject.born?.number ?? SubjectRecord.bornUnknown)
        records[shard(of: subject.number)].withLock { $0.set(record, of: subject.number, profiles: table) }
        for fingerprint in fingerprints { link(fingerprint, to: subject.number) }
    }

    /// The subject must have been entered before, so that no look-up meets an identifier without its subject.
    package func link(_ fingerprint: Fingerprint, to number: UInt32) {
        _ = set(fingerprint, to: number, onlyIfAbsent: false)
    }

    /// The subject and these of its identifiers are gone; others of its identifiers become unknown too.
    package func remove(_ number: UInt32, fingerprints: some Sequence<Fingerprint>) {
        for fingerprint in fingerprints {
            let wasThere = identifiers[shard(of: fingerprint)].withLock { table in
                guard table.number(of: fingerprint) == number else { return false }
                table.remove(fingerprint)
                return true
            }
            if wasThere { identifierCount.subtract(1, ordering: .relaxed) }
        }
        records[shard(of: number)].withLock { $0.set(SubjectRecord(), of: number, profiles: []) }
    }

    /// Two subjects are one person: everything that led to `loser` leads to `keeper`, also identifiers the store does not know.
    package func merge(_ loser: UInt32, into keeper: UInt32) {
        guard loser != keeper else { return }
        var record = SubjectRecord()
        record.tag = .forwarded
        record.changesAt = Int64(keeper)
        records[shard(of: loser)].withLock { $0.set(record, of: loser, profiles: []) }
    }

    /// A subject first seen in a transfer, once its intent is durable. Keeps what is known already.
    ///
    /// - Returns: the number in force for the identifier; another than `number` if an import came first.
    @discardableResult
    package func learnSighted(_ fingerprint: Fingerprint, number: UInt32, salt: InlineArray<16, UInt8>) -> UInt32 {
        let isNew = records[shard(of: number)].withLock { $0.record(of: number) == nil }
        if isNew { upsert(IndexedSubject(number: number, salt: salt), fingerprints: []) }
        return set(fingerprint, to: number, onlyIfAbsent: true)
    }

    package func identity(of fingerprint: Fingerprint) -> SubjectIdentity? {
        guard var number = number(of: fingerprint) else { return nil }
        for _ in 0..<Self.hopsMax {
            guard let record = records[shard(of: number)].withLock({ $0.record(of: number) }) else { return nil }
            if record.tag != .forwarded { return SubjectIdentity(number: number, salt: record.salt) }
            number = UInt32(truncatingIfNeeded: record.changesAt)
        }
        return nil
    }

    /// Sizes the tables before a bulk build.
    package func reserve(identifiers count: Int) {
        // Shards fill unevenly by about the square root; a little more avoids a resize in nearly all of them.
        let mean = min(count, limits.identifiersMax) / Self.identifierShardCount
        let share = mean + Int(2 * Double(mean).squareRoot())
        for shard in identifiers.indices { identifiers[shard].withLock { $0.reserve(share) } }
    }

    /// From capacities, profiles not counted (they are shared): what the budget of 64 bytes an identifier is about.
    package var memory: (bytes: Int, identifiers: Int, profiles: Int) {
        var bytes = 0
        var count = 0
        for shard in identifiers.indices {
            identifiers[shard].withLock {
                bytes += $0.byteCount
                count += $0.count
            }
        }
        for shard in records.indices { bytes += records[shard].withLock { $0.byteCount } }
        return (bytes, count, profiles.withLock { $0.profiles.count })
    }

    private func set(_ fingerprint: Fingerprint, to number: UInt32, onlyIfAbsent: Bool) -> UInt32 {
        let result = identifiers[shard(of: fingerprint)].withLock { $0.set(fingerprint, to: number, onlyIfAbsent: onlyIfAbsent) }
        if result.isNew, identifierCount.add(1, ordering: .relaxed).newValue > limits.identifiersMax { overflow() }
        return result.number
    }

    private func overflow() { state.store(.overflowed, ordering: .releasing) }
}
