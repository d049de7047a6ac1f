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
    static let aheadDays = 30
    static let sinkBehindEntriesMax: UInt64 = 10_000

    static func items(
        due: [DueDate], stops: [SuspensionEvent], engagements: [Engagement], state: ConsoleGateState, now: Timestamp
    ) -> [Item] {
        let all = ofGate(state) + stops.map(stop) + due.map(Self.due) + findings(engagements, now)
        return all.filter { $0.urgency == .now } + all.filter { $0.urgency == .soon }
    }

    private static func ofGate(_ state: ConsoleGateState) -> [Item] {
        var items: [Item] = []
        if let why = state.logFailure {
            items.append(
                Item(urgency: .now, what: "The log takes no entries", detail: why, path: "/console/log", permission: .useOwnAccount))
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
                    urgency: .now,
                    what: "The sink \(sink.name) is \(ConsolePart.grouped(Int(clamping: sink.behindEntries))) entries behind",
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

    private static func due(_ date: DueDate) -> Item {
        let isOver = date.daysLeft < 0
        return Item(
            urgency: isOver ? .now : .soon,
            what: "\(date.kind.rawValue.capitalizedFirst) \(date.id): \(date.what.rawValue.replacing("_", with: " "))",
            detail: "\(isOver ? "Since" : "On") \(date.date.prefix(10)). \(date.consequence)",
            path: "/console/\(date.kind.folder)/\(ConsoleAddress.part(date.id))", permission: .readPolicies)
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
