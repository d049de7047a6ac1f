import Testing
import WaybillCore
import WaybillProxy
import WaybillTesting

/// Finds one value among metric families.
extension [MetricFamily] {
    func sample(_ name: String, _ labels: [String] = []) -> MetricFamily.Value? {
        first { $0.definition.name == name }?.samples.first { $0.labels == labels }?.value
    }

    func count(_ name: String, _ labels: [String] = []) -> UInt64? {
        guard case .count(let count)? = sample(name, labels) else { return nil }
        return count
    }

    func number(_ name: String, _ labels: [String] = []) -> Double? {
        switch sample(name, labels) {
        case .count(let count)?: Double(count)
        case .number(let number)?: number
        case .histogram?, nil: nil
        }
    }

    func observations(_ name: String) -> UInt64? {
        guard case .histogram(let histogram)? = sample(name) else { return nil }
        return histogram.counts.reduce(0, +)
    }
}

extension Harness {
    func metrics() async throws -> [MetricFamily] { try await server.metrics() }

    /// What is counted once an answer is written may be a moment behind the answer.
    func eventually(_ name: String, _ labels: [String], is expected: UInt64) async throws {
        var found: UInt64?
        let isSo = try await WaybillTesting.eventually {
            found = try await metrics().count(name, labels)
            return found == expected
        }
        if !isSo { Issue.record("\(name) \(labels) is \(found.map(String.init) ?? "missing"), not \(expected)") }
    }
}
