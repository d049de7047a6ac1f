/// An import of consents or facts as it runs: bytes in, batches to the store, a report at the end. The same for a file, standard
/// input and the control socket.
///
/// By default good lines are imported in transactions of `batchLines` and bad ones listed; `strict` imports all or nothing.
package struct SubjectImport {
    package enum Kind: String, Sendable, Codable { case consents, subjects }

    package struct Options: Sendable {
        package var strict = false
        /// Nil: purposes are not compared with a catalogue.
        package var knownPurposes: Set<String>?
        package init(strict: Bool = false, knownPurposes: Set<String>? = nil) {
            self.strict = strict
            self.knownPurposes = knownPurposes
        }
    }

    package static let batchLines = 1_000
    /// Held in memory until the last line is known to be good.
    package static let strictLinesMax = 500_000
    /// Of each of problems and warnings, in the report.
    package static let listedMax = 1_000

    private let kind: Kind
    private let options: Options
    private let store: any ConsentStore
    private let clock: @Sendable () -> Timestamp
    private var splitter = LineSplitter()
    private var pending: [ImportLine] = []
    private var unknownPurposes: Set<String> = []
    package private(set) var report = ImportReport()

    package init(kind: Kind, options: Options = Options(), store: any ConsentStore, clock: @escaping @Sendable () -> Timestamp) {
        self.kind = kind
        self.options = options
        self.store = store
        self.clock = clock
    }

    /// Any cut of the stream. Returns once the store has taken every full batch in it.
    package mutating func feed(_ bytes: [UInt8]) async throws(ConsentStoreError) {
        for line in splitter.feed(bytes) {
            take(line)
            if !options.strict, pending.count >= Self.batchLines { try await flush() }
        }
    }

    /// Returns once the index has every imported line.
    package mutating func finish() async throws(ConsentStoreError) -> ImportReport {
        if let line = splitter.finish() { take(line) }
        if options.strict, report.refused > 0 {
            pending = []
        } else {
            try await flush()
        }
        report.sequence = store.index.sequence
        return report
    }

    private mutating func take(_ line: LineSplitter.Line) {
        report.lines += 1
        let number = report.lines
        guard case .whole(let bytes) = line else {
            return refuse(
                LineProblem(line: number, member: nil, message: "is longer than \(LineSplitter.lineBytesMax) bytes; one record a line"))
        }
        // An empty line is no record.
        if bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { return }
        if options.strict, pending.count >= Self.strictLinesMax {
            return refuse(
                LineProblem(
                    line: number, member: nil,
                    message: "is beyond \(Self.strictLinesMax) lines, the most that --strict takes; split the file"))
        }
        do {
            switch kind {
            case .consents:
                let consent = try ConsentLine(bytes, line: number)
                warnOfUnknownPurpose(consent)
                pending.append(.consent(consent))
            case .subjects: pending.append(.facts(try FactsLine(bytes, line: number)))
            }
        } catch {
            refuse(error)
        }
    }

    private mutating func flush() async throws(ConsentStoreError) {
        guard !pending.isEmpty else { return }
        let lines = pending
        pending = []
        let batch = try await store.apply(lines, atomically: options.strict, now: clock())
        report.imported += batch.imported
        report.duplicates += batch.duplicates
        for problem in batch.refused { refuse(problem) }
    }

    private mutating func refuse(_ problem: LineProblem) {
        report.refused += 1
        if report.problems.count < Self.listedMax { report.problems.append(problem) }
    }

    private mutating func warnOfUnknownPurpose(_ line: ConsentLine) {
        guard let known = options.knownPurposes, let purpose = line.event.purpose, !known.contains(purpose) else { return }
        report.warned += 1
        guard unknownPurposes.count < Self.listedMax, unknownPurposes.insert(purpose).inserted else { return }
        report.warnings.append(
            LineProblem(
                line: line.line, member: "purpose", message: "is not in the purpose catalogue; the consent has no effect until it is"))
    }
}

/// What an import did. `lines` counts empty ones too.
package struct ImportReport: Sendable, Hashable, Codable {
    package var lines = 0
    package var imported = 0
    package var duplicates = 0
    package var refused = 0
    package var warned = 0
    /// The first of them, by line except across batches.
    package var problems: [LineProblem] = []
    package var warnings: [LineProblem] = []
    /// Of the store when the import ended.
    package var sequence: Int64 = 0
    package init() {}
}
