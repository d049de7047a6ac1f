import WaybillCore
import WaybillLedger

/// What somebody should look at, most pressing first.
enum Attention {
    struct Item {
        enum Urgency: Int { case now, soon }
        var urgency: Urgency
        var what: String
        var detail: String
        var path: String?
        var permission: Permission
    }
    /// Dates this near are told of.
    static let aheadSeconds: Int64 = 30 * 86_400
    static let sinkBehindEntriesMax: UInt64 = 10_000

    static func items(
        _ set: PolicySet, stops: [SuspensionEvent], engagements: [Engagement], state: ConsoleGateState, now: Timestamp
    ) -> [Item] {
        let all = ofGate(state) + stops.map(stop) + dates(set, now) + findings(engagements, now)
        return all.filter { $0.urgency == .now } + all.filter { $0.urgency == .soon }
    }

    private static func ofGate(_ state: ConsoleGateState) -> [Item] {
        var items: [Item] = []
        if let why = state.logFailure {
            items.append(Item(urgency: .now, what: "The log takes no entries", detail: why, path: "/console/log", permission: .useOwnAccount))
        }
        if let why = state.policyFailure {
            items.append(Item(urgency: .now, what: "The policy files on disk were refused", detail: why, permission: .readPolicies))
        }
        for witness in state.witnesses where witness.isStale || witness.fault?.isEvidence == true {
            let what = witness.fault?.isEvidence == true ? "contradicts this log" : "has not cosigned for too long"
            items.append(
                Item(
                    urgency: .now, what: "The witness \(witness.name) \(what)", detail: witness.fault?.message ?? "", path: "/console/log",
                    permission: .readLog))
        }
        for sink in state.sinks where sink.failure != nil || sink.behindEntries > sinkBehindEntriesMax {
            items.append(
                Item(
                    urgency: .now, what: "The sink \(sink.name) is \(ConsolePart.grouped(Int(clamping: sink.behindEntries))) entries behind",
                    detail: sink.failure ?? "", path: "/console/sinks", permission: .readOperations))
        }
        return items
    }

    private static func stop(_ stop: SuspensionEvent) -> Item {
        Item(
            urgency: .now, what: "Stopped: \(stop.target.name)",
            detail: "By \(stop.stamp.by), \(ConsolePart.shown(stop.stamp.at)): \(stop.why)", path: "/console/stops",
            permission: .readPolicies)
    }

    private static func dates(_ set: PolicySet, _ now: Timestamp) -> [Item] {
        var items: [Item] = []
        func add(_ date: Timestamp?, _ what: String, path: String) {
            guard let date, date < now.adding(seconds: aheadSeconds) else { return }
            items.append(
                Item(
                    urgency: date <= now ? .now : .soon, what: what, detail: "\(date <= now ? "Since" : "On") \(date.day.iso8601)",
                    path: path, permission: .readPolicies))
        }
        let newest = Dictionary(grouping: set.agreements, by: \.id).compactMap { $1.max { $0.version < $1.version } }
        for agreement in newest.sorted(by: { $0.id < $1.id }) {
            let path = "/console/agreements/\(ConsoleAddress.part(agreement.id))"
            add(agreement.until, "Agreement \(agreement.id) ends", path: path)
            add(agreement.reviewNext, "Agreement \(agreement.id): review", path: path)
            if case .report(let until) = agreement.mode { add(until, "Agreement \(agreement.id): report mode ends", path: path) }
            for mechanism in agreement.transfer {
                add(mechanism.until, "Agreement \(agreement.id): transfer mechanism \(mechanism.kind.rawValue) ends", path: path)
            }
        }
        for vendor in set.vendors {
            let path = "/console/vendors/\(ConsoleAddress.part(vendor.id))"
            add(vendor.dueDiligence?.next, "Vendor \(vendor.id): due diligence", path: path)
            for certification in vendor.certifications {
                add(certification.until, "Vendor \(vendor.id): certification \(certification.scheme) ends", path: path)
            }
        }
        return items
    }

    private static func findings(_ engagements: [Engagement], _ now: Timestamp) -> [Item] {
        engagements.compactMap { engagement in
            let overdue = engagement.overdue(on: now.day)
            guard overdue > 0, engagement.state != .closed else { return nil }
            return Item(
                urgency: .now, what: "Engagement \(engagement.id): \(overdue) findings are overdue", detail: "",
                path: "/console/engagements/\(engagement.id)", permission: .readAudits)
        }
    }
}
