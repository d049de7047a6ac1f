import NIOCore
import WaybillCore

/// What one event loop counts. Only that loop touches it, so that counting is an addition to plain memory.
final class LoopMetrics {
    private(set) var counts = GateCounts()
    private var vendors = VendorAnswers()

    // MARK: Steps of an exchange

    func began() { counts.inFlight += 1 }
    var inFlight: Int { counts.inFlight }

    func judged(_ times: TransferTimes) {
        if let decide = times.decide { counts.decide.add(decide) }
    }

    func committed(_ times: TransferTimes, now: NIODeadline) {
        if let recorded = times.recorded { counts.commit.add(now - recorded) }
    }

    func forwarded(_ shipment: Shipment, _ times: TransferTimes) {
        if let added = times.added { counts.added.add(added) }
        counts.sent &+= UInt64(clamping: shipment.sentCount)
        counts.held &+= UInt64(clamping: shipment.heldCount)
        counts.denied &+= UInt64(clamping: shipment.deniedCount)
        for (code, records) in shipment.draft.codes { counts.reasons[code.order] &+= UInt64(clamping: records) }
    }

    func answered(status: Int, vendor: VendorID, of policy: PolicySnapshot, _ times: TransferTimes, now: NIODeadline) {
        if let forwarded = times.forwarded { counts.vendor.add(now - forwarded) }
        vendors.count(status: status, vendor: vendor, of: policy)
    }

    // MARK: Endings, one for each request

    func ended(_ ending: GateCounts.Ending, on listener: ProxyConfiguration.Listener.Kind, wasInFlight: Bool) {
        if wasInFlight { counts.inFlight -= 1 }
        counts.requests[GateCounts.slot(listener, ending)] &+= 1
    }

    /// Cheaper than the others, because it must be.
    func shed(on listener: ProxyConfiguration.Listener.Kind) { counts.requests[GateCounts.slot(listener, .shed)] &+= 1 }

    /// `hasLeft`: the records were counted when they left.
    func refused(_ refusal: Refusal, hasLeft: Bool, on listener: ProxyConfiguration.Listener.Kind, wasInFlight: Bool) {
        ended(.refused, on: listener, wasInFlight: wasInFlight)
        counts.count(refusal)
        guard !hasLeft else { return }
        for record in refusal.records {
            if record.decision == .hold { counts.held &+= 1 } else { counts.denied &+= 1 }
            for code in record.codes { counts.reasons[code.order] &+= 1 }
        }
    }

    // MARK: The loop

    func turned(_ duration: TimeAmount) { counts.turn.add(duration) }

    func snapshot() -> GateCounts {
        var counts = counts
        counts.answers = vendors.byName
        let shed = ProxyConfiguration.Listener.Kind.all.reduce(0) { $0 + counts.requests[GateCounts.slot($1, .shed)] }
        let overloaded = Refusal.overloaded
        if shed > 0 { counts.refusals[.init(status: overloaded.status, code: overloaded.code)] = shed }
        return counts
    }
}

/// Answers by vendor, counted by position so that no request hashes a name; positions change with the policy set.
private struct VendorAnswers {
    private var policy: PolicySnapshot?
    private var present: [InlineArray<6, UInt64>] = []
    private var former: [String: InlineArray<6, UInt64>] = [:]

    mutating func count(status: Int, vendor: VendorID, of policy: PolicySnapshot) {
        if policy !== self.policy {
            former = byName
            self.policy = policy
            present = Array(repeating: InlineArray(repeating: 0), count: policy.vendors.count)
        }
        let hundreds = status / 100
        present[vendor.position][(1...5).contains(hundreds) ? hundreds : 0] &+= 1
    }

    var byName: [String: InlineArray<6, UInt64>] {
        var sums = former
        for (position, counts) in present.enumerated() {
            guard let name = policy?.vendors[position].name, (0..<6).contains(where: { counts[$0] > 0 }) else { continue }
            for hundreds in 0..<6 { sums[name, default: InlineArray(repeating: 0)][hundreds] &+= counts[hundreds] }
        }
        return sums
    }
}
