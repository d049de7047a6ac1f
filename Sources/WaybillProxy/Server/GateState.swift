import Synchronization
package import WaybillCore
package import WaybillLedger

/// What every event loop shares and others may change while requests run: each request takes one snapshot and keeps it.
package final class GateState: Sendable {
    package let recorder: any TransferRecorder
    package let refresher: any SubjectRefresher
    package let clock: any WallClock
    /// What was sent today under agreements with daily limits.
    package let volumes: VolumeBudget
    /// For transfers' ids.
    let random = RandomPool()
    private let secrets: [String: String]
    private let current: Mutex<Current>

    struct Current: Sendable {
        var policy: PolicySnapshot
        var standing: Standing
    }

    /// `secrets`: values for `${secret:name}` in vendors' credentials; a missing one throws.
    package init(
        gate: any Gatekeeper, standing: Standing = Standing(), recorder: any TransferRecorder, refresher: any SubjectRefresher,
        clock: any WallClock, volumes: VolumeBudget = VolumeBudget(), secrets: [String: String] = [:]
    ) throws(ProxyError) {
        self.recorder = recorder
        self.refresher = refresher
        self.clock = clock
        self.volumes = volumes
        self.secrets = secrets
        var standing = standing
        standing.budget = volumes
        current = Mutex(Current(policy: try PolicySnapshot(gate: gate, secrets: secrets), standing: standing))
    }

    /// Puts another policy set in force; on an error the one before stays. Requests not yet recorded are judged by the new one.
    package func replace(gate: any Gatekeeper) throws(ProxyError) {
        let policy = try PolicySnapshot(gate: gate, secrets: secrets)
        current.withLock { $0.policy = policy }
    }

    /// Suspensions, holds, the log's state: binds the very next judgement. Volumes are `volumes`' own.
    package func replace(standing: Standing) {
        var standing = standing
        standing.budget = volumes
        current.withLock { $0.standing = standing }
    }
    package func updateStanding(_ change: (inout Standing) -> Void) { current.withLock { change(&$0.standing) } }

    var policy: PolicySnapshot { current.withLock { $0.policy } }
    /// Suspensions and the like as last set; volumes are looked at when a decision asks for them.
    var standing: Standing { current.withLock { $0.standing } }
}

/// A gate and what the data plane derives from its policy set once, so that no request pays for it.
final class PolicySnapshot: Sendable {
    let gate: any Gatekeeper
    let vendors: [VendorPlan]

    init(gate: any Gatekeeper, secrets: [String: String]) throws(ProxyError) {
        self.gate = gate
        var plans: [VendorPlan] = []
        plans.reserveCapacity(gate.policy.vendors.count)
        for vendor in gate.policy.vendors { plans.append(try VendorPlan(vendor, secrets: secrets)) }
        vendors = plans
    }

    subscript(id: VendorID) -> VendorPlan { vendors[id.position] }
}
