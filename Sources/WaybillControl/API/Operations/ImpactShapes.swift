import WaybillCore

/// How impacts look in the API.
enum ImpactShapes {
    static let impact = JSONShape.named(
        "Impact",
        .object([
            .required("since", .time), .required("until", .time), .required("transfers", .count), .required("records", .count),
            .required("records_newly_denied", .count), .required("records_newly_permitted", .count),
            .required("is_whole", .boolean, "False: only the newest transfers of the time were replayed."),
            .required("covered_since", .nullable(.time), "Where it is not whole: the oldest transfer that was replayed."),
            .required("coverage", .text(), "How much was replayed, in words."),
            .required("caveat", .text(), "What cannot be known from a log without values."),
            .required(
                "lines",
                .list(
                    of: .object([
                        .required("caller", .text()), .required("endpoint", .text()), .required("purposes", .list(of: .text())),
                        .required("transfers", .count), .required("records", .count), .required("newly_denied", .nullable(.text())),
                        .required("newly_permitted", .boolean), .required("fields_more", .list(of: .text())),
                        .required("fields_fewer", .list(of: .text())), .required("samples", .list(of: .text())),
                    ]), count: 0...Impact.casesMax)),
        ]))

    static func json(_ impact: Impact) -> JSONValue {
        .object([
            "since": .string(impact.since), "until": .string(impact.until), "transfers": .int(Int64(impact.transfers)),
            "records": .int(Int64(impact.records)), "records_newly_denied": .int(Int64(impact.recordsNewlyDenied)),
            "records_newly_permitted": .int(Int64(impact.recordsNewlyPermitted)), "is_whole": .bool(impact.isWhole),
            "covered_since": .optional(impact.coveredSince), "coverage": .string(impact.coverage), "caveat": .string(Impact.caveat),
            "lines": .array(
                impact.lines.map { line in
                    .object([
                        "caller": .string(line.caller), "endpoint": .string(line.endpoint), "purposes": .strings(line.purposes),
                        "transfers": .int(Int64(line.transfers)), "records": .int(Int64(line.records)),
                        "newly_denied": .optional(line.newlyDenied), "newly_permitted": .bool(line.newlyPermitted),
                        "fields_more": .strings(line.fieldsMore), "fields_fewer": .strings(line.fieldsFewer),
                        "samples": .strings(line.samples),
                    ])
                }),
        ])
    }

    static let underWay = JSONShape.named(
        "ImpactUnderWay",
        .object([
            .required("state", .oneOf(["waiting", "running"])), .required("stage", .text(), "What is being done."),
            .required("done", .count), .required("total", .count, "0: not known."), .required("requested_at", .time),
        ]))

    static func json(_ job: ImpactJob) -> JSONValue {
        .object([
            "state": .string(job.state == .waiting ? "waiting" : "running"), "stage": .string(job.stage),
            "done": .int(Int64(clamping: job.doneCount)), "total": .int(Int64(clamping: job.totalCount)),
            "requested_at": .string(job.madeAt.rfc3339),
        ])
    }
}
