package import WaybillCore

/// Long work that somebody began in the console, one at a time: pages tell how far it is. Forgotten when the gate stops.
package actor ConsoleJob<Result: Sendable> {
    package struct Standing: Sendable {
        package var begunAt: Timestamp
        /// Who began it, by id.
        package var by: String
        package var done: UInt64 = 0
        package var total: UInt64 = 0
        package var endedAt: Timestamp?
        package var result: Result?
        /// One sentence.
        package var failure: String?
    }
    private(set) package var standing: Standing?
    private let clock: any WallClock

    package init(clock: any WallClock) { self.clock = clock }

    /// False: one is under way.
    package func begin(
        by: String, _ work: @escaping @Sendable (@escaping @Sendable (UInt64, UInt64) -> Void) async throws -> Result
    ) -> Bool {
        if let standing, standing.endedAt == nil { return false }
        standing = Standing(begunAt: clock.now(), by: by)
        Task { await self.run(work) }
        return true
    }

    private func run(_ work: @Sendable (@escaping @Sendable (UInt64, UInt64) -> Void) async throws -> Result) async {
        let result: Result?
        do {
            result = try await work { done, total in Task { await self.reached(done, total) } }
        } catch {
            result = nil
        }
        guard var ended = standing else { return }
        ended.result = result
        if result == nil { ended.failure = "It could not be done; see that the log's files can be read, and begin it again." }
        ended.endedAt = clock.now()
        standing = ended
    }

    /// Steps may arrive out of order.
    private func reached(_ done: UInt64, _ total: UInt64) {
        guard var standing else { return }
        standing.done = max(standing.done, done)
        standing.total = total
        self.standing = standing
    }
}
