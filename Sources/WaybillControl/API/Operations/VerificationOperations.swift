import WaybillCore
import WaybillLedger

/// `/v1/log/verification`: the log read again from its first entry, beside the gate; the same work as on the console's page.
package enum VerificationOperations {
    package static func all(_ desk: ConsoleDesk) -> [APIOperation] {
        [
            APIOperation(
                "beginVerification", .post, "/v1/log/verification", resource: "log",
                "Verify the whole log. One at a time: while one is under way, that one is answered.", permission: .readLog,
                answer: .json(shape, status: 202)
            ) { call in
                await desk.beginVerification(by: call.principal.id)
                return .json(json(await desk.verification.standing), status: 202, location: "/v1/log/verification")
            },
            APIOperation(
                "getVerification", .get, "/v1/log/verification", resource: "log",
                "How far the last verification is, or what it found. Forgotten when the gate stops.", permission: .readLog,
                answer: .json(shape), problems: [.notFound]
            ) { _ in
                guard let standing = await desk.verification.standing else {
                    throw APIProblem(.notFound, "no verification was begun since the gate started; POST to this path begins one")
                }
                return .json(json(standing))
            },
        ]
    }

    private static let shape = JSONShape.named(
        "Verification",
        .object([
            .required("state", .oneOf(["running", "whole", "faulty", "failed"]), "Failed: it could not be done; `detail` says why."),
            .required("begun_at", .time), .required("begun_by", .text(), "As the log names it."), .required("ended_at", .nullable(.time)),
            .required("entries_done", .count), .required("entries", .count, "There are; 0: not known yet."),
            .required(
                "checkpoint_compared", .nullable(.boolean),
                "With the copy kept outside the store; without one a rolled-back store could not be told. Null until it ended."),
            .required(
                "shards",
                .list(
                    of: .object([.required("name", .text()), .required("entries", .count), .required("root", .sha256)]), count: 0...100_000)
            ),
            .required(
                "faults",
                .list(
                    of: .object([
                        .required("shard", .text()), .required("index", .nullable(.index)), .required("what", .text()),
                        .required("consequence", .text()),
                    ]), count: 0...faultsMax), "The first \(faultsMax)."),
            .required("detail", .nullable(.text())),
        ]))
    private static let faultsMax = 1_000

    private static func json(_ standing: ConsoleJob<ConsoleVerification>.Standing?) -> JSONValue {
        guard let standing else { return .null }
        let found = standing.result
        let state = standing.endedAt == nil ? "running" : found.map { $0.faults.isEmpty ? "whole" : "faulty" } ?? "failed"
        let verified = found?.shards.reduce(0) { $0 + $1.entries }
        let faults = (found?.faults ?? []).prefix(faultsMax).map { fault in
            JSONValue.object([
                "shard": .string(fault.shard), "index": fault.index.map { .int(Int64(clamping: $0)) } ?? .null,
                "what": .string(fault.what), "consequence": .string(fault.kind.consequence),
            ])
        }
        return .object([
            "state": .string(state), "begun_at": .string(standing.begunAt.rfc3339), "begun_by": .string(standing.by),
            "ended_at": .optional(standing.endedAt?.rfc3339), "entries_done": .int(Int64(clamping: verified ?? standing.done)),
            "entries": .int(Int64(clamping: verified ?? standing.total)),
            "checkpoint_compared": found.map { .bool($0.hasOutsideCheckpoint) } ?? .null,
            "shards": .array(
                (found?.shards ?? []).map { shard in
                    .object([
                        "name": .string(shard.name), "entries": .int(Int64(clamping: shard.entries)), "root": .string(shard.root),
                    ])
                }), "faults": .array(faults), "detail": .optional(standing.failure),
        ])
    }
}
