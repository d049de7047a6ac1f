import Synchronization
import Testing
import WaybillCore
import WaybillTesting

@testable import WaybillControl

@Suite("While a long answer goes out")
struct ContinuedPermissionTests {
    private static let granted = Principal(id: "token:x", name: "x", kind: .token, roles: [.auditor])
    private static func changed(_ change: (inout Principal) -> Void) -> Principal {
        var principal = granted
        change(&principal)
        return principal
    }

    @Test(
        "It goes on for whom it was begun, and breaks off within a second for whoever is not that any more",
        arguments: [
            (granted, true), (changed { $0.roles = [.auditor, .approver] }, true), (nil, false),
            (changed { $0.roles = [.approver] }, false),
            (changed { $0.scopes = [.readTransfers] }, false), (changed { $0.vendor = "mailer" }, false),
            (changed { $0.id = "token:y" }, false),
        ] as [(Principal?, Bool)])
    func ends(later: Principal?, goesOn: Bool) async throws {
        let clock = ManualClock()
        let present = Mutex<Principal?>(Self.granted)
        let asked = Mutex(0)
        let permission = ContinuedPermission(Self.granted, .readLog, clock: clock) { _ in
            asked.withLock { $0 += 1 }
            return present.withLock { $0 }
        }
        let next = permission.holding { [1] }
        for _ in 0..<100 { #expect(try await next() == [1]) }
        #expect(asked.withLock { $0 } == 0)
        present.withLock { $0 = later }
        clock.advance(milliseconds: 1_000)
        #expect(await problem { try await next() } == nil ? goesOn : !goesOn)
        #expect(asked.withLock { $0 } == 1)
    }
}
