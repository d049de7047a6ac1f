package import WaybillCore

/// What the control listener asks of a running gate. Safe from any task; must answer within a scrape's patience.
package protocol GateObservation: Sendable {
    func readiness() async -> Readiness
    /// Every metric, each family once.
    func metrics() async throws -> [MetricFamily]
}

/// Whether the gate can do its work, part by part.
package struct Readiness: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        /// `policies`, `log`, …: fixed names that monitoring may rely on.
        package var name: String
        package var isReady: Bool
        package init(_ name: String, isReady: Bool) {
            self.name = name
            self.isReady = isReady
        }
    }
    package var parts: [Part]
    package init(_ parts: [Part]) { self.parts = parts }

    /// No parts, no gate.
    package var isReady: Bool { !parts.isEmpty && parts.allSatisfy(\.isReady) }
}
