import Testing
import WaybillCore
import WaybillLedger
import WaybillReport

@Suite("What a report says")
struct ReportTextTests {
    @Test("The title names the vendor, and no person")
    func title() {
        let checkpoint = Checkpoint(origin: "acme.example/waybill", size: 0, root: MerkleHashing.emptyRoot)
        let now = Timestamp(nanoseconds: 0)
        func title(_ scope: EvidenceReport.Scope) -> String {
            ReportText.title(EvidenceReport(scope: scope, organisation: "Acme", from: now, until: now, made: now, checkpoint: checkpoint))
        }
        #expect(title(.vendor(id: "hubspot", name: "HubSpot")) == "Transfers to HubSpot")
        #expect(title(.subject) == "Transfers about one person")
    }
}
