extension Judging {
    /// Decides every person of every record and what that makes of the record.
    mutating func decide(_ records: inout [JudgedRecord], _ scanned: ScannedBody, explaining: Explaining?) {
        for r in records.indices {
            var checks: [CheckTrace] = []
            for i in records[r].persons.indices where i == 0 || isConcerned(i, scanned.records[r]) {
                decide(&records[r].persons[i], scanned.records[r], &checks, isExplained: explaining != nil)
            }
            settle(&records[r])
            if gate.limitsVolumes, r + 1 < records.count, records[r].isSent { count(records[r]) }
            explaining?.checks.append(checks)
        }
    }

    // Persons and records are changed in place: each holds a dozen references, which a copy would count.

    private func decide(
        _ person: inout JudgedRecord.Person, _ record: ScannedBody.Record, _ checks: inout [CheckTrace], isExplained: Bool
    ) {
        let decision = decision(on: &person, record, &checks, isExplained: isExplained)
        person.decision = endpoint.rights == nil ? withholding(person.unreadable, decision) : decision
    }

    /// As it was made before for the same, or anew.
    private func decision(
        on person: inout JudgedRecord.Person, _ record: ScannedBody.Record, _ checks: inout [CheckTrace], isExplained: Bool
    ) -> SharedDecision {
        // An explanation asks every step, and writes down what each looked at.
        let key = isExplained ? nil : key(&person)
        if let key, let known = program.decisions.find(key, now: now), hasVolumeLeft(known, for: person.input.entry?.number) {
            return known
        }
        var subject = person.input
        subject.present = fieldsPresent(person.index, in: record)
        var input = DecisionInput(
            policy: policy, caller: admission.caller, vendor: admission.vendor, endpoint: endpointID, destination: admission.destination,
            purposes: admission.purposes, unknownPurpose: admission.unknownPurpose, subject: subject, standing: standing, now: now)
        input.earlier = earlier
        let decision = isExplained ? withUnsafeMutablePointer(to: &checks) { Decider.decide(input, trace: $0) } : Decider.decide(input)
        let shared = SharedDecision(decision, of: input)
        if let key, now < decision.standsUntil { program.decisions.keep(shared, for: key) }
        return shared
    }

    private func hasVolumeLeft(_ shared: SharedDecision, for subject: UInt32?) -> Bool {
        shared.decision.volumesAsked.allSatisfy { id in
            let today = standing.today(policy.agreements[id.position].id, subject: subject, earlier: earlier, now: now)
            return !policy.agreements[id.position].limits.areReached(by: today)
        }
    }

    /// Everything a decision depends on but the hour, which it tells itself. Nil: not to be found again.
    private func key(_ person: inout JudgedRecord.Person) -> DecisionCache.Key? {
        guard !program.slotBits.isEmpty || program.slotFields.isEmpty, person.input.others.isEmpty, person.input.storeAvailable,
            let destination = program.vendor.destinations.firstIndex(of: admission.destination)
        else { return nil }
        return DecisionCache.Key(
            caller: admission.caller, destination: destination, person: person.index, purposes: admission.purposes,
            unknownPurpose: admission.unknownPurpose, isResolved: person.input.resolved,
            expiresSoon: person.input.entry?.expiresSoon ?? false, profile: person.input.entry.map { ObjectIdentifier($0.shared) },
            standing: ObjectIdentifier(standing.box), age: person.input.age(at: now), countryInRecord: person.input.countryInRecord,
            present: person.present)
    }

    /// A second person who does not appear in the record needs no decision.
    private func isConcerned(_ person: Int, _ record: ScannedBody.Record) -> Bool {
        fieldsPresent(person, in: record).contains { field in endpoint.slots.contains { $0.person == person && $0.field == field } }
    }

    /// In place: of a long batch everybody before would be copied each time.
    private mutating func count(_ record: JudgedRecord) {
        if earlier == nil { earlier = EarlierRecords() }
        for person in record.persons {
            if let number = person.input.entry?.number { earlier?.subjects.insert(number) }
            for use in person.decision?.decision.applied ?? [] {
                earlier?.records[policy.agreements[use.agreement.position].id, default: 0] += 1
            }
        }
    }

