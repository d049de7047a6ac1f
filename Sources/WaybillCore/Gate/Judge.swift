extension Gate {
    /// Decodes, scans, decides every record, reduces, and proves what was written.
    ///
    /// - Parameter body: as received, content coding still on.
    /// - Parameter reporting: also list dropped and changed paths, for dry runs and policy tests.
    package func judge(
        _ admission: Admission, body: [UInt8], standing: Standing, now: Timestamp, reporting: Bool = false
    ) throws(Refusal) -> Judgement {
        try judge(admission, body: body, standing: standing, now: now, reporting: reporting, explaining: nil)
    }

    /// The same, with every check written down.
    package func judge(
        _ admission: Admission, body: [UInt8], standing: Standing, now: Timestamp, reporting: Bool, explaining: Explaining?
    ) throws(Refusal) -> Judgement {
        var judging = Judging(gate: self, admission: admission, standing: standing, now: now)
        let (decoded, scanned) = try judging.scan(body)
        var records = judging.lookUpSubjects(scanned, in: decoded)
        if !judging.staleIdentifiers.isEmpty { return .refresh(judging.staleIdentifiers) }
        judging.decide(&records, scanned, explaining: explaining)
        judging.records = records
        if let refusal = judging.refusalByRecords(scanned) { throw refusal }
        let reduced = try judging.reduce(decoded, scanned, reporting: reporting)
        return .send(judging.shipment(reduced, scanned))
    }
}

/// Collects every check of every record, also of a request that ends in a refusal.
package final class Explaining {
    package internal(set) var checks: [[CheckTrace]] = []
    package init() {}
}

/// One run of `Gate.judge`: the state that its steps share.
struct Judging {
    let gate: Gate
    let policy: PolicySet
    let admission: Admission
    let now: Timestamp
    let standing: Standing
    /// Chosen by `scan`.
    private(set) var endpointID: EndpointID
    private(set) var program: EndpointProgram
    var staleIdentifiers: [Identifier] = []
    /// Identifying fields outside the records whose value is no identifier.
    var unreadableShared: [FieldID] = []
    var basedOn: [(identifier: Identifier, number: UInt32?, profile: UInt32?, born: Day?)] = []
    var records: [JudgedRecord] = []
    /// Only where the set limits volumes.
    var earlier: EarlierRecords?

    /// Borrowed, not copied.
    var vendor: Vendor { _read { yield program.vendor } }
    var endpoint: Endpoint { _read { yield program.endpoint } }
    var answers: Answers { Answers(policy: policy, caller: admission.caller, xid: admission.xid, head: admission.head) }

    init(gate: Gate, admission: Admission, standing: Standing, now: Timestamp) {
        self.gate = gate
        self.admission = admission
        self.standing = standing
        self.now = now
        policy = gate.policy
        endpointID = admission.match.endpoints[admission.match.endpoints.count - 1]
        program = gate.programs[admission.vendor.position][endpointID.position]
    }

    private mutating func choose(_ id: EndpointID) {
        guard id != endpointID else { return }
        endpointID = id
        program = gate.programs[admission.vendor.position][id.position]
    }

    /// Chooses among the endpoints of one shape: the first whose `only` the body is exactly, else the one without.
    mutating func scan(_ body: [UInt8]) throws(Refusal) -> ([UInt8], ScannedBody) {
        do throws(BodyError) {
            let decoded = try admission.coding.decode(body, limits: gate.limits)
            for candidate in admission.match.endpoints {
                choose(candidate)
                if endpoint.body == .none { return ([], ScannedBody.absent) }
                if decoded.isEmpty { throw BodyError(.empty) }
                let scanned = try endpoint.shape.scan(decoded, limits: gate.limits)
                let isExact = scanned.unclassifiedOutside == 0 && scanned.shared.isEmpty && scanned.records.allSatisfy(\.matchesOnly)
                if endpoint.only.isEmpty || isExact {
                    if scanned.records.isEmpty { throw BodyError(.shapeMismatch) }
                    return (decoded, scanned)
                }
            }
        } catch {
            throw answers.refuse(error)
        }
        throw answers.refuse(.recordSchemaUnknown)
    }

