/// Operational state that decisions take as an input; later issues give it more sources.
///
/// Immutable behind one reference: every request takes a copy, and two that share the reference are equal at a glance.
@dynamicMemberLookup
package struct Standing: Sendable {
    package enum AgreementState: String, Sendable { case draft, inReview, approved, suspended, terminated, superseded }
    package enum ProofStage: Sendable { case warned, stopNewSubjects, suspended }
    package struct Volume: Sendable {
        package var records: Int
        package var subjects: Int
        package init(records: Int, subjects: Int) {
            self.records = records
            self.subjects = subjects
        }
    }
    package struct Facts: Sendable {
        package var logAvailable = true
        package var clockTrusted = true
        /// Ended by people, whatever the files say.
        package var callersEnded: Set<String> = []
        package var vendorsNotApproved: Set<String> = []
        package var vendorsSuspended: Set<String> = []
        package var vendorsOnBreachHold: Set<String> = []
        /// By id: every version of it, unless it is terminated already.
        package var agreementsSuspended: Set<String> = []
        /// Of all vendors.
        package var fieldsSuspended: Set<String> = []
        /// By vendor.
        package var vendorFieldsSuspended: [String: Set<String>] = [:]
        /// By `id@version`, where an event history says other than the files; absent: `approved` under `approvals: files`, `draft` under
        /// `required`.
        package var agreements: [String: AgreementState] = [:]
        /// Overdue deletion proofs by agreement id.
        package var proofs: [String: ProofStage] = [:]
        /// Whether a deletion duty can be entered.
        package var dutiesRecordable = true
        /// What was sent today (UTC); nil: what `volumes` and `seenToday` say.
        package var budget: VolumeBudget?
        /// By agreement id, this record not counted; only agreements with limits need be here.
        package var volumes: [String: Volume] = [:]
        /// Subjects (by number) that count in an agreement's `subjects` already.
        package var seenToday: [String: Set<UInt32>] = [:]
    }
    final class Box: Sendable {
        let facts: Facts
        init(_ facts: Facts) { self.facts = facts }
        static let usual = Box(Facts())
    }
    private(set) var box = Box.usual

    package init() {}

    package subscript<Value>(dynamicMember path: WritableKeyPath<Facts, Value>) -> Value {
        get { box.facts[keyPath: path] }
        set {
            var facts = box.facts
            facts[keyPath: path] = newValue
            box = Box(facts)
        }
    }

    /// Nil: nothing is known to have been sent. And whether the subject was.
    func volume(of agreement: String, subject: UInt32?, now: Timestamp) -> (volume: Volume?, wasSeen: Bool) {
        if let budget = box.facts.budget { return budget.volume(of: agreement, subject: subject, now: now) }
        return (box.facts.volumes[agreement], subject.map { box.facts.seenToday[agreement]?.contains($0) ?? false } ?? false)
    }

    /// Same stops; volumes alone may differ, for they change with every transfer.
    package func bindsLike(_ other: Standing) -> Bool {
        if box === other.box { return true }
        let (a, b) = (box.facts, other.box.facts)
        return a.logAvailable == b.logAvailable && a.clockTrusted == b.clockTrusted && a.dutiesRecordable == b.dutiesRecordable
            && a.callersEnded == b.callersEnded && a.vendorsNotApproved == b.vendorsNotApproved && a.vendorsSuspended == b.vendorsSuspended
            && a.agreementsSuspended == b.agreementsSuspended
            && a.fieldsSuspended == b.fieldsSuspended && a.vendorFieldsSuspended == b.vendorFieldsSuspended
            && a.vendorsOnBreachHold == b.vendorsOnBreachHold && a.agreements == b.agreements && a.proofs == b.proofs
    }
}
