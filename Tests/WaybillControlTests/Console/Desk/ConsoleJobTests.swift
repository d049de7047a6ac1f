import Testing
import WaybillCore
import WaybillLedger

@testable import WaybillControl

@Suite("Long work of the console")
struct ConsoleJobTests {
    struct Broken: Error {}

    @Test("One at a time; how far it is and what came of it can be seen")
    func oneAtATime() async throws {
        let job = ConsoleJob<Int>(clock: SystemWallClock())
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        #expect(
            await job.begin(by: "account:anna") { progress in
                progress(5, 10)
                for await _ in gate { break }
                return 7
            })
        #expect(await !job.begin(by: "account:bert") { _ in 8 })
        while await job.standing?.done != 5 { await Task.yield() }
        let running = await job.standing
        #expect(running?.total == 10 && running?.endedAt == nil)
        opener.yield()
        while await job.standing?.endedAt == nil { await Task.yield() }
        let done = await job.standing
        #expect(done?.result == 7 && done?.by == "account:anna")
        #expect(await job.begin(by: "account:bert") { _ in throw Broken() })
        while await job.standing?.endedAt == nil { await Task.yield() }
        let failed = await job.standing
        #expect(failed != nil && failed?.result == nil && failed?.failure != nil)
    }
}
