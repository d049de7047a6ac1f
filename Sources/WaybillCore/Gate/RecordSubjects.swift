extension Judging {
    /// Finds who each record is about and what is known of them. Stale entries are collected; nothing blocks.
    mutating func lookUpSubjects(_ scanned: ScannedBody, in body: [UInt8]) -> [JudgedRecord] {
        let outside = sharedIdentifiers(scanned, in: body) + pathIdentifiers()
        return scanned.records.map { record in
            let count = max(1, endpoint.people.count)
            return JudgedRecord(persons: (0..<count).map { person(at: $0, of: record, in: body, outside: outside) })
        }
    }

    private mutating func person(
        at index: Int, of record: ScannedBody.Record, in body: [UInt8], outside: [Identifier]
    ) -> JudgedRecord.Person {
        let roles = program.roles
        var present = pathFieldsPresent + endpoint.shared.map(\.field)
        var identifiers: [(slot: Int, identifier: Identifier)] = []
        var input = SubjectInput(resolved: endpoint.people.isEmpty, entry: nil, present: [])
        for hit in record.hits where endpoint.slots[hit.slot].person == index {
            let field = endpoint.slots[hit.slot].field
            if !present.contains(field) { present.append(field) }
            switch roles[hit.slot] {
            case .none: break
            case .identifier:
                let value = JSONBody.value(body, hit.value)
                if let identifier = Identifier(field: policy[field], value: value) { identifiers.append((hit.slot, identifier)) }
            case .country: input.countryInRecord = region(JSONBody.value(body, hit.value))
            case .birthDate: input.bornInRecord = day(JSONBody.value(body, hit.value))
            }
        }
        input.present = present
        guard !endpoint.people.isEmpty else { return JudgedRecord.Person(index: index, input: input, identifiers: [], decision: nil) }
        let named = program.subjectSlots[index].lazy.compactMap { slot in identifiers.first { $0.slot == slot }?.identifier }.first
        return resolve(named ?? (index == 0 ? outside.first : nil), index, input, own: identifiers.map(\.identifier), outside: outside)
    }

    /// Permissions go by the identified subject, stops by every identifier in the record.
    private mutating func resolve(
        _ subject: Identifier?, _ index: Int, _ input: SubjectInput, own: [Identifier], outside: [Identifier]
    ) -> JudgedRecord.Person {
        var input = input
        guard let subject else { return JudgedRecord.Person(index: index, input: input, identifiers: [], decision: nil) }
        input.resolved = true
        input.entry = find(subject, &input)
        var identifiers = [subject]
        for identifier in own + outside where !identifiers.contains(identifier) {
            let other = find(identifier, &input)
            if let other, other.number != input.entry?.number {
                input.others.append(other)
            } else {
                identifiers.append(identifier)
            }
        }
        return JudgedRecord.Person(index: index, input: input, identifiers: identifiers, decision: nil)
    }

    private mutating func find(_ identifier: Identifier, _ input: inout SubjectInput) -> SubjectEntry? {
        switch gate.subjects.find(identifier, now: now) {
        case .known(let entry):
            basedOn.append((identifier, entry.number, entry.profileNumber))
            return entry
        case .unknown:
            basedOn.append((identifier, nil, nil))
        case .stale:
            staleIdentifiers.append(identifier)
        case .unavailable:
            input.storeAvailable = false
        }
        return nil
    }

    private func sharedIdentifiers(_ scanned: ScannedBody, in body: [UInt8]) -> [Identifier] {
        scanned.shared.compactMap { hit in
            guard program.sharedRoles[hit.slot] == .identifier else { return nil }
            return Identifier(field: policy[endpoint.shared[hit.slot].field], value: JSONBody.value(body, hit.value))
        }
    }

    /// Identifiers that stand in the path in a form that can be read back; hashed ones cannot.
    private func pathIdentifiers() -> [Identifier] {
        endpoint.pathFields.compactMap { field in
            guard let raw = admission.match.variables.first(where: { $0.name == field.variable })?.value else { return nil }
            return PathValue.decode(admission.head.target[raw], field.encoding).flatMap { bytes in
                Identifier(field: policy[field.field], value: .string(bytes))
            }
        }
    }

    private var pathFieldsPresent: [FieldID] { endpoint.pathFields.map(\.field) }

    private func region(_ value: ScalarValue) -> Region? {
        guard case .string(let bytes) = value else { return nil }
        return Region(String(decoding: bytes, as: UTF8.self).uppercased())
    }

    private func day(_ value: ScalarValue) -> Day? {
        guard case .string(let bytes) = value else { return nil }
        return Day(iso8601: String(decoding: bytes.prefix(10), as: UTF8.self))
    }
}
