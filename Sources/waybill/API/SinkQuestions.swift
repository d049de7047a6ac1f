import WaybillControl
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillStorage

/// How the sinks of this gate do: what the configuration says, what is kept, and what they did since the start.
struct SinkQuestions: SinkStandings {
    let parts: GateParts
    private let queue = BlockingQueue("api.sinks")

    init(_ parts: GateParts) { self.parts = parts }

    func standings() async throws -> [SinkStanding] {
        try await queue.run { [parts] in
            let cursors = SinkCursors(parts.control, clock: SystemWallClock())
            let progress = Dictionary(uniqueKeysWithValues: parts.sinks.progress.map { ($0.name, $0) })
            return try parts.settings.sinks.map { sink in
                let row = try cursors.row(ofSink: sink.name)
                let counts = progress[sink.name]?.counts
                return SinkStanding(
                    name: sink.name, kind: sink.kind.name, format: sink.kind.takesFormat ? sink.format.name : "otlp",
                    cursor: row.cursor?.description, behindEntries: progress[sink.name]?.behindEntries(now: parts.log.size) ?? 0,
                    deliveredEntries: counts?.deliveredEntries ?? 0, failures: counts?.failures ?? 0,
                    lastSuccess: counts?.lastSuccess ?? row.movedAt, failure: row.failure ?? counts?.failure)
            }
        }
    }
}
