package import WaybillCore

/// How one sink does.
package struct SinkStanding: Sendable, Equatable {
    package var name: String
    package var kind: String
    package var format: String
    /// Where it is in the log; nil: it has not begun.
    package var cursor: String?
    package var behindEntries: UInt64
    package var deliveredEntries: UInt64
    package var failures: UInt64
    package var lastSuccess: Timestamp?
    /// One sentence, of a sink that fails.
    package var failure: String?

    package init(
        name: String, kind: String, format: String, cursor: String?, behindEntries: UInt64, deliveredEntries: UInt64, failures: UInt64,
        lastSuccess: Timestamp?, failure: String?
    ) {
        self.name = name
        self.kind = kind
        self.format = format
        self.cursor = cursor
        self.behindEntries = behindEntries
        self.deliveredEntries = deliveredEntries
        self.failures = failures
        self.lastSuccess = lastSuccess
        self.failure = failure
    }
}

/// How the sinks of a running gate do, in the order of the configuration. Never blocks the caller's thread.
package protocol SinkStandings: Sendable {
    func standings() async throws -> [SinkStanding]
}

/// `/v1/exports`: the sinks.
package enum SinkOperations {
    package static func all(_ sinks: any SinkStandings) -> [APIOperation] {
        [
            APIOperation(
                "listSinks", .get, "/v1/exports", resource: "exports", "Sinks, how far each is, and what is wrong with it.",
                permission: .readOperations, parameters: APIParameter.paging, answer: .page(of: sink)
            ) { call in
                let all = try await sinks.standings()
                let first = call.page.cursor.flatMap { cursor in all.firstIndex { $0.name == cursor } }.map { $0 + 1 } ?? 0
                let rest = all.dropFirst(first)
                let items = rest.prefix(call.page.limit)
                return .page(items: items.map(json), next: items.count < rest.count ? items.last?.name : nil)
            }
        ]
    }

    private static let sink = JSONShape.named(
        "Sink",
        .object([
            .required("name", .text()), .required("kind", .text()), .required("format", .text()),
            .required("cursor", .nullable(.text()), "The first entry that it has not acknowledged, and its log."),
            .required("behind_entries", .count, "That it has not acknowledged."),
            .required("delivered_entries", .count, "Since the gate started."), .required("failures", .count, "Since the gate started."),
            .required("last_success", .nullable(.time)), .required("failure", .nullable(.text()), "Null: it works."),
        ]))

    private static func json(_ sink: SinkStanding) -> JSONValue {
        .object([
            "name": .string(sink.name), "kind": .string(sink.kind), "format": .string(sink.format), "cursor": .optional(sink.cursor),
            "behind_entries": .int(Int64(clamping: sink.behindEntries)),
            "delivered_entries": .int(Int64(clamping: sink.deliveredEntries)), "failures": .int(Int64(clamping: sink.failures)),
            "last_success": .optional(sink.lastSuccess?.rfc3339), "failure": .optional(sink.failure),
        ])
    }
}
