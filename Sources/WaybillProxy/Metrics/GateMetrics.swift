package import WaybillCore

/// The sum over all event loops at one moment.
struct GateSnapshot {
    struct VendorPool {
        var (open, idle, dialling, circuitsOpen) = (0, 0, 0, 0)
        var failures: [ConnectFault: UInt64] = [:]
    }
    var counts = GateCounts()
    var pools: [Vendor.Destination: VendorPool] = [:]
    var loopsShedding = 0
    var bodiesInFlightBytes: Int
    let connections: [ConnectionCount]

    init(bodiesInFlightBytes: Int, connections: [ConnectionCount]) {
        self.bodiesInFlightBytes = bodiesInFlightBytes
        self.connections = connections
    }

    mutating func add(_ counts: GateCounts, pool: [UpstreamPool.Snapshot], isShedding: Bool) {
        self.counts.add(counts)
        for one in pool { pools[one.target, default: VendorPool()].add(one) }
        if isShedding { loopsShedding += 1 }
    }
}

extension GateSnapshot.VendorPool {
    mutating func add(_ one: UpstreamPool.Snapshot) {
        open += one.open
        idle += one.idle
        dialling += one.dialling
        circuitsOpen += one.isCircuitOpen ? 1 : 0
        failures.merge(one.failures, uniquingKeysWith: &+)
    }

    mutating func add(_ other: Self) {
        open += other.open
        idle += other.idle
        dialling += other.dialling
        circuitsOpen += other.circuitsOpen
        failures.merge(other.failures, uniquingKeysWith: &+)
    }
}

