import Testing
import WaybillCore
import WaybillLedger

@testable import WaybillControl

@Suite("Numbers in addresses and forms")
struct NumbersTests {
    @Test(
        "A sample is found by its number; any other number is no sample, however large or small",
        arguments: [("1", true), ("2", false), ("0", false), ("-1", false), ("\(Int.min)", false), ("\(Int.max)", false), ("x", false)])
    func samples(text: String, isThere: Bool) async throws {
        let (from, until) = (Timestamp(seconds: 0), Timestamp(seconds: 86_400))
        let stamp = EngagementEvent.Stamp(at: until, by: "account:anna")
        let scope = Engagement.Scope(vendor: "mailer", subject: "s", from: from, until: until, hook: "h")
        let engagement = try #require(
            Engagement(
                id: "2026-1",
                events: [
                    EngagementEvent(stamp: stamp, act: .open(scope)),
                    EngagementEvent(stamp: stamp, act: .sample(.init(seed: "s", count: 1, origin: "o", size: 1))),
                ]))
        var call = ConsoleCall(principal: nil, now: until)
        call.values["sample"] = text
        #expect((await problem { try SamplePages.known(engagement, call).0 } == nil) == isThere)
    }
}
