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
        #expect(await job.standing?.total == 10 && job.standing?.endedAt == nil)
        opener.yield()
        while await job.standing?.endedAt == nil { await Task.yield() }
        #expect(await job.standing?.result == 7 && job.standing?.by == "account:anna")
        #expect(await job.begin(by: "account:bert") { _ in throw Broken() })
        while await job.standing?.endedAt == nil { await Task.yield() }
        #expect(await job.standing?.result == nil && job.standing?.failure != nil)
    }
}
