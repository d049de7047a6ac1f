import Synchronization

/// What must be told that the gate stops, because it runs on threads of its own.
final class RunningJobs: Sendable {
    private let stops = Mutex<[@Sendable () async -> Void]>([])

    func add(_ stop: @escaping @Sendable () async -> Void) { stops.withLock { $0.append(stop) } }

    func stop() async { for stop in stops.withLock({ $0 }) { await stop() } }
}
