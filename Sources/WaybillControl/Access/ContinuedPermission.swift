import Synchronization
import WaybillCore

/// While a long answer goes out, who gets it is asked again, once a second at most: whoever loses session, token or role gets no more of it.
final class ContinuedPermission: Sendable {
    private let granted: Principal
    private let permission: Permission
    private let clock: any WallClock
    private let askedAt: Mutex<Int64>
    private let present: @Sendable (Timestamp) async throws -> Principal?

    /// `present`: who shows the same credential now; nil: nobody.
    init(
        _ granted: Principal, _ permission: Permission, clock: any WallClock,
        present: @escaping @Sendable (Timestamp) async throws -> Principal?
    ) {
        self.granted = granted
        self.permission = permission
        self.clock = clock
        self.present = present
        askedAt = Mutex(clock.now().seconds)
    }

    /// `next`, until the permission ends; then it throws, so that the answer breaks off.
    func holding(_ next: @escaping @Sendable () async throws -> [UInt8]?) -> @Sendable () async throws -> [UInt8]? {
        {
            try await self.check()
            return try await next()
        }
    }

    private func check() async throws {
        let now = clock.now()
        let isDue = askedAt.withLock { at in
            defer { at = now.seconds }
            return at != now.seconds
        }
        guard isDue else { return }
        guard let found = try await present(now), found.id == granted.id, found.may(permission), found.vendor == granted.vendor,
            found.engagement == granted.engagement, found.caller == granted.caller
        else { throw APIProblem(.notPermitted, "what permitted this answer has ended meanwhile") }
    }
}
