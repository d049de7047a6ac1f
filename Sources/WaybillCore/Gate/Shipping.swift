import Synchronization

extension Judging {
    func shipment(_ reduced: ReducedBody, _ scanned: ScannedBody) -> Shipment {
        let sentCount = records.count(where: \.isSent)
        let heldCount = records.count { $0.outcome == .hold }
        return Shipment(
            draft: draft(body: reduced.bytes, scanned: scanned, sending: true),
            outcome: reduced.isChanged || sentCount < records.count ? .allowRedacted : .allow, destination: admission.destination,
            endpoint: endpointID, verdicts: verdicts, sentCount: sentCount, heldCount: heldCount,
            deniedCount: records.count - sentCount - records.count { !$0.isSent && $0.outcome == .hold }, basedOn: basedOn,
            volumes: volumeUses(), decisions: records.flatMap { $0.persons.compactMap(\.decision) }, reports: reduced.reports)
    }

    /// The log entry's material: names from the policy set, counts, and subjects for commitments.
    func draft(body: [UInt8], scanned: ScannedBody, sending: Bool) -> TransferDraft {
        var subjects: [TransferDraft.Subject] = []
        let terms: TransferDraft.SharedTerms
        if sending, let (decision, subject) = onlyOne {
            if let subject { subjects.append(subject) }
            terms = decision.draftTerms.withLock { known in
                if let known { return known }
                var unused: [TransferDraft.Subject] = []
                let made = TransferDraft.SharedTerms(self.terms(sending: true, subjects: &unused))
                known = made
                return made
            }
        } else {
            terms = TransferDraft.SharedTerms(self.terms(sending: sending, subjects: &subjects))
        }
        return TransferDraft(
            xid: admission.xid, terms: terms, consentSequence: gate.subjects.sequence,
            droppedMembers: scanned.unclassifiedOutside + scanned.records.reduce(0) { $0 + $1.unclassified }, body: body,
            subjects: subjects)
    }

    /// Where one record about one person goes, and nobody else is in it: its decision alone says what the draft's terms are.
    private var onlyOne: (SharedDecision, TransferDraft.Subject?)? {
        guard records.count == 1, records[0].isSent, records[0].persons.count == 1, records[0].persons[0].others.isEmpty,
            let shared = records[0].persons[0].decision, shared.planIfPermitted != nil, admission.head.method == endpoint.template.method
        else { return nil }
        return (shared, DraftTally.subject(of: records[0].persons[0], makeSalt: gate.keys.makeSalt))
    }

    private func terms(sending: Bool, subjects: inout [TransferDraft.Subject]) -> DraftTerms {
        var tally = DraftTally(policy: policy)
        for (index, record) in records.enumerated() {
            tally.add(record, index: index, sending: sending, makeSalt: gate.keys.makeSalt)
        }
        if !sending { tally.consider(admission, endpoint: endpointID) }
        subjects = tally.subjects
        let lead = records.lazy.flatMap(\.persons).compactMap(\.decision).map(\.decision).first { !sending || $0.permits }
        return DraftTerms(
            caller: policy[admission.caller].id, vendor: vendor.id, destination: admission.destination.authority,
            region: admission.destination.region.description, method: admission.head.method, endpoint: endpoint.id,
            route: endpoint.template.text, purposes: tally.purposes.map { policy[$0].name },
            regimes: (lead?.regimes ?? []).map(\.rawValue), bases: (lead?.bases ?? []).map(\.rawValue), mechanisms: lead?.mechanisms ?? [],
            agreements: tally.agreements.map { (policy[$0].id, policy[$0].version, policy[$0].digest) }, policyDigest: policy.digest,
            fields: tally.fieldNames(tally.sentFields),
            droppedFields: tally.fieldNames(tally.droppedFields.filter { !tally.sentFields.contains($0) }), codes: tally.codes,
            recordCount: sending ? records.count(where: \.isSent) : records.count, deniedCount: records.count { !$0.isSent },
            lines: tally.lines)
    }

    /// Only agreements with a limit are counted.
    private func volumeUses() -> [VolumeUse] {
        guard gate.limitsVolumes else { return [] }
        var uses: [VolumeUse] = []
        for person in records.lazy.filter(\.isSent).flatMap(\.persons) {
            for applied in person.decision?.decision.applied ?? [] {
                let limits = policy.agreements[applied.agreement.position].limits
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

    init(policy: PolicySet) { self.policy = policy }

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
            guard let shared = person.decision else { continue }
            let permits = shared.decision.permits
            for applied in shared.decision.applied where sent {
                if !purposes.contains(applied.purpose) { purposes.append(applied.purpose) }
                if !agreements.contains(applied.agreement) { agreements.append(applied.agreement) }
            }
            for field in shared.going {
                if !sent { drop(field) } else if !fields.contains(field) { fields.append(field) }
            }
            for field in shared.staying { drop(field) }
            // An intent commits to those it discloses; a denial to those already known, and makes nobody known.
            if sending ? sent && permits : person.input.entry != nil { committed += commit(person, makeSalt: makeSalt) }
            for (entry, found) in person.others where sent && permits && shared.decision.lets(found.field, go: policy) {
                committed.append(commit(entry, [found.identifier]))
            }
        }
        for field in fields where !sentFields.contains(field) { sentFields.append(field) }
        let basis = record.persons.lazy.compactMap(\.decision).first?.decision.bases.first?.rawValue ?? ""
        lines.append(
            TransferDraft.RecordLine(
                index: index, decision: record.outcome, codes: record.codes, basis: basis, fields: fieldNames(fields), subjects: committed))
    }

    private mutating func drop(_ field: FieldID) {
        if !droppedFields.contains(field) { droppedFields.append(field) }
    }

    func fieldNames(_ ids: [FieldID]) -> [String] { ids.map { policy.fields[$0.position].name }.sorted() }

    /// Nil: nobody is identified.
    static func subject(of person: JudgedRecord.Person, makeSalt: () -> InlineArray<16, UInt8>) -> TransferDraft.Subject? {
        if person.identifiers.isEmpty { return nil }
        return .init(
            number: person.input.entry?.number, salt: person.input.entry?.salt ?? makeSalt(), identifiers: person.identifiers)
    }

    /// The person's subject; its position in `subjects`.
    private mutating func commit(_ person: JudgedRecord.Person, makeSalt: () -> InlineArray<16, UInt8>) -> [Int] {
        guard let first = person.identifiers.first else { return [] }
        if let entry = person.input.entry { return [commit(entry, person.identifiers)] }
        if let at = subjects.firstIndex(where: { $0.number == nil && $0.identifiers.first == first }) { return [at] }
        guard let subject = Self.subject(of: person, makeSalt: makeSalt) else { return [] }
        subjects.append(subject)
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
}
