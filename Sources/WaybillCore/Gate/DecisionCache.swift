import Synchronization

/// Decisions of one endpoint made before, each with everything it depends on. Records of one caller are mostly alike: the same fields,
/// and subjects of whom the same is known.
///
/// A decision is found again only for an equal key, and only between the instants within which its `Moment` says that nothing differs.
/// What was sent today is asked again each time; a refusal for that is not kept. What is known of a subject, and the standing, are compared by reference: both are
/// immutable, and held here, so that no other can take their place.
final class DecisionCache: Sendable {
    struct Key: Equatable {
        var caller: CallerID
        /// Position among the vendor's.
        var destination: Int
        var person: Int
        var purposes: [PurposeID]
        var unknownPurpose: Bool
        var isResolved: Bool
        var expiresSoon: Bool
        var profile: ObjectIdentifier?
        var standing: ObjectIdentifier
        /// In years, today.
        var age: Int?
        var countryInRecord: Region?
        var present: FieldMask
    }
    static let decisionsMax = 1_024
    private let decisions = Mutex<[Key: SharedDecision]>([:])

    func find(_ key: Key, now: Timestamp) -> SharedDecision? {
        guard let found = decisions.withLock({ $0[key] }), found.decision.standsSince <= now, now < found.decision.standsUntil else {
            return nil
        }
        return found
    }

    var count: Int { decisions.withLock { $0.count } }

    func keep(_ decision: SharedDecision, for key: Key) {
        decisions.withLock {
            // More than fit is no usual traffic; to begin anew costs little, and a caller cannot fill the memory.
            if $0.count >= Self.decisionsMax { $0.removeAll(keepingCapacity: true) }
            $0[key] = decision
        }
    }
}

extension DecisionCache.Key: Hashable {
    /// What usually differs; the rest only has to be equal.
    func hash(into hasher: inout Hasher) {
        hasher.combine(profile)
        hasher.combine(present)
        hasher.combine(caller)
        hasher.combine(age)
        hasher.combine(person)
    }
}

/// A decision with what follows from it, behind one reference.
final class SharedDecision: Sendable {
    let decision: Decision
    /// Of the fields present those that go, and those that stay behind.
    let going: [FieldID]
    let staying: [FieldID]
    /// What the log says of a transfer of one record under this decision; nil: not asked yet.
    let draftTerms = Mutex<TransferDraft.SharedTerms?>(nil)
    var planIfPermitted: FieldPlan? { decision.permits ? decision.plan : nil }
    private let profile: SharedProfile?
    private let standing: Standing.Box

    convenience init(_ decision: Decision, of input: DecisionInput) {
        self.init(
            decision, present: input.subject.present, profile: input.subject.entry?.shared, standing: input.standing.box, input.policy)
    }

    /// Of the same record, changed for this time.
    convenience init(_ decision: Decision, like other: SharedDecision, _ policy: PolicySet) {
        self.init(decision, present: other.going + other.staying, profile: other.profile, standing: other.standing, policy)
    }

    private init(_ decision: Decision, present: [FieldID], profile: SharedProfile?, standing: Standing.Box, _ policy: PolicySet) {
        self.decision = decision
        self.profile = profile
        self.standing = standing
        var going: [FieldID] = []
        var staying: [FieldID] = []
        for field in present {
            if decision.permits, decision.lets(field, go: policy) { going.append(field) } else { staying.append(field) }
        }
        self.going = going
        self.staying = staying
    }
}

extension Decision {
    /// Something stands in the field's place.
    func lets(_ field: FieldID, go policy: PolicySet) -> Bool {
        if case .apply(let id) = plan[field] { !policy.operators[id.position].dropsMember } else { false }
    }
}
