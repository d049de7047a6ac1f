import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillStorage

@Suite("The control store")
struct ControlDatabaseTests {
    @Test("It is made private, opened again, and a file of another kind is refused with a remedy")
    func opens() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "control-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "waybill-control.db").path
        _ = try ControlDatabase(path: path)
        _ = try ControlDatabase(path: path)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let other = directory.appending(path: "other").path
        try Data(repeating: 0x41, count: 8_192).write(to: URL(fileURLWithPath: other))
        #expect(throws: ControlDatabaseError.self) { try ControlDatabase(path: other) }
    }

    @Test("Engagements and stops are there again after a restart, and two people cannot act at once")
    func events() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "control-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let path = directory.appending(path: "waybill-control.db").path
        let stamp = EngagementEvent.Stamp(at: Timestamp(seconds: 1_780_000_000), by: "dpo")
        let scope = Engagement.Scope(
            vendor: "hubspot", subject: "all", from: Timestamp(seconds: 0), until: Timestamp(nanoseconds: 10_000_001), hook: "x")
        let events: [EngagementEvent.Act] = [
            .open(scope), .sample(.init(seed: "s", count: 2, origin: "o", size: 9)),
            .finding(.init(severity: .critical, title: "t", owner: "o", due: Day(number: 20_000), effect: .suspend, agreements: ["a"])),
            .settle(number: 1, how: .resolved, answer: "mended"), .close(summary: "done"),
        ]
        let first = try ControlDatabase(path: path)
        for (number, act) in events.enumerated() { try first.append(.init(stamp: stamp, act: act), to: "2026-1", number: number) }
        #expect(throws: ControlDatabaseError.self) { try first.append(.init(stamp: stamp, act: events[1]), to: "2026-1", number: 1) }
        try first.append(SuspensionEvent(target: .vendor("hubspot"), isStop: true, why: "breach", stamp: stamp))
        let second = try ControlDatabase(path: path)
        let expected = try #require(Engagement(id: "2026-1", events: events.map { .init(stamp: stamp, act: $0) }))
        #expect(try second.engagement("2026-1") == expected)
        #expect(try second.engagements() == [expected])
        #expect(try second.engagement("2026-2") == nil)
        #expect(Suspensions(try second.suspensionEvents()).vendors == ["hubspot"])
    }
}
