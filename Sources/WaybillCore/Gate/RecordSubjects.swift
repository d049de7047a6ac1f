extension Judging {
    /// Finds who each record is about and what is known of them. Stale entries are collected; nothing blocks.
    mutating func lookUpSubjects(_ scanned: ScannedBody, in body: [UInt8]) -> [JudgedRecord] {
        let inPath = pathIdentifiers()
        let outside = sharedIdentifiers(scanned, in: body) + inPath
        // The path may say whom one record is about; of several it cannot, and what is shared never does.
        let byPath = scanned.records.count == 1 ? inPath.first : nil
        return scanned.records.map { record in
            let count = max(1, endpoint.people.count)
            return JudgedRecord(
                persons: (0..<count).map { person(at: $0, of: record, scanned, in: body, outside: outside, byPath: byPath) })
        }
    }

    private mutating func person(
        at index: Int, of record: ScannedBody.Record, _ scanned: ScannedBody, in body: [UInt8], outside: [FoundIdentifier],
        byPath: FoundIdentifier?
    ) -> JudgedRecord.Person {
        let roles = program.roles
        var present = pathFieldsPresent + endpoint.shared.map(\.field)
        var identifiers: [(slot: Int, found: FoundIdentifier)] = []
        var unreadable: [FieldID] = []
        var countries: Set<Region?> = []
        var input = SubjectInput(resolved: endpoint.people.isEmpty, entry: nil, present: [])
        for hit in record.hits where endpoint.slots[hit.slot].person == index {
            let field = endpoint.slots[hit.slot].field
            if !present.contains(field) { present.append(field) }
            switch roles[hit.slot] {
            case .none: break
            case .identifier:
                let value = scanned.value(of: hit, in: body)
                if let identifier = Identifier(field: policy[field], value: value) {
                    identifiers.append((hit.slot, FoundIdentifier(field: field, identifier: identifier)))
                } else if value.isWritten, !unreadable.contains(field) {
                    unreadable.append(field)
                }
            case .country:
                let value = scanned.value(of: hit, in: body)
                if value.isWritten { countries.insert(region(value)) }
            case .birthDate:
                // Of several the latest: a child is not made older.
                if let born = day(scanned.value(of: hit, in: body)) { input.bornInRecord = max(input.bornInRecord ?? born, born) }
            }
        }
        // Two countries, or one that cannot be read, are no country.
        input.countryInRecord = countries.count == 1 ? countries.first ?? nil : nil
        input.present = present
        guard !endpoint.people.isEmpty else { return JudgedRecord.Person(index: index, input: input, identifiers: [], decision: nil) }
        let named = program.subjectSlots[index].lazy.compactMap { slot in identifiers.first { $0.slot == slot }?.found }.first
        var person = resolve(
            named ?? (index == 0 ? byPath : nil), index, input, own: identifiers.map(\.found), outside: outside)
        person.unreadable = unreadable
        return person
    }

    /// Permissions go by the identified subject, stops by every identifier in the record.
    private mutating func resolve(
        _ subject: FoundIdentifier?, _ index: Int, _ input: SubjectInput, own: [FoundIdentifier], outside: [FoundIdentifier]
    ) -> JudgedRecord.Person {
        var input = input
        guard let subject else { return JudgedRecord.Person(index: index, input: input, identifiers: [], decision: nil) }
        input.resolved = true
        input.entry = find(subject.identifier, &input)
        var person = JudgedRecord.Person(index: index, input: input, identifiers: [subject.identifier], decision: nil)
        for found in own + outside where !person.identifiers.contains(found.identifier) {
            let other = find(found.identifier, &person.input)
            if let other, other.number != input.entry?.number {
                person.input.others.append(other)
                person.others.append((other, found))
            } else {
                person.identifiers.append(found.identifier)
            }
        }
        return person
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

    private mutating func sharedIdentifiers(_ scanned: ScannedBody, in body: [UInt8]) -> [FoundIdentifier] {
        var found: [FoundIdentifier] = []
        for hit in scanned.shared where program.sharedRoles[hit.slot] == .identifier {
            let (field, value) = (endpoint.shared[hit.slot].field, scanned.value(of: hit, in: body))
            if let identifier = Identifier(field: policy[field], value: value) {
                found.append(FoundIdentifier(field: field, identifier: identifier))
            } else if value.isWritten {
                unreadableShared.append(field)
            }
        }
        return found
    }

    /// Identifiers that stand in the path in a form that can be read back; hashed ones cannot.
    private func pathIdentifiers() -> [FoundIdentifier] {
        endpoint.pathFields.compactMap { field in
            guard let segment = segment(of: field) else { return nil }
            return PathValue.decode(segment, field.encoding).flatMap { Identifier(field: policy[field.field], value: .string($0)) }
                .map { FoundIdentifier(field: field.field, identifier: $0) }
        }
    }

    /// The bytes of the target that hold a path field.
    func segment(of field: Endpoint.PathField) -> ArraySlice<UInt8>? {
        admission.match.variables.first { $0.name == field.variable }.map { admission.head.target[$0.value] }
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

extension ScalarValue {
    /// Somebody may be named by it.
    fileprivate var isWritten: Bool {
        switch self {
        case .string(let bytes): bytes.contains { $0 > 0x20 }
        case .number: true
        case .bool, .null, .emptyContainer: false
        }
    }
}
