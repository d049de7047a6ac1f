extension Judging {
    func shipment(_ reduced: ReducedBody, _ scanned: ScannedBody) -> Shipment {
        let sent = records.filter(\.isSent)
        return Shipment(
            draft: draft(body: reduced.bytes, scanned: scanned, sending: true),
            outcome: reduced.isChanged || sent.count < records.count ? .allowRedacted : .allow, destination: admission.destination,
            endpoint: endpointID, verdicts: verdicts, sentCount: sent.count, heldCount: records.count { $0.outcome == .hold },
            deniedCount: records.count { !$0.isSent && $0.outcome != .hold }, basedOn: basedOn, volumes: volumeUses(of: sent),
            decisions: records.flatMap { $0.persons.compactMap(\.decision) }, reports: reduced.reports)
    }

    /// The log entry's material: names from the policy set, counts, and subjects for commitments.
    func draft(body: [UInt8], scanned: ScannedBody, sending: Bool) -> TransferDraft {
        var tally = DraftTally(policy: policy)
        for (index, record) in records.enumerated() {
            tally.add(record, index: index, sending: sending, makeSalt: gate.keys.makeSalt)
        }
        if !sending { tally.consider(admission, endpoint: endpointID) }
        let lead = records.lazy.flatMap(\.persons).compactMap(\.decision).first { !sending || $0.permits }
        return TransferDraft(
            xid: admission.xid, caller: policy[admission.caller].id, vendor: vendor.id, destination: admission.destination.authority,
            region: admission.destination.region.description, method: admission.head.method, endpoint: endpoint.id,
            route: endpoint.template.text, purposes: tally.purposes.map { policy[$0].name },
            regimes: (lead?.regimes ?? []).map(\.rawValue), bases: (lead?.bases ?? []).map(\.rawValue), mechanisms: lead?.mechanisms ?? [],
            agreements: tally.agreements.map { (policy[$0].id, policy[$0].version, policy[$0].digest) }, policyDigest: policy.digest,
            consentSequence: gate.subjects.sequence, fields: tally.fieldNames(tally.sentFields),
            droppedFields: tally.fieldNames(tally.droppedFields.filter { !tally.sentFields.contains($0) }),
            droppedMembers: scanned.unclassifiedOutside + scanned.records.reduce(0) { $0 + $1.unclassified }, codes: tally.codes,
            recordCount: sending ? records.count(where: \.isSent) : records.count, deniedCount: records.count { !$0.isSent }, body: body,
            subjects: tally.subjects, lines: tally.lines)
    }

    /// Only agreements with a limit are counted.
    private func volumeUses(of sent: [JudgedRecord]) -> [VolumeUse] {
        var uses: [VolumeUse] = []
        for person in sent.flatMap(\.persons) {
            for applied in person.decision?.applied ?? [] {
                let limits = policy[applied.agreement].limits
                guard limits.recordsPerDay != nil || limits.subjectsPerDay != nil else { continue }
                let at = uses.firstIndex { $0.agreement == applied.agreement } ?? uses.count
                if at == uses.count { uses.append(VolumeUse(agreement: applied.agreement, records: 0, subjects: [], newSubjects: 0)) }
                uses[at].records += 1
                if let number = person.input.entry?.number {
                    if !uses[at].subjects.contains(number) { uses[at].subjects.append(number) }
                } else {
                    uses[at].newSubjects += 1
                }
            }
        }
        return uses
    }
}

/// Gathers what one log entry says of all its records.
struct DraftTally {
    let policy: PolicySet
    var purposes: [PurposeID] = []
    var agreements: [AgreementID] = []
    var sentFields: [FieldID] = []
    var droppedFields: [FieldID] = []
    var codes: [ReasonCode: Int] = [:]
    var subjects: [TransferDraft.Subject] = []
    var lines: [TransferDraft.RecordLine] = []

    /// What a denial was asked for: the purposes, and the newest version of each agreement that covers them.
    mutating func consider(_ admission: Admission, endpoint: EndpointID) {
        let route = policy.route(caller: admission.caller, vendor: admission.vendor, endpoint: endpoint)
        purposes = admission.purposes.isEmpty ? route?.defaultPurposes ?? [] : admission.purposes
        for candidate in route?.candidates ?? [] where purposes.contains(candidate.purpose) {
            let id = policy.agreements[candidate.agreement.position].id
            if !agreements.contains(where: { policy.agreements[$0.position].id == id }) { agreements.append(candidate.agreement) }
        }
    }

    mutating func add(_ record: JudgedRecord, index: Int, sending: Bool, makeSalt: () -> InlineArray<16, UInt8>) {
        let sent = sending && record.isSent
        for code in record.codes { codes[code, default: 0] += 1 }
        var fields: [FieldID] = []
        var committed: [Int] = []
        for person in record.persons {
            guard let decision = person.decision else { continue }
            for applied in decision.applied where sent {
                if !purposes.contains(applied.purpose) { purposes.append(applied.purpose) }
                if !agreements.contains(applied.agreement) { agreements.append(applied.agreement) }
            }
            for field in person.input.present {
                if sent, decision.permits, goes(field, by: decision) {
                    if !fields.contains(field) { fields.append(field) }
                } else if !droppedFields.contains(field) {
                    droppedFields.append(field)
                }
            }
            // An intent commits to those it discloses; a denial to those already known, and makes nobody known.
            if sending ? sent && decision.permits : person.input.entry != nil { committed += commit(person, makeSalt: makeSalt) }
            for (entry, found) in person.others where sent && decision.permits && goes(found.field, by: decision) {
                committed.append(commit(entry, [found.identifier]))
            }
        }
        for field in fields where !sentFields.contains(field) { sentFields.append(field) }
        let basis = record.persons.lazy.compactMap(\.decision).first?.bases.first?.rawValue ?? ""
        lines.append(
            TransferDraft.RecordLine(
                index: index, decision: record.outcome, codes: record.codes, basis: basis, fields: fieldNames(fields), subjects: committed))
    }

    func fieldNames(_ ids: [FieldID]) -> [String] { ids.map { policy[$0].name }.sorted() }

    /// The person's subject; its position in `subjects`.
    private mutating func commit(_ person: JudgedRecord.Person, makeSalt: () -> InlineArray<16, UInt8>) -> [Int] {
        guard let first = person.identifiers.first else { return [] }
        if let entry = person.input.entry { return [commit(entry, person.identifiers)] }
        if let at = subjects.firstIndex(where: { $0.number == nil && $0.identifiers.first == first }) { return [at] }
        subjects.append(.init(number: nil, salt: makeSalt(), identifiers: person.identifiers))
        return [subjects.count - 1]
    }

    private mutating func commit(_ entry: SubjectEntry, _ identifiers: [Identifier]) -> Int {
        guard let at = subjects.firstIndex(where: { $0.number == entry.number }) else {
            subjects.append(.init(number: entry.number, salt: entry.salt, identifiers: identifiers))
            return subjects.count - 1
        }
        for identifier in identifiers where !subjects[at].identifiers.contains(identifier) { subjects[at].identifiers.append(identifier) }
        return at
    }

    private func goes(_ field: FieldID, by decision: Decision) -> Bool {
        if case .apply(let id) = decision.plan[field] { !policy[id].dropsMember } else { false }
    }
}
