extension Judging {
    /// Finds who each record is about and what is known of them. Stale entries are collected; nothing blocks.
    mutating func lookUpSubjects(_ scanned: ScannedBody, in body: [UInt8]) -> [JudgedRecord] {
        let inPath = pathIdentifiers()
        let outside = sharedIdentifiers(scanned, in: body) + inPath
        // The path may say whom one record is about; of several it cannot, and what is shared never does.
        let byPath = scanned.records.count == 1 ? inPath.first : nil
        let count = max(1, endpoint.people.count)
        return scanned.records.map { record in
            JudgedRecord(persons: (0..<count).map { person(at: $0, of: record, scanned, in: body, outside: outside, byPath: byPath) })
        }
    }

    private mutating func person(
        at index: Int, of record: ScannedBody.Record, _ scanned: ScannedBody, in body: [UInt8], outside: [FoundIdentifier],
        byPath: FoundIdentifier?
    ) -> JudgedRecord.Person {
        let program = program
        var person = JudgedRecord.Person(index: index, input: SubjectInput(resolved: endpoint.people.isEmpty, entry: nil, present: []))
        var own: [(slot: Int, found: FoundIdentifier)] = []
        var country: Region?
        var countryCount = 0
        for hit in record.hits where program.slotPersons[hit.slot] == index {
            if !program.slotBits.isEmpty { person.present |= 1 << FieldMask(program.slotBits[hit.slot]) }
            switch program.roles[hit.slot] {
            case .none: break
            case .identifier(let kind):
                let (field, value) = (program.slotFields[hit.slot], scanned.value(of: hit, in: body))
                if let identifier = Identifier(kind, value: value) {
                    own.append((hit.slot, FoundIdentifier(field: field, identifier: identifier)))
                } else if value.isWritten, !person.unreadable.contains(field) {
                    person.unreadable.append(field)
                }
            case .country:
                let value = scanned.value(of: hit, in: body)
                guard value.isWritten else { continue }
                let read = region(value)
                if countryCount == 0 || read != country { countryCount += 1 }
                country = read
            case .birthDate:
                // Of several the latest: a child is not made older.
                guard let born = day(scanned.value(of: hit, in: body)) else { continue }
                person.input.bornInRecord = max(person.input.bornInRecord ?? born, born)
            }
        }
        // Two countries, or one that cannot be read, are no country.
        person.input.countryInRecord = countryCount == 1 ? country : nil
        guard !endpoint.people.isEmpty else { return person }
        let named = program.subjectSlots[index].lazy.compactMap { slot in own.first { $0.slot == slot }?.found }.first
        guard let subject = named ?? (index == 0 ? byPath : nil) else { return person }
        person.input.resolved = true
        person.input.entry = find(subject.identifier, &person.input)
        person.identifiers = [subject.identifier]
        for (_, found) in own { add(found, to: &person) }
        for found in outside { add(found, to: &person) }
        return person
    }

    /// Permissions go by the identified subject, stops by every identifier in the record.
    private mutating func add(_ found: FoundIdentifier, to person: inout JudgedRecord.Person) {
        if person.identifiers.contains(found.identifier) { return }
        let other = find(found.identifier, &person.input)
        if let other, other.number != person.input.entry?.number {
            person.input.others.append(other)
            person.others.append((other, found))
        } else {
            person.identifiers.append(found.identifier)
        }
    }

    /// The fields of one person's record, each once.
    func fieldsPresent(_ person: Int, in record: ScannedBody.Record) -> [FieldID] {
        var present = program.outerFields
        for hit in record.hits where program.slotPersons[hit.slot] == person {
            if !present.contains(program.slotFields[hit.slot]) { present.append(program.slotFields[hit.slot]) }
        }
        return present
    }

    private mutating func find(_ identifier: Identifier, _ input: inout SubjectInput) -> SubjectEntry? {
        switch gate.subjects.find(identifier, now: now) {
        case .known(let entry):
            basedOn.append((identifier, entry.number, entry.profileNumber, entry.born))
            return entry
        case .unknown:
            basedOn.append((identifier, nil, nil, nil))
        case .stale:
            staleIdentifiers.append(identifier)
        case .unavailable:
            input.storeAvailable = false
        }
        return nil
    }

    private mutating func sharedIdentifiers(_ scanned: ScannedBody, in body: [UInt8]) -> [FoundIdentifier] {
        var found: [FoundIdentifier] = []
        for hit in scanned.shared {
            guard case .identifier(let kind) = program.sharedRoles[hit.slot] else { continue }
            let (field, value) = (endpoint.shared[hit.slot].field, scanned.value(of: hit, in: body))
            if let identifier = Identifier(kind, value: value) {
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

    private func region(_ value: ScalarValue) -> Region? {
        guard case .string(let bytes) = value else { return nil }
        return Region(String(decoding: bytes, as: UTF8.self).uppercased())
    }

    private func day(_ value: ScalarValue) -> Day? {
        guard case .string(let bytes) = value else { return nil }
        return Day(iso8601: bytes.prefix(10))
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
