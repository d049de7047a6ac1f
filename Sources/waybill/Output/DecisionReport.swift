import FoundationEssentials
import WaybillCore

/// What `waybill decide` prints.
enum DecisionReport {
    static func json(_ run: DryRun) -> JSONText {
        var members: [(String, JSONText)] = [
            ("decision", .text(run.outcome.rawValue)),
            ("primary", .optional(run.primary ?? run.codes.first { !$0.isFieldLevel }?.rawValue ?? run.codes.first?.rawValue)),
            ("codes", .texts(run.codes.map(\.rawValue))), ("records", .list(run.records.map(record))),
            ("body_base64", .optional(run.body.map { Data($0).base64EncodedString() })),
            ("explain", .list(run.records.map(explanation))),
        ]
        if let status = run.status {
            members += [("status", .number(Int64(status))), ("title", .optional(run.title)), ("detail", .optional(run.detail))]
        }
        return .object(members)
    }

    private static func record(_ record: DryRun.Record) -> JSONText {
        .object([
            ("index", .number(Int64(record.verdict.index))), ("decision", .text(record.verdict.decision.rawValue)),
            ("codes", .texts(record.verdict.codes.map(\.rawValue))), ("dropped", .texts(record.report.dropped)),
            ("changed", .texts(record.report.changed)),
        ])
    }

    private static func explanation(_ record: DryRun.Record) -> JSONText {
        .object([("index", .number(Int64(record.verdict.index))), ("checks", .list(record.checks.map(check)))])
    }

    static func check(_ check: CheckTrace) -> JSONText {
        .object([
            ("step", .number(Int64(check.step))), ("question", .text(check.question)), ("passed", .bool(check.code == nil)),
            ("code", .optional(check.code?.rawValue)),
            ("inputs", .object(check.inputs.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })),
            ("at", .optional(check.position?.description)),
        ])
    }
}
