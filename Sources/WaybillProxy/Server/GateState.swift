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
    private let current: Mutex<InForce>

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
        let policy = try PolicySnapshot(gate: gate, secrets: secrets)
        current = Mutex(InForce(policy: policy, standing: standing, volumes: volumes))
    }

    /// Puts another policy set in force; on an error the one before stays. Requests not yet recorded are judged by the new one.
    package func replace(gate: any Gatekeeper) throws(ProxyError) {
        let policy = try PolicySnapshot(gate: gate, secrets: secrets)
        current.withLock { $0 = InForce(policy: policy, standing: $0.standing, volumes: volumes) }
    }

    /// Suspensions, holds, the log's state: binds the very next judgement. Volumes are `volumes`' own.
    package func replace(standing: Standing) { updateStanding { $0 = standing } }
    package func updateStanding(_ change: (inout Standing) -> Void) {
        current.withLock {
            var standing = $0.standing
            change(&standing)
            $0 = InForce(policy: $0.policy, standing: standing, volumes: volumes)
        }
    }

    /// One look for everything: whoever finds the same object later knows that nothing has changed.
    var inForce: InForce { current.withLock { $0 } }
    var policy: PolicySnapshot { inForce.policy }
}

/// The policy set and the standing at one moment. Immutable: a change puts another in its place.
final class InForce: Sendable {
    let policy: PolicySnapshot
    /// Suspensions and the like. Its volumes are empty: they change with every transfer and are looked up when a body is judged.
    let standing: Standing

    init(policy: PolicySnapshot, standing: Standing, volumes: VolumeBudget) {
        self.policy = policy
        var standing = standing
        standing.volumes = [:]
        standing.wasSeenToday = { volumes.wasSeenToday(agreement: $0, subject: $1) }
        self.standing = standing
    }

    func standing(counting volumes: [String: Standing.Volume]) -> Standing {
        guard !volumes.isEmpty else { return standing }
        var standing = standing
        standing.volumes = volumes
        return standing
    }
}

/// A gate and what the data plane derives from its policy set once, so that no request pays for it.
final class PolicySnapshot: Sendable {
    let gate: any Gatekeeper
    let vendors: [VendorPlan]
    private let destinations: [Origin: (vendor: VendorID, destination: Vendor.Destination)]

    init(gate: any Gatekeeper, secrets: [String: String]) throws(ProxyError) {
        self.gate = gate
        var plans: [VendorPlan] = []
        plans.reserveCapacity(gate.policy.vendors.count)
        for vendor in gate.policy.vendors { plans.append(try VendorPlan(vendor, secrets: secrets)) }
        vendors = plans
        var destinations: [Origin: (vendor: VendorID, destination: Vendor.Destination)] = [:]
        for (index, vendor) in gate.policy.vendors.enumerated() {
            for destination in vendor.destinations where destinations[Origin(destination)] == nil {
                destinations[Origin(destination)] = (VendorID(index), destination)
            }
        }
        self.destinations = destinations
    }

    subscript(id: VendorID) -> VendorPlan { vendors[id.position] }
    /// Whose it is; lint lets no destination belong to two vendors. Nil: nobody's.
    func destination(of origin: Origin) -> (vendor: VendorID, destination: Vendor.Destination)? { destinations[origin] }
}
