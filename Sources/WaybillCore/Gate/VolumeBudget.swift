import Synchronization

/// Records and subjects sent today (UTC) by agreement, for agreements with daily limits. Rebuilt from the log at start.
///
/// A reservation is made before the intent is recorded and given back if nothing was sent, so that two event loops together
/// cannot pass a limit.
package final class VolumeBudget: Sendable {
    fileprivate struct Use {
        var records = 0
        var subjects: Set<UInt32> = []
        var newSubjects = 0
    }
    fileprivate struct State {
        var day = Day(number: .min)
        var uses: [String: Use] = [:]
    }
    private let state = Mutex(State())

    package init() {}

    /// What was already sent on `day`, read back at start.
    package func restore(day: Day, agreement: String, records: Int, subjects: Set<UInt32>) {
        state.withLock { state in
            state.turn(to: day)
            state.uses[agreement] = Use(records: records, subjects: subjects)
        }
    }

    /// False, and nothing reserved, if any use would pass its agreement's limits.
    package func reserve(_ uses: [VolumeUse], policy: PolicySet, now: Timestamp) -> Bool {
        if uses.isEmpty { return true }
        return state.withLock { state in
            state.turn(to: now.day)
            for use in uses where !state.admits(use, policy[use.agreement]) { return false }
            for use in uses { state.add(use, to: policy[use.agreement].id) }
            return true
        }
    }

    /// Gives back what was reserved on the same day for a shipment that did not leave. Subjects stay counted: harmless, and they may
    /// have been sent by another shipment meanwhile.
    package func release(_ uses: [VolumeUse], policy: PolicySet, now: Timestamp) {
        if uses.isEmpty { return }
        state.withLock { state in
            guard state.day == now.day else { return }
            for use in uses { state.uses[policy[use.agreement].id]?.records -= use.records }
        }
    }

    /// For `Standing`: counts by agreement id, and whether a subject was counted already.
    package func volumes(now: Timestamp) -> [String: Standing.Volume] {
        state.withLock { state in
            state.turn(to: now.day)
            return state.uses.mapValues { Standing.Volume(records: $0.records, subjects: $0.subjects.count + $0.newSubjects) }
        }
    }

    package func wasSeenToday(agreement: String, subject: UInt32) -> Bool {
        state.withLock { $0.uses[agreement]?.subjects.contains(subject) ?? false }
    }
}

extension VolumeBudget.State {
    fileprivate mutating func turn(to day: Day) {
        guard day > self.day else { return }
        self.day = day
        uses = [:]
    }

    fileprivate func admits(_ use: VolumeUse, _ agreement: Agreement) -> Bool {
        let current = uses[agreement.id]
        if let most = agreement.limits.recordsPerDay, (current?.records ?? 0) + use.records > most { return false }
        guard let most = agreement.limits.subjectsPerDay else { return true }
        let known = current?.subjects ?? []
        let added = use.subjects.count { !known.contains($0) } + use.newSubjects
        return added == 0 || known.count + (current?.newSubjects ?? 0) + added <= most
    }

    fileprivate mutating func add(_ use: VolumeUse, to agreement: String) {
        uses[agreement, default: .init()].records += use.records
        uses[agreement, default: .init()].subjects.formUnion(use.subjects)
        uses[agreement, default: .init()].newSubjects += use.newSubjects
    }
}
