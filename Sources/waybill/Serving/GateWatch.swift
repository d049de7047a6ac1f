import Synchronization
import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillProxy

/// A running gate as probes and monitoring see it.
final class GateWatch: GateObservation {
    private let parts: GateParts
    private let server: GateServer
    private let reloader: PolicyReloader
    private let isDraining = Atomic(false)

    init(parts: GateParts, server: GateServer, reloader: PolicyReloader) {
        self.parts = parts
        self.server = server
        self.reloader = reloader
    }

    /// From here on the gate is not ready any more, whatever else it does.
    func drain() { isDraining.store(true, ordering: .releasing) }

    /// A set that was refused leaves the last good one in force, and the gate ready.
    func readiness() async -> Readiness {
        let isAccepting = await server.isListening
        return Readiness([
            .init("policies", isReady: await !reloader.status.digest.isEmpty), .init("log", isReady: parts.log.state == .open),
            .init("index", isReady: parts.index.isOpen),
            .init("listeners", isReady: isAccepting && !isDraining.load(ordering: .acquiring)),
        ])
    }

    func metrics() async throws -> [MetricFamily] {
        let policy = await reloader.status
        return try await server.metrics() + LogMetrics.families(parts.log.present, parts.log.load)
            + WitnessMetrics.families(parts.witnesses?.standings ?? []) + SinkMetrics.families(parts.sinks, size: parts.log.size)
            + TraceExport.families(parts.traces) + parts.reminder.families
            + ServingMetrics.families(policy: policy, index: parts.index) + ProcessMetrics.families(try ProcessFacts.read())
    }
}

/// Every metric there is, for the reference.
enum MetricList {
    static var definitions: [MetricFamily.Definition] {
        GateMetrics.definitions + LogMetrics.definitions + WitnessMetrics.definitions + SinkMetrics.definitions
            + TraceExport.definitions + DueReminder.definitions
            + ServingMetrics.definitions + ProcessMetrics.definitions
    }
}
