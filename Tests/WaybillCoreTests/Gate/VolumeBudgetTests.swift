import Testing

@testable import WaybillCore

@Suite("Volume budgets")
struct VolumeBudgetTests {
    private let now = GateFixture.now

    private func use(_ policy: PolicySet, records: Int, subjects: [UInt32] = []) -> [VolumeUse] {
        [VolumeUse(agreement: AgreementID(0), records: records, subjects: subjects, newSubjects: 0)]
    }

    @Test("a reservation that would pass the limit is refused and leaves nothing behind")
    func refusesBeyondLimit() throws {
        let policy = try GateFixture.policy()
        let budget = VolumeBudget()
        #expect(budget.reserve(use(policy, records: 2), policy: policy, now: now))
        #expect(!budget.reserve(use(policy, records: 2), policy: policy, now: now))
        #expect(budget.volume(of: "mailer-newsletter", now: now).volume?.records == 2)
        budget.release(use(policy, records: 2), policy: policy, now: now)
        #expect(budget.reserve(use(policy, records: 3), policy: policy, now: now))
    }

    @Test("the next day begins anew")
    func turnsWithTheDay() throws {
        let policy = try GateFixture.policy()
        let budget = VolumeBudget()
        budget.restore(day: now.day, agreement: "mailer-newsletter", records: 3, subjects: [1])
        #expect(!budget.reserve(use(policy, records: 1), policy: policy, now: now))
        #expect(budget.reserve(use(policy, records: 1), policy: policy, now: now.adding(seconds: 86_400)))
    }

    @Test("a subject already counted today counts once")
    func countsSubjectsOnce() throws {
        let limited = GateFixture.agreement.replacing("records_per_day: 3", with: "subjects_per_day: 1")
        let policy = try GateFixture.policy(["agreements/mailer-newsletter.yaml": limited])
        let budget = VolumeBudget()
        #expect(budget.reserve(use(policy, records: 1, subjects: [5]), policy: policy, now: now))
        #expect(budget.reserve(use(policy, records: 9, subjects: [5]), policy: policy, now: now))
        #expect(!budget.reserve(use(policy, records: 1, subjects: [6]), policy: policy, now: now))
        #expect(budget.volume(of: "mailer-newsletter", subject: 5, now: now).wasSeen)
    }
}
