import CCounters

/// One thing to measure, beside others that do comparable work.
struct Benchmark {
    var name: String
    /// What one call of `run` gets through: bytes (`MB/s`) or operations (`/s`).
    enum Work {
        case bytes(Int)
        case operations(Int)
    }
    var work: Work
    /// Returns anything that depends on the work, so that none of it is optimised away.
    var run: () throws -> Int
    /// What the others of its group are compared with.
    var isBaseline = false

    init(name: String, work: Work, isBaseline: Bool = false, run: @escaping () throws -> Int) {
        self.name = name
        self.work = work
        self.isBaseline = isBaseline
        self.run = run
    }

    /// Bytes or operations of one call.
    var amount: Double {
        switch work {
        case .bytes(let count), .operations(let count): Double(count)
        }
    }
}

struct BenchmarkGroup {
    var title: String
    var benchmarks: [Benchmark]
}

/// Runs the benchmarks of a group in turns, so that a noisy machine is noisy for all of them, and prints medians.
struct Harness {
    static let roundCount = 7
    static let roundDuration = Duration.milliseconds(200)
    private var sink = 0

    mutating func measure(_ group: BenchmarkGroup) throws {
        print("\n\(group.title)")
        var rates = Array(repeating: [Double](), count: group.benchmarks.count)
        for round in 0...Self.roundCount {
            for (i, benchmark) in group.benchmarks.enumerated() {
                let rate = try callsPerSecond(benchmark)
                // The first round warms caches and is not counted.
                if round > 0 { rates[i].append(rate) }
            }
        }
        let medians = rates.map { $0.sorted()[$0.count / 2] }
        let baseline = zip(group.benchmarks, medians).first { $0.0.isBaseline }.map { $0.0.amount * $0.1 }
        for ((benchmark, rates), median) in zip(zip(group.benchmarks, rates), medians) {
            let costs = try costs(benchmark)
            let ratio = baseline.map { "  \(String((benchmark.amount * median / $0 * 100).rounded() / 100)) ×" } ?? ""
            print(line(benchmark, median: median, low: rates.min() ?? 0, high: rates.max() ?? 0) + costs + ratio)
        }
        if sink == .min { print(sink) }
    }

    /// Instructions (user space, all threads) and allocations of one operation or kilobyte: what a busy machine does not change.
    private mutating func costs(_ benchmark: Benchmark) throws -> String {
        let calls = max(1, min(2_000, Int(200_000 / benchmark.amount)))
        let (instructions, allocations) = (counters_instructions(), counters_allocations())
        for _ in 0..<calls { sink &+= try benchmark.run() }
        let (unit, count): (String, Double) =
            switch benchmark.work {
            case .bytes(let bytes): ("KB", Double(bytes) / 1e3)
            case .operations(let operations): ("op", Double(operations))
            }
        func each(_ total: UInt64) -> String {
            let value = Double(total) / Double(calls) / count
            return value >= 100 ? String(Int(value.rounded())) : String((value * 10).rounded() / 10)
        }
        return "  \(each(counters_instructions() - instructions)) instructions, "
            + "\(each(counters_allocations() - allocations)) allocations/\(unit)"
    }

    private mutating func callsPerSecond(_ benchmark: Benchmark) throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        var calls = 0
        var batch = 1
        var elapsed = Duration.zero
        while elapsed < Self.roundDuration {
            for _ in 0..<batch { sink &+= try benchmark.run() }
            calls += batch
            elapsed = clock.now - start
            if elapsed < Self.roundDuration / 20 { batch *= 2 }
        }
        return Double(calls) / (Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
    }

    private func line(_ benchmark: Benchmark, median: Double, low: Double, high: Double) -> String {
        let (scale, unit): (Double, String) =
            switch benchmark.work {
            case .bytes(let count): (Double(count) / 1e6, "MB/s")
            case .operations(let count): (Double(count), "/s")
            }
        func number(_ value: Double) -> String {
            let scaled = value * scale
            return scaled >= 100 ? String(Int(scaled.rounded())) : String((scaled * 10).rounded() / 10)
        }
        let name = benchmark.name + String(repeating: " ", count: max(1, 52 - benchmark.name.count))
        return "  \(name)\(number(median)) \(unit)  (\(number(low)) to \(number(high)); \(String((1e9 / median).rounded() / 1e3)) µs each)"
    }
}