    private func settle(_ record: inout JudgedRecord) {
        var (isRefused, isRedacted, onlyHolds) = (false, false, true)
        for i in record.persons.indices {
            guard let outcome = record.persons[i].decision?.decision.outcome else { continue }
            isRedacted = isRedacted || outcome != .allow
            if outcome == .allow || outcome == .allowRedacted { continue }
            guard i == 0 || endpoint.people.isEmpty || endpoint.people[i].ifDenied == .reject else { continue }
            isRefused = true
            onlyHolds = onlyHolds && outcome == .hold
        }
        record.codes = orderedCodes(record)
        let pathRefusal = isRefused ? nil : pathRefusal(record)
        if let pathRefusal, !record.codes.contains(pathRefusal) { record.codes.append(pathRefusal) }
        record.isSent = !isRefused && pathRefusal == nil
        if record.isSent {
            record.outcome = isRedacted ? .allowRedacted : .allow
        } else {
            record.outcome = isRefused && onlyHolds ? .hold : .deny
        }
    }

    private func orderedCodes(_ record: JudgedRecord) -> [ReasonCode] {
        if record.persons.count == 1 { return record.persons[0].decision?.decision.codes ?? [] }
        let lists = record.persons.compactMap(\.decision).map(\.decision.codes)
        return lists.count == 1 ? lists[0] : Set(lists.joined()).sorted { $0.order < $1.order }
    }

    /// The path goes out as it came or not at all. Nil: it may go.
    private func pathRefusal(_ record: JudgedRecord) -> ReasonCode? {
        for field in endpoint.pathFields {
            guard let segment = segment(of: field), PathValue.isSound(segment, field.encoding, policy[field.field]) else {
                return .subjectUnresolved
            }
            for decision in record.persons.lazy.compactMap(\.decision?.decision) where decision.permits {
                switch decision.plan[field.field] {
                case .drop(.fieldSuspended): return .fieldSuspended
                case .drop: return .fieldNotAgreed
                case .apply(let id): if !policy[id].keepsValue { return .fieldNotAgreed }
                }
            }
        }
        return nil
    }

    /// The answer when nothing may be sent, or when the caller wants all or nothing.
    func refusalByRecords(_ scanned: ScannedBody) -> Refusal? {
        if records.allSatisfy(\.isSent) { return nil }
        let stopped = records.filter { !$0.isSent }
        let sendsRest = policy.callers[admission.caller.position].onDenied == .drop && stopped.count < records.count
        guard let first = stopped.first, !sendsRest else { return nil }
        let code = first.codes.first { !$0.isFieldLevel } ?? first.codes.first ?? .policyUnavailable
        let reason = ReasonCatalog.entry(for: code)
        return Refusal(
            status: reason.status, code: code.rawValue, title: reason.title,
            detail: "\(stopped.count) of \(records.count) records denied; nothing was sent",
            outcome: stopped.allSatisfy { $0.outcome == .hold } ? .hold : .deny, records: verdicts,
            logging: .entry(draft(body: [], scanned: scanned, sending: false)))
    }

    /// In a request that is refused whole, the records that would have passed are denied with it; their codes stay empty.
    var verdicts: [RecordVerdict] {
        records.enumerated().map { RecordVerdict(index: $0, decision: $1.outcome, codes: $1.codes) }
    }

    /// An identifier that cannot be read may be that of somebody who said stop: it does not go as it came, and where it is required,
    /// nothing does.
    private func withholding(_ unreadable: [FieldID], _ shared: SharedDecision) -> SharedDecision {
        guard !unreadable.isEmpty, shared.decision.permits else { return shared }
        var decision = shared.decision
        for field in unreadable {
            guard case .apply(let id) = decision.plan[field], policy[id].showsValue else { continue }
            if decision.applied.contains(where: { policy[$0.agreement].purposes[$0.term].required.contains(field) }) {
                let denial = Decision(
                    outcome: .deny, codes: [.fieldRequiredMissing], warnings: decision.warnings,
                    plan: .dropAll(.fieldRequiredMissing, fieldCount: policy.fields.count))
                return SharedDecision(denial, like: shared, policy)
            }
            decision.plan.actions[field.position] = .drop(.fieldUnclassified)
            decision.outcome = .allowRedacted
            if !decision.codes.contains(.fieldUnclassified) { decision.codes.append(.fieldUnclassified) }
        }
        return SharedDecision(decision, like: shared, policy)
    }
}

extension RedactionOperator {
    /// Whoever receives the result may read the value off it, or its beginning.
    var showsValue: Bool { keepsValue || (!dropsMember && Self.narrowness <= Truncate.narrowness) }
}
