package import WaybillCore

/// `consent.import` and `subject.import`. The answer comes once the index has every imported line.
package struct ImportCommand: ControlCommand {
    /// Lines between two progress replies.
    private static let progressLines = 20_000

    private let kind: SubjectImport.Kind
    private let store: any ConsentStore
    private let purposes: @Sendable () -> Set<String>?
    private let clock: @Sendable () -> Timestamp

    package var name: String {
        switch kind {
        case .consents: "consent.import"
        case .subjects: "subject.import"
        }
    }
    package let argumentNames: Set<String> = ["strict"]

    /// `purposes`: the catalogue's names, for warnings; nil if no policies are loaded.
    package init(
        _ kind: SubjectImport.Kind, store: any ConsentStore, purposes: @escaping @Sendable () -> Set<String>?,
        clock: @escaping @Sendable () -> Timestamp
    ) {
        self.kind = kind
        self.store = store
        self.purposes = purposes
        self.clock = clock
    }

    package func run(
        _ arguments: [String: String], input: ControlInput, output: ControlOutput
    ) async throws(ControlFailure) -> any Encodable & Sendable {
        let options = SubjectImport.Options(strict: arguments["strict"] == "true", knownPurposes: purposes())
        var run = SubjectImport(kind: kind, options: options, store: store, clock: clock)
        var toldProblems = 0
        var toldLines = 0
        do {
            while let bytes = try await input.next() {
                try await run.feed(bytes)
                try await tell(run.report.problems, from: &toldProblems, output)
                if run.report.lines - toldLines >= Self.progressLines {
                    toldLines = run.report.lines
                    try await output.send(.progress, ImportProgress(run.report))
                }
            }
            let report = try await run.finish()
            try await tell(report.problems, from: &toldProblems, output)
            return report
        } catch let error as ConsentStoreError {
            try await output.send(.progress, ImportProgress(run.report))
            throw ControlFailure(code: error.code.rawValue, message: error.message)
        } catch let failure as ControlFailure {
            throw failure
        } catch {
            throw ControlFailure(code: "internal", message: "The import stopped; run the command again.")
        }
    }

    private func tell(_ problems: [LineProblem], from told: inout Int, _ output: ControlOutput) async throws(ControlFailure) {
        for problem in problems[told...] { try await output.send(.problem, problem) }
        told = problems.count
    }
}

/// How far an import is.
package struct ImportProgress: Sendable, Codable, Equatable {
    package var lines: Int
    package var imported: Int
    package var duplicates: Int
    package var refused: Int

    package init(_ report: ImportReport) {
        lines = report.lines
        imported = report.imported
        duplicates = report.duplicates
        refused = report.refused
    }
}
