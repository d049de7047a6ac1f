extension Judging {
    /// Decides every person of every record and what that makes of the record.
    mutating func decide(_ looked: [JudgedRecord], explaining: Explaining?) {
        var counted: Set<UInt32> = []
        let limited = standing.volumes
        for var record in looked {
            var checks: [CheckTrace] = []
            for i in record.persons.indices where isConcerned(record.persons[i]) {
                standing.volumes = volumes(from: limited, for: record.persons[i].input.entry, counted: counted)
                record.persons[i].decision = decide(record.persons[i].input, checks: &checks, explaining: explaining != nil)
                if endpoint.rights == nil { record.persons[i].withholdUnreadable(policy) }
            }
            settle(&record)
            if record.isSent {
                for person in record.persons {
                    if let number = person.input.entry?.number { counted.insert(number) }
                    for use in person.decision?.applied ?? [] { sentCounts[policy[use.agreement].id, default: 0] += 1 }
                }
            }
            explaining?.checks.append(checks)
            records.append(record)
        }
        standing.volumes = limited
    }

    private func decide(_ subject: SubjectInput, checks: inout [CheckTrace], explaining: Bool) -> Decision {
        let input = DecisionInput(
            policy: policy, caller: admission.caller, vendor: admission.vendor, endpoint: endpointID, destination: admission.destination,
            purposes: admission.purposes, unknownPurpose: admission.unknownPurpose, subject: subject, standing: standing, now: now)
        return explaining ? withUnsafeMutablePointer(to: &checks) { Decider.decide(input, trace: $0) } : Decider.decide(input)
    }

    /// A second person who does not appear in the record needs no decision.
    private func isConcerned(_ person: JudgedRecord.Person) -> Bool {
        person.index == 0
            || person.input.present.contains { field in endpoint.slots.contains { $0.person == person.index && $0.field == field } }
    }

    private func settle(_ record: inout JudgedRecord) {
        let decided = record.persons.compactMap { person in person.decision.map { (person.index, $0) } }
        let refusing = decided.filter { index, decision in
            !decision.permits && (endpoint.people.isEmpty || index == 0 || endpoint.people[index].ifDenied == .reject)
        }
        record.codes = orderedUnion(decided.map(\.1.codes))
        let pathRefusal = refusing.isEmpty ? pathRefusal(record) : nil
        if let pathRefusal, !record.codes.contains(pathRefusal) { record.codes.append(pathRefusal) }
        record.isSent = refusing.isEmpty && pathRefusal == nil
        if record.isSent {
            record.outcome = decided.contains { $0.1.outcome != .allow } ? .allowRedacted : .allow
        } else {
            record.outcome = refusing.contains { $0.1.outcome == .hold } && refusing.allSatisfy { $0.1.outcome == .hold } ? .hold : .deny
        }
    }

    /// The path goes out as it came or not at all. Nil: it may go.
    private func pathRefusal(_ record: JudgedRecord) -> ReasonCode? {
        for field in endpoint.pathFields {
            guard let segment = segment(of: field), PathValue.isSound(segment, field.encoding, policy[field.field]) else {
                return .subjectUnresolved
            }
            let isKept = record.persons.allSatisfy { person in
                guard let decision = person.decision, decision.permits else { return true }
                guard case .apply(let id) = decision.plan[field.field] else { return false }
                return policy[id].keepsValue
            }
            if !isKept { return .fieldNotAgreed }
        }
        return nil
    }

    private func volumes(
        from today: [String: Standing.Volume], for entry: SubjectEntry?, counted: Set<UInt32>
    ) -> [String: Standing.Volume] {
        if today.isEmpty && sentCounts.isEmpty { return today }
        var volumes = today
        for (agreement, sent) in sentCounts {
            volumes[agreement, default: Standing.Volume(records: 0, subjects: 0)].records += sent
            volumes[agreement, default: Standing.Volume(records: 0, subjects: 0)].subjects += counted.count
        }
        guard let number = entry?.number else { return volumes }
        for agreement in volumes.keys where counted.contains(number) || standing.wasSeenToday(agreement, number) {
            volumes[agreement]?.subjects -= 1
        }
        return volumes
    }

    private func orderedUnion(_ lists: [[ReasonCode]]) -> [ReasonCode] {
        if lists.count == 1 { return lists[0] }
        return Set(lists.joined()).sorted { $0.order < $1.order }
    }

    /// The answer when nothing may be sent, or when the caller wants all or nothing.
    func refusalByRecords(_ scanned: ScannedBody) -> Refusal? {
        let stopped = records.filter { !$0.isSent }
        let sendsRest = policy[admission.caller].onDenied == .drop && stopped.count < records.count
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
}

extension JudgedRecord.Person {
    /// An identifier that cannot be read may be that of somebody who said stop: it does not go as it came, and where it is required,
    /// nothing does.
    fileprivate mutating func withholdUnreadable(_ policy: PolicySet) {
        guard !unreadable.isEmpty, var decision, decision.permits else { return }
        for field in unreadable {
            guard case .apply(let id) = decision.plan[field], policy[id].showsValue else { continue }
            if decision.applied.contains(where: { policy[$0.agreement].purposes[$0.term].required.contains(field) }) {
                self.decision = Decision(
                    outcome: .deny, codes: [.fieldRequiredMissing], warnings: decision.warnings,
                    plan: .dropAll(.fieldRequiredMissing, fieldCount: policy.fields.count))
                return
            }
            decision.plan.actions[field.position] = .drop(.fieldUnclassified)
            decision.outcome = .allowRedacted
            if !decision.codes.contains(.fieldUnclassified) { decision.codes.append(.fieldUnclassified) }
        }
        self.decision = decision
    }
}

extension RedactionOperator {
    /// Whoever receives the result may read the value off it, or its beginning.
    var showsValue: Bool { keepsValue || (!dropsMember && Self.narrowness <= Truncate.narrowness) }
}
