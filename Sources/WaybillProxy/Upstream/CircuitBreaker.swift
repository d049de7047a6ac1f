import NIOCore

/// Leaves a destination alone for a while after several failures to connect in a row, so that callers are answered at once.
struct CircuitBreaker {
    private let failuresMax: Int
    private let pause: TimeAmount
    private var failures = 0
    private var openUntil: NIODeadline?

    init(failuresMax: Int, pause: TimeAmount) {
        self.failuresMax = failuresMax
        self.pause = pause
    }

    func isOpen(now: NIODeadline) -> Bool { openUntil.map { now < $0 } ?? false }

    mutating func succeeded() {
        failures = 0
        openUntil = nil
    }

    /// After the pause one failure is enough to open it again.
    mutating func failed(now: NIODeadline) {
        failures += 1
        if failures >= failuresMax { openUntil = now + pause }
    }
}
