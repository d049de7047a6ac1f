package import Crypto

/// Consents and facts in memory, by the rules of the stores: for `waybill decide`, policy tests, and as the model that stores are
/// tested against.
package struct SubjectBook: Sendable {
    private struct Person {
        var history: SubjectHistory
        var identifiers: [Identifier] = []
        var hasFacts = false
        var hasHistory: Bool { hasFacts || !history.events.isEmpty }
    }

    private var people: [UInt32: Person] = [:]
    private var numbers: [Identifier: UInt32] = [:]
    private var nextNumber: UInt32 = 1
    private(set) package var sequence: Int64 = 0

    package init() {}

    /// Throws the reason a line is refused. Returns false for an event the history holds already.
    @discardableResult
    package mutating func apply(_ line: ImportLine) throws(LineProblem) -> Bool {
        switch line {
        case .consent(let line):
            let number = try number(for: [line.identifier], line: line.line)
            let isKnown = people[number]?.history.events.contains { $0.isSame(as: line.event) } ?? false
            guard !isKnown else { return false }
            sequence += 1
            var event = line.event
            event.sequence = sequence
            people[number]?.history.events.append(event)
        case .facts(let line):
            let number = try number(for: line.identifiers, line: line.line)
            sequence += 1
            people[number]?.history.facts.apply(line.change)
            people[number]?.hasFacts = true
        }
        return true
    }

    /// The same as a store's index would be at `now`, open.
    package func index(key: SymmetricKey, notices: [String: Notice], now: Timestamp) -> SubjectIndex {
        let index = SubjectIndex(fingerprintKey: key)
        for person in people.values {
            index.upsert(
                person.history.indexed(notices: notices, now: now), fingerprints: person.identifiers.map { index.fingerprint($0) })
        }
        index.advance(to: sequence)
        index.open()
        return index
    }

    package func history(of identifier: Identifier) -> SubjectHistory? { numbers[identifier].flatMap { people[$0]?.history } }

    /// The subject of these identifiers, who becomes one by this line if at most one of them had a history.
    private mutating func number(for identifiers: [Identifier], line: Int) throws(LineProblem) -> UInt32 {
        let known = Set(identifiers.compactMap { numbers[$0] })
        let withHistory = known.filter { people[$0]?.hasHistory ?? false }
        guard withHistory.count <= 1 else { throw .severalSubjects(line: line) }
        let number = withHistory.first ?? known.min() ?? newPerson()
        for loser in known where loser != number {
            for identifier in people.removeValue(forKey: loser)?.identifiers ?? [] { link(identifier, to: number) }
        }
        for identifier in identifiers where numbers[identifier] != number { link(identifier, to: number) }
        return number
    }

    private mutating func link(_ identifier: Identifier, to number: UInt32) {
        numbers[identifier] = number
        people[number]?.identifiers.append(identifier)
    }

    private mutating func newPerson() -> UInt32 {
        let number = nextNumber
        nextNumber += 1
        var salt = InlineArray<16, UInt8>(repeating: 0)
        for i in 0..<4 { salt[i] = UInt8(truncatingIfNeeded: number >> UInt32(8 * i)) }
        people[number] = Person(history: SubjectHistory(number: number, salt: salt))
        return number
    }
}

extension ConsentEvent {
    /// The same event received twice.
    package func isSame(as other: ConsentEvent) -> Bool {
        var copy = self
        copy.sequence = other.sequence
        return copy == other
    }

    /// Everything that makes an event this event and no other, unambiguously: what stores fingerprint to find duplicates.
    package var identity: [UInt8] {
        let parts: [String?] =
            [state.rawValue, purpose, controller, String(eventTime.nanoseconds), dateOnly ? "d" : nil, exportTimeOnly ? "x" : nil, notice]
            + [proof, expires.map { String($0.nanoseconds) }, explicit ? "e" : nil, actor] + recipients
        return Array("event\0".utf8) + parts.flatMap { part in part.map { Array("\($0.utf8.count):\($0)".utf8) } ?? [UInt8(ascii: "-")] }
    }
}
