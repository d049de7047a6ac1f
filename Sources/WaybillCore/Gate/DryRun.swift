/// One request through the whole pipeline with nothing sent and nothing logged: `waybill decide` and `waybill test`.
package struct DryRun: Sendable {
    package struct Record: Sendable {
        package var verdict: RecordVerdict
        package var report: ReductionReport
        package var checks: [CheckTrace]
    }
    package var outcome: Outcome
    /// The problem's code where the request was refused; nil otherwise.
    package var primary: String?
    package var status: Int?
    package var title: String?
    package var detail: String?
    package var records: [Record]
    /// What would leave; nil if nothing would.
    package var body: [UInt8]?

    package var codes: [ReasonCode] {
        Set(records.flatMap(\.verdict.codes)).sorted { $0.order < $1.order }
    }

    /// - Parameter caller: by id; nobody needs a token for a dry run.
    package init(gate: Gate, caller: CallerID, head: RequestHead, body: [UInt8], standing: Standing = Standing(), now: Timestamp) {
        let xid = TransferID(bytes: InlineArray(repeating: 0))
        let explaining = Explaining()
        do throws(Refusal) {
            let admission = try gate.admit(head, caller: caller, xid: xid)
            switch try gate.judge(admission, body: body, standing: standing, now: now, reporting: true, explaining: explaining) {
            case .refresh:
                self.init(
                    refusal: Refusal(status: 503, code: "consent_store_unavailable", title: "", detail: ""), checks: explaining.checks)
            case .send(let shipment):
                self.init(shipment: shipment, checks: explaining.checks)
            }
        } catch {
            self.init(refusal: error, checks: explaining.checks)
        }
    }

    private init(refusal: Refusal, checks: [[CheckTrace]]) {
        outcome = refusal.outcome
        primary = refusal.code
        status = refusal.status
        title = refusal.title
        detail = refusal.detail
        body = nil
        records = refusal.records.enumerated().map { i, verdict in
            Record(verdict: verdict, report: ReductionReport(), checks: i < checks.count ? checks[i] : [])
        }
    }

    private init(shipment: Shipment, checks: [[CheckTrace]]) {
        outcome = shipment.outcome
        body = shipment.draft.body
        records = shipment.verdicts.enumerated().map { i, verdict in
            Record(
                verdict: verdict, report: i < shipment.reports.count ? shipment.reports[i] : ReductionReport(),
                checks: i < checks.count ? checks[i] : [])
        }
    }
}
