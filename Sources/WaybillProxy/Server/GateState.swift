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
    let traces: (any TraceKeeper)?
    /// How each destination is dialled.
    let identities: UpstreamIdentities
    private let trust: VendorTrust
    private let current: Mutex<Current>

    struct Current: Sendable {
        var inForce: InForce
        var secrets: [String: String]
    }

    /// `secrets`: values for `${secret:name}` in vendors' files; a missing one throws. `trust`: what vendors' own TLS files add to.
    /// `traces`: nil: nobody collects them.
    package init(
        gate: any Gatekeeper, standing: Standing = Standing(), recorder: any TransferRecorder, refresher: any SubjectRefresher,
        clock: any WallClock, volumes: VolumeBudget = VolumeBudget(), secrets: [String: String] = [:], trust: VendorTrust = VendorTrust(),
        traces: (any TraceKeeper)? = nil
    ) throws(ProxyError) {
        self.recorder = recorder
        self.refresher = refresher
        self.clock = clock
        self.volumes = volumes
        self.trust = trust
        self.traces = traces
        let policy = try PolicySnapshot(gate: gate, secrets: secrets, trust: trust, before: nil)
        identities = UpstreamIdentities(policy.identities)
        current = Mutex(Current(inForce: InForce(policy: policy, standing: standing, volumes: volumes), secrets: secrets))
    }

    /// Throws what `init` would, for a set that is not put in force.
    package static func check(_ vendors: [Vendor], secrets: [String: String], trust: VendorTrust) throws(ProxyError) {
        for vendor in vendors {
            _ = try VendorPlan(vendor, secrets: secrets)
            _ = try UpstreamIdentity.make(vendor, secrets: secrets, trust: trust, known: nil)
        }
    }

    /// Puts another policy set in force; on an error the one before stays. Requests not yet recorded are judged by the new one.
    /// `secrets` nil: those before.
    package func replace(gate: any Gatekeeper, secrets: [String: String]? = nil) throws(ProxyError) {
        let before = current.withLock { $0 }
        let secrets = secrets ?? before.secrets
        let policy = try PolicySnapshot(gate: gate, secrets: secrets, trust: trust, before: before.inForce.policy)
        identities.replace(policy.identities)
        current.withLock {
            $0 = Current(inForce: InForce(policy: policy, standing: $0.inForce.standing, volumes: volumes), secrets: secrets)
        }
    }

    /// Reads vendors' certificates again and takes their secrets anew, the policy set being the same; on an error those before stay.
    package func renew(secrets: [String: String]) throws(ProxyError) { try replace(gate: policy.gate, secrets: secrets) }

    /// Suspensions, holds, the log's state: binds the very next judgement. Volumes are `volumes`' own.
    package func replace(standing: Standing) { updateStanding { $0 = standing } }
    package func updateStanding(_ change: (inout Standing) -> Void) {
        current.withLock {
            var standing = $0.inForce.standing
            change(&standing)
            $0.inForce = InForce(policy: $0.inForce.policy, standing: standing, volumes: volumes)
        }
    }

    /// One look for everything: whoever finds the same object later knows that nothing has changed.
    var inForce: InForce { current.withLock { $0.inForce } }
    var policy: PolicySnapshot { inForce.policy }
}

/// The policy set and the standing at one moment. Immutable: a change puts another in its place.
final class InForce: Sendable {
    let policy: PolicySnapshot
    /// Suspensions and the like, and where to ask what was sent today.
    let standing: Standing

    init(policy: PolicySnapshot, standing: Standing, volumes: VolumeBudget) {
        self.policy = policy
        var standing = standing
        standing.budget = volumes
        self.standing = standing
    }
}

/// A gate and what the data plane derives from its policy set once, so that no request pays for it.
final class PolicySnapshot: Sendable {
    let gate: any Gatekeeper
    /// The gate's own, at hand.
    let set: PolicySet
    let subjects: any SubjectLookup
    let vendors: [VendorPlan]
    /// Of the destinations of vendors that have one.
    let identities: [Vendor.Destination: UpstreamIdentity]
    private let destinations: [Origin: (vendor: VendorID, destination: Vendor.Destination)]

    /// `before`: the snapshot in force, whose identities are taken over where nothing changed.
    init(gate: any Gatekeeper, secrets: [String: String], trust: VendorTrust, before: PolicySnapshot?) throws(ProxyError) {
        self.gate = gate
        set = gate.policy
        subjects = gate.subjects
        var plans: [VendorPlan] = []
        plans.reserveCapacity(gate.policy.vendors.count)
        var identities: [Vendor.Destination: UpstreamIdentity] = [:]
        for vendor in gate.policy.vendors {
            plans.append(try VendorPlan(vendor, secrets: secrets))
            let known = vendor.destinations.first.flatMap { before?.identities[$0] }
            guard let identity = try UpstreamIdentity.make(vendor, secrets: secrets, trust: trust, known: known) else { continue }
            for destination in vendor.destinations { identities[destination] = identity }
        }
        vendors = plans
        self.identities = identities
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
