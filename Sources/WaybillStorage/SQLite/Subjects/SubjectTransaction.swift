import Foundation
import GRDB
import WaybillCore

/// Enters lines in the tables and notes what the index must learn once they are committed.
///
/// Lives inside one transaction on the store's queue. The index is only read here: for subjects that a transfer has shown first,
/// who keep their number and salt.
final class SubjectTransaction {
    private enum IndexChange {
        case link(Fingerprint, to: UInt32)
        case merge(UInt32, into: UInt32)
    }

    private let db: Database
    private let index: SubjectIndex
    private let sealer: Sealer
    private var sequence: Int64
    private var nextNumber: Int64
    private var indexChanges: [IndexChange] = []
    private var touched: Set<UInt32> = []
    private(set) var batch = ImportBatch()

    init(_ db: Database, index: SubjectIndex, sealer: Sealer) throws {
        self.db = db
        self.index = index
        self.sealer = sealer
        guard let state = try Row.fetchOne(db.cachedStatement(sql: "SELECT sequence, next_number FROM store_state")) else {
            throw SubjectRows.damaged
        }
        sequence = state[0]
        nextNumber = state[1]
    }

    func enter(_ line: ImportLine) throws {
        do {
            switch line {
            case .consent(let line): try enter(line)
            case .facts(let line): try enter(line)
            }
        } catch let problem as LineProblem {
            batch.refused.append(problem)
        }
    }

    /// The last statement of the transaction.
    func finish() throws {
        try run("UPDATE store_state SET sequence = ?, next_number = ?", [sequence, nextNumber])
        batch.sequence = sequence
    }

    /// After the commit, still on the store's queue, so that changes reach the index in the order of their commits.
    func publish(notices: [String: Notice], now: Timestamp) throws {
        let rows = SubjectRows(db: db, sealer: sealer)
        // Profiles before identifiers and merges: no look-up may meet a subject that is not there yet.
        for number in touched {
            guard let history = try rows.history(of: number) else { continue }
            index.upsert(history.indexed(notices: notices, now: now), fingerprints: [])
        }
        for change in indexChanges {
            switch change {
            case .link(let fingerprint, let number): index.link(fingerprint, to: number)
            case .merge(let loser, let keeper): index.merge(loser, into: keeper)
            }
        }
        index.advance(to: sequence)
    }