    mutating func reduce(_ body: [UInt8], _ scanned: ScannedBody, reporting: Bool) throws(Refusal) -> ReducedBody {
        if case .none = endpoint.body { return ReducedBody(bytes: [], isChanged: false, reports: []) }
        let shape = program.endpoint.shape
        let operators = policy.operators
        let actions = records.map(\.action)
        let shared = sharedPlan()
        let contexts = gate.contexts[admission.vendor.position]
        do {
            let reduced = try shape.reduce(
                body, scanned: scanned, actions: actions, shared: shared, operators: operators,
                context: { contexts[$0.position] }, reporting: reporting)
            guard reduced.isChanged else { return reduced }
            if admission.head.isBodySigned { throw answers.signedBody }
            try shape.prove(
                reduced.bytes, of: scanned, actions: actions, shared: shared, operators: operators, limits: gate.limits)
            return reduced
        } catch let error as BodyError {
            throw answers.refuse(error)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            throw answers.refuse(BodyError(.proofFailed))
        }
    }

    /// Personal data outside the records may be about any of them: it goes only if all go, and as narrowly as each allows.
    private func sharedPlan() -> FieldPlan {
        if endpoint.shared.isEmpty { return program.nothing }
        var plan: FieldPlan?
        for record in records {
            guard record.isSent else { return program.nothing }
            for shared in record.persons.lazy.compactMap(\.decision) {
                guard shared.decision.permits else { return program.nothing }
                plan = plan.map { narrower($0, shared.decision.plan) } ?? shared.decision.plan
            }
        }
        guard var plan else { return program.nothing }
        for field in unreadableShared { plan.actions[field.position] = .drop(.fieldUnclassified) }
        return plan
    }

    private func narrower(_ a: FieldPlan, _ b: FieldPlan) -> FieldPlan {
        var plan = a
        for i in plan.actions.indices {
            switch (a.actions[i], b.actions[i]) {
            case (.drop, _): break
            case (_, .drop): plan.actions[i] = b.actions[i]
            case (.apply(let x), .apply(let y)):
                if type(of: policy[y]).narrowness > type(of: policy[x]).narrowness { plan.actions[i] = b.actions[i] }
            }
        }
        return plan
    }
}

/// An identifier and the field it stands in.
struct FoundIdentifier {
    var field: FieldID
    var identifier: Identifier
}

/// One record as judged: the people in it and what becomes of it.
struct JudgedRecord {
    struct Person {
        /// Index into the endpoint's `people`; 0 where the endpoint is about no person.
        var index: Int
        /// Without the fields present, which only a decision that was not made before has to list.
        var input: SubjectInput
        var present: FieldMask = 0
        /// Identifiers of the identified subject that stand in the record.
        var identifiers: [Identifier] = []
        /// Known subjects whose identifiers stand in the record beside those of the one it is about.
        var others: [(entry: SubjectEntry, found: FoundIdentifier)] = []
        /// Identifying fields of the record whose value is no identifier.
        var unreadable: [FieldID] = []
        /// Nil: this person does not appear in the record.
        var decision: SharedDecision?
    }
    var persons: [Person]
    var isSent = false
    var outcome = Outcome.deny
    var codes: [ReasonCode] = []

    /// A plan per person of the endpoint, nil for those dropped or absent.
    var action: RecordAction {
        guard isSent else { return .omit }
        return .write(persons.indices.map { persons[$0].decision?.planIfPermitted })
    }
}

extension ScannedBody {
    /// Of a request without a body: one record, of which only the path may hold fields.
    static let absent = ScannedBody(
        records: [Record(range: 0..<0, hits: [], unclassified: 0, matchesOnly: false)], shared: [], unclassifiedOutside: 0, start: 0,
        marks: [])
}
