import Testing
import WaybillCore
import WaybillLedger

@testable import WaybillControl

@Suite("The search for transfers")
struct TransferQueryTests {
    private func call(_ fields: [String: String]) -> ConsoleCall {
        var call = ConsoleCall(principal: nil, now: Timestamp(seconds: 0))
        call.fields = fields.mapValues { [$0] }
        return call
    }

    @Test("Every filter of the command is one of the page; what is empty is none")
    func everyFilter() throws {
        let filter = try TransferQuery.filter(
            call([
                "vendor": "hubspot", "agreement": "a@1", "purpose": " newsletter ", "caller": "", "decision": "deny", "reason": "opted_out",
                "result": "vendor_error", "since": "2026-06-01", "until": "2026-06-02T00:00:01Z",
            ]))
        var expected = TransferFilter()
        (expected.vendor, expected.agreement, expected.purpose) = ("hubspot", "a@1", "newsletter")
        (expected.decision, expected.reason, expected.state) = (.deny, "opted_out", .vendorError)
        (expected.since, expected.until) = (Day(iso8601: "2026-06-01")?.start, Timestamp(rfc3339: "2026-06-02T00:00:01Z"))
        #expect(filter == expected)
    }

    static let malformed: [([String: String], String)] = [
        (["decision": "maybe"], "decision"), (["result": "lost"], "result"), (["since": "yesterday"], "since"),
        (["until": "2026-13-01"], "until"), (["since": "2026-06-02", "until": "2026-06-01"], "until"),
    ]

    @Test("What is not understood is told beside its field", arguments: malformed)
    func wrong(fields: [String: String], field: String) {
        let problem = #expect(throws: FormProblem.self) { try TransferQuery.filter(call(fields)) }
        #expect(problem?.field == field)
    }

    @Test("Whoever sees one vendor or one caller sees no other, whatever they ask for")
    func narrowed() {
        var principal = Principal(id: "account:x", name: "x", kind: .person, roles: [.vendorAuditor])
        (principal.vendor, principal.caller) = ("hubspot", "crm")
        var filter = TransferFilter()
        filter.vendor = "stripe"
        let seen = ConsoleDesk.seen(filter, by: principal)
        #expect(seen.vendor == "hubspot" && seen.caller == "crm")
    }
}
