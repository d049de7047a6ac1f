import WaybillCore
import WaybillLedger

/// The filter of the pages about transfers, as a form and out of it.
enum TransferQuery {
    static func filter(_ call: ConsoleCall) throws(FormProblem) -> TransferFilter {
        var filter = TransferFilter()
        filter.vendor = call.field("vendor")
        filter.agreement = call.field("agreement")
        filter.purpose = call.field("purpose")
        filter.caller = call.field("caller")
        filter.reason = call.field("reason")
        if let text = call.field("decision") {
            guard let decision = TransferSummary.Decision(rawValue: text) else {
                throw FormProblem("There is no such decision; choose one of the list.", field: "decision")
            }
            filter.decision = decision
        }
        if let text = call.field("result") {
            guard let state = TransferState(name: text) else {
                throw FormProblem("There is no such outcome; choose one of the list.", field: "result")
            }
            filter.state = state
        }
        filter.since = try time(call, "since")
        filter.until = try time(call, "until")
        if let since = filter.since, let until = filter.until, since >= until {
            throw FormProblem("The time ends before it begins; turn the two around.", field: "until")
        }
        return filter
    }

    static func cursor(_ call: ConsoleCall) throws(FormProblem) -> ExportCursor? {
        guard let text = call.field("cursor") else { return nil }
        guard let cursor = ExportCursor(text) else { throw FormProblem("The page is not one of this list; begin at the first.") }
        return cursor
    }

    /// A date, or a time of RFC 3339.
    static func time(_ call: ConsoleCall, _ name: String) throws(FormProblem) -> Timestamp? {
        guard let text = call.field(name) else { return nil }
        guard let time = Day(iso8601: text)?.start ?? Timestamp(rfc3339: text) else {
            throw FormProblem("A time looks like 2026-06-01, or 2026-06-01T12:00:00Z.", field: name)
        }
        return time
    }

    static func problem(_ problem: FormProblem) -> JSONValue {
        ConsolePart.part("notice", ConsolePart.notice(.bad, heading: "The search was not done", problem.message))
    }

    /// A caller learns of the vendors that it may send to, and of no other.
    private static func vendors(_ set: PolicySet, _ principal: Principal?) -> [String] {
        guard let caller = principal?.caller else { return set.vendors.map(\.id) }
        let used = Set(set.callers.first { $0.id == caller }?.mayUse.map { set[$0.vendor].id } ?? [])
        return set.vendors.map(\.id).filter(used.contains)
    }

    static func form(_ call: ConsoleCall, action: String, _ set: PolicySet, isCounting: Bool = false) -> ConsoleForm {
        var form = ConsoleForm(call, action: action, method: .get)
        if call.principal?.vendor == nil { form.add("vendor", "Vendor", .select(any(vendors(set, call.principal)))) }
        form.add("agreement", "Agreement", .search)
        form.add("purpose", "Purpose", .select(any(set.purposes.map(\.name))))
        if call.principal?.caller == nil { form.add("caller", "Caller", .select(any(set.callers.map(\.id)))) }
        form.add(
            "decision", "Decision",
            .select([
                .init("", "any"), .init("allow", "allowed"), .init("allow_redacted", "allowed, reduced"), .init("deny", "denied"),
            ]))
        form.add("reason", "Reason", .select(any(ReasonCode.allCases.map(\.rawValue))))
        if !isCounting {
            let names = TransferState.allCases.filter { $0 != .denied }.map(\.name)
            form.add("result", "Outcome", .select([.init("", "any")] + names.map { .init($0, $0.replacing("_", with: " ")) }))
        }
        form.add("since", "From (UTC)", .search, hint: "2026-06-01 or a full time")
        form.add("until", "Before (UTC)", .search, hint: "2026-07-01 or a full time")
        form.button(isCounting ? "Count" : "Search", tone: "primary")
        form.cancel(action)
        return form
    }

    private static func any(_ names: [String]) -> [ConsoleForm.Option] {
        [.init("", "any")] + names.sorted().map { .init($0) }
    }
}
