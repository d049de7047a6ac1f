/// An import from a source as it runs: bytes in, batches to the store, a report of every line at the end.
package struct SourceImport {
    package static let batchFindings = 1_000

    private let source: ConsentSource
    private let map: ConsentMap
    private let store: any ConsentStore
    private let clock: @Sendable () -> Timestamp
    private var rows = SourceRows()
    private var pending: [ImportLine] = []
    package private(set) var report: SourceReport

    package init(_ source: ConsentSource, _ map: ConsentMap, store: any ConsentStore, clock: @escaping @Sendable () -> Timestamp) {
        self.source = source
        self.map = map
        self.store = store
        self.clock = clock
        report = SourceReport(source: source.name)
    }

    /// Any cut of the file. Returns once the store has taken every full batch in it.
    package mutating func feed(_ bytes: [UInt8]) async throws(ConsentStoreError) { try await take(rows.feed(bytes)) }

    /// Returns once the index has everything.
    package mutating func finish() async throws(ConsentStoreError) -> SourceReport {
        try await take(rows.finish())
        try await flush()
        return report
    }

    private mutating func take(_ found: [Result<SourceRecord, LineProblem>]) async throws(ConsentStoreError) {
        for one in found {
            report.records += 1
            switch one {
            case .failure(let problem): refuse(problem)
            case .success(let record):
                for finding in source.read(record, map, clock()) { add(finding, line: record.line) }
            }
            if pending.count >= Self.batchFindings { try await flush() }
        }
    }

    private mutating func add(_ finding: SourceFinding, line: Int) {
        switch finding {
        case .refused(let sentence): refuse(LineProblem(line: line, member: nil, message: sentence))
        case .facts(let identifiers, let change):
            report.facts += 1
            pending.append(.facts(FactsLine(line: line, identifiers: identifiers, change: change)))
        case .consent(let identifier, let event, let why):
            if let why {
                report.unknown += 1
                report.add(SourceReport.Line(line: line, result: .unknown, why: why))
            } else {
                report.taken += 1
            }
            pending.append(.consent(ConsentLine(line: line, identifier: identifier, event: event)))
        }
    }

    private mutating func flush() async throws(ConsentStoreError) {
        guard !pending.isEmpty else { return }
        let lines = pending
        pending = []
        let batch = try await store.apply(lines, atomically: false, now: clock())
        report.imported += batch.imported
        report.duplicates += batch.duplicates
        for problem in batch.refused { refuse(problem) }
    }

    private mutating func refuse(_ problem: LineProblem) {
        report.refused += 1
        report.add(SourceReport.Line(line: problem.line, result: .refused, why: (problem.member.map { "\($0): " } ?? "") + problem.message))
    }
}

/// What an import from a source did, statement by statement.
package struct SourceReport: Sendable, Codable, Equatable {
    package enum Outcome: String, Sendable, Codable { case unknown, refused }
    package struct Line: Sendable, Codable, Equatable {
        package var line: Int
        package var result: Outcome
        /// One sentence, without a value.
        package var why: String
    }
    package static let listedMax = 10_000

    package var source: String
    package var records = 0
    /// Statements taken as consents and stops.
    package var taken = 0
    /// Statements that only say that nothing is known: kept, and they never permit.
    package var unknown = 0
    package var facts = 0
    package var refused = 0
    /// Of what was taken: new in the store, and there before.
    package var imported = 0
    package var duplicates = 0
    /// The first of what is unknown or refused.
    package var lines: [Line] = []

    init(source: String) { self.source = source }

    mutating func add(_ line: Line) {
        if lines.count < Self.listedMax { lines.append(line) }
    }
}