/// The data plane's metrics: what they are called and how they are read off a snapshot.
package enum GateMetrics {
    private typealias Definition = MetricFamily.Definition

    private static let requests = Definition(
        "waybill_requests_total", .counter, labels: ["listener", "outcome"],
        "Requests by how they ended: allow and allow_redacted were relayed, refused and shed were answered by the gate, broken_off lost the "
            + "vendor midway, abandoned lost the caller.")
    private static let refusals = Definition(
        "waybill_refusals_total", .counter, labels: ["status", "code"], "Answers of the gate itself, by status and problem code.")
    private static let records = Definition(
        "waybill_records_total", .counter, labels: ["outcome"], "Records sent, held and denied.")
    private static let reasons = Definition(
        "waybill_decision_reasons_total", .counter, labels: ["code"],
        "Records by reason code of their decision; a record may have several, and a sent one may have codes for fields it lost.")
    private static let decide = Definition(
        "waybill_decide_seconds", .histogram,
        "From a request's head to its decision, the wait for its body apart: authenticating, admitting, scanning, deciding, reducing.")
    private static let commit = Definition(
        "waybill_commit_seconds", .histogram, "From handing an intent to the transfer log to knowing that it is durable.")
    private static let vendor = Definition(
        "waybill_vendor_seconds", .histogram, "From the first byte sent to a vendor to the head of its answer.")
    private static let added = Definition(
        "waybill_added_seconds", .histogram,
        "What the gate adds to a transfer: from the request's head to the first byte sent, the wait for its body apart.")
    private static let turn = Definition(
        "waybill_loop_turn_seconds", .histogram,
        "How long an event loop took to handle everything that had come; long turns keep callers waiting.")
    private static let shedding = Definition(
        "waybill_loops_shedding", .gauge, "Event loops that turn requests away at this moment because their turns stay long.")
    private static let inFlight = Definition("waybill_requests_in_flight", .gauge, "Requests between admission and their answer.")
    private static let bodies = Definition("waybill_bodies_in_flight_bytes", .gauge, "Request bodies held in memory.")
    private static let connections = Definition(
        "waybill_caller_connections", .gauge, labels: ["listener"], "Callers' open connections.")
    private static let accepted = Definition(
        "waybill_caller_connections_total", .counter, labels: ["listener"], "Callers' connections since the start.")
    private static let closed = Definition(
        "waybill_caller_connections_refused_total", .counter, labels: ["listener"], "Connections closed as they came, beyond the limit.")
    private static let answers = Definition(
        "waybill_vendor_answers_total", .counter, labels: ["vendor", "class"], "Vendors' answers by class of status.")
    private static let upstream = Definition(
        "waybill_vendor_connections", .gauge, labels: ["vendor", "state"],
        "Connections to a vendor: open ones, those of them that are idle, and those being dialled.")
    private static let failures = Definition(
        "waybill_vendor_connect_failures_total", .counter, labels: ["vendor", "fault"],
        "Transfers for which no verified connection to the vendor was had, by fault.")
    private static let circuit = Definition(
        "waybill_vendor_circuits_open", .gauge, labels: ["vendor"],
        "Destinations left alone after failures in a row, counted once for each event loop.")

    package static let definitions: [MetricFamily.Definition] = [
        requests, refusals, records, reasons, decide, commit, vendor, added, turn, shedding, inFlight, bodies, connections, accepted,
        closed,
        answers,
        upstream, failures, circuit,
    ]

    static func families(_ snapshot: GateSnapshot, vendors: [VendorPlan]) -> [MetricFamily] {
        let counts = snapshot.counts
        return ofRequests(counts) + [
            MetricFamily(shedding, count: snapshot.loopsShedding), MetricFamily(inFlight, count: counts.inFlight),
            MetricFamily(bodies, count: snapshot.bodiesInFlightBytes),
        ] + ofConnections(snapshot.connections) + ofVendors(snapshot, vendors)
    }

    private static func ofConnections(_ listeners: [ConnectionCount]) -> [MetricFamily] {
        [
            MetricFamily(connections, listeners.map { .init([$0.listener.label], .number(Double($0.openNow))) }),
            MetricFamily(accepted, listeners.map { .init([$0.listener.label], .count(UInt64(clamping: $0.accepted))) }),
            MetricFamily(closed, listeners.map { .init([$0.listener.label], .count(UInt64(clamping: $0.refused))) }),
        ]
    }

    private static func ofRequests(_ counts: GateCounts) -> [MetricFamily] {
        let endings = ProxyConfiguration.Listener.Kind.all.flatMap { listener in
            GateCounts.Ending.allCases.map { ending in
                MetricFamily.Sample([listener.label, ending.label], .count(counts.requests[GateCounts.slot(listener, ending)]))
            }
        }
        let refused = counts.refusals.sorted { ($0.key.status, $0.key.code) < ($1.key.status, $1.key.code) }
        return [
            MetricFamily(requests, endings),
            MetricFamily(refusals, refused.map { .init([String($0.key.status), $0.key.code], .count($0.value)) }),
            MetricFamily(
                records,
                [
                    .init(["sent"], .count(counts.sent)), .init(["held"], .count(counts.held)), .init(["denied"], .count(counts.denied)),
                ]),
            MetricFamily(reasons, ReasonCode.allCases.map { .init([$0.rawValue], .count(counts.reasons[$0.order])) }),
            MetricFamily(decide, [.init([], .histogram(counts.decide.value))]),
            MetricFamily(commit, [.init([], .histogram(counts.commit.value))]),
            MetricFamily(vendor, [.init([], .histogram(counts.vendor.value))]),
            MetricFamily(added, [.init([], .histogram(counts.added.value))]),
            MetricFamily(turn, [.init([], .histogram(counts.turn.value))]),
        ]
    }

    /// One set of samples a vendor of the set in force; a destination that two vendors share is counted at both.
    private static func ofVendors(_ snapshot: GateSnapshot, _ vendors: [VendorPlan]) -> [MetricFamily] {
        let pools = vendors.map { vendor in
            var sum = GateSnapshot.VendorPool()
            for destination in vendor.destinations { if let pool = snapshot.pools[destination] { sum.add(pool) } }
            return (name: vendor.name, pool: sum)
        }
        return [
            MetricFamily(
                answers,
                snapshot.counts.answers.sorted { $0.key < $1.key }.flatMap { name, counts in
                    (1...5).map { .init([name, "\($0)xx"], .count(counts[$0])) }
                }),
            MetricFamily(
                upstream,
                pools.flatMap { name, pool in
                    [("open", pool.open), ("idle", pool.idle), ("dialling", pool.dialling)].map { .init([name, $0], .number(Double($1))) }
                }),
            MetricFamily(
                failures,
                pools.flatMap { name, pool in ConnectFault.allCases.map { .init([name, $0.rawValue], .count(pool.failures[$0] ?? 0)) } }),
            MetricFamily(circuit, pools.map { .init([$0.name], .number(Double($0.pool.circuitsOpen))) }),
        ]
    }
}
