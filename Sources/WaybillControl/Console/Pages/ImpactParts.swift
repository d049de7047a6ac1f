import WaybillCore
import WaybillLedger

/// The impact on a draft's page: what came of the last replay and how much it covers, and how far one is that runs.
struct ImpactParts {
    private static let followSeconds = 3
    private static let linesMax = 100
    let desk: AgreementDesk
    let call: ConsoleCall
    /// Of the document.
    let path: String

    func parts(of name: PolicyDocumentName) async throws -> [JSONValue] {
        let (job, known) = (try await desk.impactJob(of: name), try await desk.impact(of: name))
        var parts = [ConsolePart.section("Impact")]
        switch job?.state {
        case .waiting, .running:
            parts.append(progress(job))
        case .failed, .ended:
            parts.append(
                ConsolePart.part("notice", ConsolePart.notice(.bad, "It could not be worked out. \(job?.failure ?? "Begin it again.")")))
        case .done, nil: break
        }
        guard let impact = known else { return parts + [ConsolePart.text("Not worked out for this text yet."), begin(job)] }
        return parts + [
            ConsolePart.text(
                "Of \(impact.records) records in \(impact.transfers) transfers, \(impact.recordsNewlyDenied) "
                    + "would newly be denied and \(impact.recordsNewlyPermitted) would newly pass. \(impact.coverage)"),
            ConsolePart.text(Impact.caveat), table(impact), begin(job),
        ]
    }

    private func progress(_ job: ImpactJob?) -> JSONValue {
        let text =
            job.flatMap { job in
                job.totalCount == 0 ? nil : "It is being worked out: \(job.doneCount) of \(job.totalCount) \(job.stage)."
            } ?? "It waits for another to be done."
        return ConsolePart.progress(text, path: "\(path)/draft", percent: job?.percent, seconds: Self.followSeconds)
    }

    private func begin(_ job: ImpactJob?) -> JSONValue {
        guard job?.state.isFinished ?? true else { return ConsolePart.text("What is shown above was worked out before.") }
        var form = ConsoleForm(call, action: "\(path)/impact", prefix: "impact", isSent: false)
        form.button("Work out the impact")
        return ConsolePart.part("form", form.json)
    }

    private func table(_ impact: Impact) -> JSONValue {
        ConsolePart.part(
            "table",
            ConsolePart.table(
                "What would change", id: "impact",
                ["Caller", "Call", "For", .number("Records"), "Change", "Newly or otherwise sent", "Before"],
                impact.lines.prefix(Self.linesMax).map { line in
                    [
                        ConsolePart.cell(line.caller), ConsolePart.codeCell(line.endpoint),
                        ConsolePart.cell(line.purposes.joined(separator: ", ")),
                        ConsolePart.number(line.records),
                        line.newlyDenied.map { ConsolePart.badgeCell("denied: \($0)", .bad) }
                            ?? (line.newlyPermitted ? ConsolePart.badgeCell("passes", .ok) : ConsolePart.badgeCell("fields", .info)),
                        ConsolePart.lines(line.fieldsMore), ConsolePart.lines(line.fieldsFewer),
                    ]
                }, empty: "Nothing would change."))
    }
}

extension ImpactStanding {
    var isKnown: Bool { if case .known = self { true } else { false } }
}
