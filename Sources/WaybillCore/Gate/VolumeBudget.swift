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

        mutating func add(_ use: VolumeUse) {
            records += use.records
            for subject in use.subjects { subjects.insert(subject) }
            newSubjects += use.newSubjects
        }
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
            for use in uses where !state.admits(use, policy.agreements[use.agreement.position].limits, policy) { return false }
            for use in uses { state.add(use, to: policy.agreements[use.agreement.position].id) }
            return true
        }
    }

    /// Gives back what was reserved on the same day for a shipment that did not leave. Subjects stay counted: harmless, and they may
    /// have been sent by another shipment meanwhile.
    package func release(_ uses: [VolumeUse], policy: PolicySet, now: Timestamp) {
        if uses.isEmpty { return }
        state.withLock { state in
            guard state.day == now.day else { return }
            for use in uses { state.uses[policy.agreements[use.agreement.position].id]?.records -= use.records }
        }
    }

    /// Nil: nothing was sent today. And whether the subject was.
    package func volume(of agreement: String, subject: UInt32? = nil, now: Timestamp) -> (volume: Standing.Volume?, wasSeen: Bool) {
        state.withLock { state in
            state.turn(to: now.day)
            guard let use = state.uses[agreement] else { return (nil, false) }
            let volume = Standing.Volume(records: use.records, subjects: use.subjects.count + use.newSubjects)
            return (volume, subject.map(use.subjects.contains) ?? false)
        }
    }
}

extension VolumeBudget.State {
    fileprivate mutating func turn(to day: Day) {
        guard day > self.day else { return }
        self.day = day
        uses = [:]
    }

    fileprivate func admits(_ use: VolumeUse, _ limits: Agreement.Limits, _ policy: PolicySet) -> Bool {
        let current = uses[policy.agreements[use.agreement.position].id]
        if let most = limits.recordsPerDay, (current?.records ?? 0) + use.records > most { return false }
        guard let most = limits.subjectsPerDay else { return true }
        let known = current?.subjects ?? []
        let added = use.subjects.count { !known.contains($0) } + use.newSubjects
        return added == 0 || known.count + (current?.newSubjects ?? 0) + added <= most
    }

    fileprivate mutating func add(_ use: VolumeUse, to agreement: String) {
        uses[agreement, default: .init()].add(use)
    }
}