    private func enter(_ line: ConsentLine) throws {
        let event = line.event
        let number = try subject(of: [line.identifier], grant: event, line: line.line)
        let fingerprint = Data(index.fingerprinter.fingerprint(of: event.identity).bytes)
        let known = try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT sequence FROM consent_event WHERE subject = ? AND fingerprint = ?"),
            arguments: [Int64(number), fingerprint])
        if let known {
            batch.duplicates += 1
            batch.entered.append(.init(line: line.line, number: number, sequence: known, isDuplicate: true))
            return
        }
        sequence += 1
        let proof = try event.proof.map { Data(try sealer.seal(Array($0.utf8), context: SealContext.proof(sequence))) }
        try run(
            "INSERT INTO consent_event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                Int64(number), sequence, fingerprint, event.state.rawValue, event.purpose, event.recipients.joined(separator: " "),
                event.controller, event.eventTime.nanoseconds, event.dateOnly, event.exportTimeOnly, event.notice, proof,
                event.expires?.nanoseconds, event.explicit, event.actor,
            ])
        batch.imported += 1
        batch.entered.append(.init(line: line.line, number: number, sequence: sequence, isDuplicate: false))
    }

    private func enter(_ line: FactsLine) throws {
        let number = Int64(try subject(of: line.identifiers, line: line.line))
        let change = line.change
        sequence += 1
        try run("UPDATE subject SET has_facts = 1 WHERE number = ?", [number])
        if let kind = change.kind { try set("kind", to: kind?.rawValue, of: number) }
        if let countries = change.countries {
            try set("countries", to: countries.map(\.description).joined(separator: " "), of: number)
        }
        if let source = change.countrySource { try set("country_source", to: source, of: number) }
        if let born = change.born {
            let sealed = try born.map { try sealer.seal(Array($0.iso8601.utf8), context: SealContext.born(number)) }
            try set("born", to: sealed.map { Data($0) }, of: number)
        }
        if let preference = change.preference { try set("preference", to: preference, of: number) }
        if let restricted = change.restricted { try set("restricted", to: restricted, of: number) }
        for objection in change.objections {
            try run("INSERT OR IGNORE INTO objection VALUES (?, ?, ?)", [number, objection.scope.rawValue, objection.at.nanoseconds])
        }
        for signal in change.signals {
            try run("INSERT OR IGNORE INTO signal VALUES (?, ?, ?)", [number, signal.content.name, signal.at.nanoseconds])
        }
        for lift in change.lifts {
            try run("INSERT OR IGNORE INTO lift VALUES (?, ?, ?)", [number, lift.name, lift.at.nanoseconds])
        }
        let isDated = !change.objections.isEmpty || !change.signals.isEmpty || !change.lifts.isEmpty
        if isDated { try set("has_dated", to: true, of: number) }
        batch.imported += 1
        if let short = UInt32(exactly: number) {
            batch.entered.append(.init(line: line.line, number: short, sequence: 0, isDuplicate: false))
        }
    }

    /// The one subject of these identifiers, made or merged if need be, and all of them linked to it.
    ///
    /// `grant`: the consent event of the line, which brings back somebody who was erased if it is a newer grant.
    private func subject(of identifiers: [Identifier], grant: ConsentEvent? = nil, line: Int) throws -> UInt32 {
        let fingerprints = identifiers.map { index.fingerprint($0) }
        var stored: [UInt32?] = []
        var candidates: Set<UInt32> = []
        for fingerprint in fingerprints {
            let number = try storedNumber(of: fingerprint)
            stored.append(number)
            if let number = try number ?? sightedNumber(of: fingerprint) { candidates.insert(number) }
        }
        let erasedAt = try erasedBefore(fingerprints, candidates, grant: grant, line: line)
        let number = try candidates.count == 1 ? candidates.first : one(of: candidates, line: line)
        let keeper = try number ?? newSubject()
        if candidates.count > 1 {
            for loser in candidates.sorted() where loser != keeper { try merge(loser, into: keeper) }
        }
        for (i, identifier) in identifiers.enumerated() where stored[i] == nil {
            try link(identifier, fingerprints[i], to: keeper)
        }
        if candidates.isEmpty, let erasedAt { try set("erased_at", to: erasedAt.nanoseconds, of: Int64(keeper)) }
        touched.insert(keeper)
        return keeper
    }

    /// When the person was erased before; nil: never. Throws where the line must not bring them back.
    private func erasedBefore(
        _ fingerprints: [Fingerprint], _ candidates: Set<UInt32>, grant: ConsentEvent?, line: Int
    ) throws -> Timestamp? {
        var erasedAt: Timestamp?
        for number in candidates {
            let at = try Int64.fetchOne(
                db.cachedStatement(sql: "SELECT erased_at FROM subject WHERE number = ?"), arguments: [Int64(number)])
            erasedAt = max(erasedAt, at.map { Timestamp(nanoseconds: $0) })
        }
        if erasedAt == .max { throw LineProblem.erasureUnderWay(line: line) }
        if candidates.isEmpty { erasedAt = fingerprints.compactMap { index.tombstones.erasedAt($0) }.max() }
        guard let erasedAt else { return nil }
        if let grant, grant.eventTime <= erasedAt || (candidates.isEmpty && !grant.state.permits) {
            throw LineProblem.wasErased(line: line)
        }
        // Facts alone bring nobody back: the CRM may only have kept them.
        if grant == nil, candidates.isEmpty { throw LineProblem.wasErased(line: line) }
        return erasedAt
    }

    /// Which of several subjects stays: the one with a history, else the oldest. Nil: none is known.
    private func one(of candidates: Set<UInt32>, line: Int) throws -> UInt32? {
        guard !candidates.isEmpty else { return nil }
        let withHistory = try candidates.filter { number in
            try Bool.fetchOne(
                db.cachedStatement(
                    sql: """
                        SELECT has_facts OR EXISTS (SELECT 1 FROM consent_event WHERE subject = number) FROM subject WHERE number = ?
                        """), arguments: [Int64(number)]) ?? false
        }
        guard withHistory.count <= 1 else { throw LineProblem.severalSubjects(line: line) }
        return withHistory.first ?? candidates.min()
    }

    private func storedNumber(of fingerprint: Fingerprint) throws -> UInt32? {
        try Int64.fetchOne(
            db.cachedStatement(sql: "SELECT subject FROM identifier WHERE fingerprint = ?"), arguments: [Data(fingerprint.bytes)]
        ).flatMap { UInt32(exactly: $0) }
    }

    /// A subject that only transfers have shown so far becomes a stored one, with the number and salt the transfers have.
    private func sightedNumber(of fingerprint: Fingerprint) throws -> UInt32? {
        guard let identity = index.identity(of: fingerprint) else { return nil }
        let number = Int64(identity.number)
        if try Bool.fetchOne(
            db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM subject WHERE number = ?)"), arguments: [number]) ?? false
        {
            return identity.number
        }
        // Merged by an earlier line of this batch, which the index has not seen.
        if let keeper = try Int64.fetchOne(db.cachedStatement(sql: "SELECT subject FROM alias WHERE number = ?"), arguments: [number]) {
            return UInt32(exactly: keeper)
        }
        try insertSubject(number, salt: identity.salt)
        touched.insert(identity.number)
        return identity.number
    }

    private func newSubject() throws -> UInt32 {
        let number = nextNumber
        guard let result = UInt32(exactly: number), result < SubjectIndex.sightedNumbersFrom else {
            throw ConsentStoreError(code: .unavailable, message: "The store holds as many subjects as it can number; start another one.")
        }
        nextNumber += 1
        var generator = SystemRandomNumberGenerator()
        var salt = InlineArray<16, UInt8>(repeating: 0)
        // Two draws, because each is a system call.
        for half in 0..<2 {
            let bits = generator.next()
            for i in 0..<8 { salt[8 * half + i] = UInt8(truncatingIfNeeded: bits >> UInt64(8 * i)) }
        }
        try insertSubject(number, salt: salt)
        return result
    }

    private func insertSubject(_ number: Int64, salt: InlineArray<16, UInt8>) throws {
        try run("INSERT INTO subject (number, salt) VALUES (?, ?)", [number, Data(salt.indices.map { salt[$0] })])
    }

    private func link(_ identifier: Identifier, _ fingerprint: Fingerprint, to number: UInt32) throws {
        let scheme = identifier.bytes.prefix { $0 != UInt8(ascii: ":") }
        let sealed = try sealer.seal(identifier.bytes, context: SealContext.identifier(fingerprint))
        try run(
            "INSERT INTO identifier (fingerprint, subject, scheme, sealed) VALUES (?, ?, ?, ?)",
            [Data(fingerprint.bytes), Int64(number), String(decoding: scheme, as: UTF8.self), Data(sealed)])
        indexChanges.append(.link(fingerprint, to: number))
    }

    /// `loser` has no history. Its number and salt stay as an alias, because transfers may stand under them.
    private func merge(_ loser: UInt32, into keeper: UInt32) throws {
        let numbers: StatementArguments = [Int64(keeper), Int64(loser)]
        try run("UPDATE identifier SET subject = ? WHERE subject = ?", numbers)
        try run("UPDATE alias SET subject = ? WHERE subject = ?", numbers)
        try run("INSERT INTO alias (number, subject, salt) SELECT number, ?, salt FROM subject WHERE number = ?", numbers)
        try run(
            "UPDATE subject SET erased_at = (SELECT max(erased_at) FROM subject WHERE number IN (?, ?)) WHERE number = ?",
            numbers + [Int64(keeper)])
        try run("DELETE FROM subject WHERE number = ?", [Int64(loser)])
        touched.remove(loser)
        indexChanges.append(.merge(loser, into: keeper))
    }

    /// `column` is one of ours, never input.
    private func set(_ column: String, to value: (any DatabaseValueConvertible)?, of number: Int64) throws {
        try run("UPDATE subject SET \(column) = ? WHERE number = ?", [value, number])
    }

    private func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }
}

/// The later of two, if there is one.
private func max(_ a: Timestamp?, _ b: Timestamp?) -> Timestamp? {
    guard let a, let b else { return a ?? b }
    return Swift.max(a, b)
}
