import Foundation
import GRDB
import WaybillCore

/// Reads whole histories, a range of subject numbers at a time, by walking the tables side by side in the order of the numbers.
struct SubjectRows {
    /// Whether sealed proofs are opened (people ask) or only noted (folding needs no more).
    enum Proofs { case noted, opened }

    /// What a history holds for a proof that was not opened.
    static let notedProof = "sealed"

    let db: Database
    let sealer: Sealer

    func history(of number: UInt32, proofs: Proofs = .noted) throws -> SubjectHistory? {
        var found: SubjectHistory?
        try forEach(in: number...number, proofs: proofs) { found = $0 }
        return found
    }

    func forEach(in range: ClosedRange<UInt32>, proofs: Proofs = .noted, _ body: (SubjectHistory) throws -> Void) throws {
        let bounds: StatementArguments = [Int64(range.lowerBound), Int64(range.upperBound)]
        let subjects = try Row.fetchCursor(db.cachedStatement(sql: Self.subjectsSQL), arguments: bounds)
        let events = Grouped(try Row.fetchCursor(db.cachedStatement(sql: Self.eventsSQL), arguments: bounds))
        let objections = Grouped(try Row.fetchCursor(db.cachedStatement(sql: Self.objectionsSQL), arguments: bounds))
        let signals = Grouped(try Row.fetchCursor(db.cachedStatement(sql: Self.signalsSQL), arguments: bounds))
        let lifts = Grouped(try Row.fetchCursor(db.cachedStatement(sql: Self.liftsSQL), arguments: bounds))
        while let row = try subjects.next() {
            let number: Int64 = row[0]
            var history = SubjectHistory(
                number: try subjectNumber(number), salt: try salt(row[1] as Data), facts: try facts(row, number: number),
                erasedAt: (row[9] as Int64?).map { Timestamp(nanoseconds: $0) })
            if row[2] as Bool {
                try objections.rows(of: number) { history.facts.objections.append(try objection($0)) }
                try signals.rows(of: number) { history.facts.signals.append(try signal($0)) }
                try lifts.rows(of: number) { history.facts.lifts.append(try lift($0)) }
            }
            try events.rows(of: number) { history.events.append(try event($0, proofs: proofs)) }
            try body(history)
        }
    }

    private static let subjectsSQL = """
        SELECT number, salt, has_dated, kind, countries, country_source, born, preference, restricted, erased_at
        FROM subject WHERE number BETWEEN ? AND ? ORDER BY number
        """
    private static let eventsSQL = """
        SELECT subject, sequence, state, purpose, recipients, controller, event_time, date_only, export_time_only, notice, proof, expires,
            explicit, actor
        FROM consent_event WHERE subject BETWEEN ? AND ? ORDER BY subject, sequence
        """
    private static let objectionsSQL = "SELECT subject, scope, at FROM objection WHERE subject BETWEEN ? AND ? ORDER BY subject, at, scope"
    private static let signalsSQL = "SELECT subject, content, at FROM signal WHERE subject BETWEEN ? AND ? ORDER BY subject, at, content"
    private static let liftsSQL = "SELECT subject, choice, at FROM lift WHERE subject BETWEEN ? AND ? ORDER BY subject, at, choice"

    private func facts(_ row: Row, number: Int64) throws -> SubjectFacts {
        var facts = SubjectFacts()
        facts.kind = try (row[3] as String?).map { try known(SubjectProfile.Kind(rawValue: $0)) }
        facts.countries = try (row[4] as String).split(separator: " ").map { try known(Region(String($0))) }
        facts.countrySource = row[5]
        facts.born = try (row[6] as Data?).map { try born(sealed: $0, number: number) }
        facts.preference = row[7]
        facts.restricted = row[8]
        return facts
    }

    private func objection(_ row: Row) throws -> SubjectFacts.Objection {
        SubjectFacts.Objection(
            scope: try known(SubjectProfile.ObjectionScope(rawValue: row[1])), at: Timestamp(nanoseconds: row[2]))
    }

    private func signal(_ row: Row) throws -> SubjectFacts.Signal {
        SubjectFacts.Signal(content: try known(SubjectFacts.Signal.Content(name: row[1])), at: Timestamp(nanoseconds: row[2]))
    }

    private func lift(_ row: Row) throws -> SubjectFacts.Lift {
        try known(SubjectFacts.Lift(name: row[1], at: Timestamp(nanoseconds: row[2])))
    }

    private func event(_ row: Row, proofs: Proofs) throws -> ConsentEvent {
        let sealedProof: Data? = row[10]
        let sequence: Int64 = row[1]
        let proof =
            switch proofs {
            case .noted: sealedProof.map { _ in Self.notedProof }
            case .opened:
                try sealedProof.map { String(decoding: try sealer.open(Array($0), context: SealContext.proof(sequence)), as: UTF8.self) }
            }
        return ConsentEvent(
            state: try known(ConsentEvent.State(rawValue: row[2])), purpose: row[3],
            recipients: (row[4] as String).split(separator: " ").map(String.init), controller: row[5],
            eventTime: Timestamp(nanoseconds: row[6]), dateOnly: row[7], exportTimeOnly: row[8], notice: row[9], proof: proof,
            expires: (row[11] as Int64?).map { Timestamp(nanoseconds: $0) }, explicit: row[12], actor: row[13], sequence: sequence)
    }

    private func born(sealed: Data, number: Int64) throws -> Day {
        let text = String(decoding: try sealer.open(Array(sealed), context: SealContext.born(number)), as: UTF8.self)
        return try known(Day(iso8601: text))
    }

    func subjectNumber(_ number: Int64) throws -> UInt32 { try known(UInt32(exactly: number)) }

    func salt(_ data: Data) throws -> InlineArray<16, UInt8> {
        guard data.count == 16 else { throw Self.damaged }
        var salt = InlineArray<16, UInt8>(repeating: 0)
        for (i, byte) in data.enumerated() { salt[i] = byte }
        return salt
    }

    /// A value this version does not know was written by something else: nothing is guessed.
    private func known<Value>(_ value: Value?) throws -> Value {
        guard let value else { throw Self.damaged }
        return value
    }

    static let damaged = ConsentStoreError(
        code: .damaged, message: "The store holds a value that this version does not know; restore a backup, or run the newer version.")
}

/// Rows ordered by their first column, handed out by its value.
private final class Grouped {
    private let cursor: RowCursor
    private var next: Row?
    private var isStarted = false

    init(_ cursor: RowCursor) { self.cursor = cursor }

    func rows(of number: Int64, _ body: (Row) throws -> Void) throws {
        if !isStarted {
            next = try cursor.next()
            isStarted = true
        }
        while let row = next, (row[0] as Int64) < number { next = try cursor.next() }
        while let row = next, (row[0] as Int64) == number {
            try body(row)
            next = try cursor.next()
        }
    }
}

/// What each kind of sealed value is bound to.
enum SealContext {
    static func identifier(_ fingerprint: Fingerprint) -> [UInt8] { Array("identifier\0".utf8) + fingerprint.bytes }
    static func born(_ number: Int64) -> [UInt8] { Array("born\0\(number)".utf8) }
    static func proof(_ sequence: Int64) -> [UInt8] { Array("proof\0\(sequence)".utf8) }
}
