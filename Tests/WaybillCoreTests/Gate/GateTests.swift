import Testing

@testable import WaybillCore

@Suite("The gate's pipeline")
struct GateTests {
    private func judge(
        _ body: String, _ head: RequestHead = GateFixture.head(), edits: [String: String] = [:], standing: Standing = Standing()
    ) throws -> Shipment {
        let gate = GateFixture.gate(try GateFixture.policy(edits))
        let caller = try #require(gate.policy.caller(named: "crm-sync"))
        let admission = try gate.admit(head, caller: caller, xid: TransferID(bytes: InlineArray(repeating: 0)))
        guard case .send(let shipment) = try gate.judge(admission, body: Array(body.utf8), standing: standing, now: GateFixture.now) else {
            throw Refusal(status: 0, code: "refresh", title: "", detail: "")
        }
        return shipment
    }

    private func refusal(
        _ body: String, _ head: RequestHead = GateFixture.head(), edits: [String: String] = [:], standing: Standing = Standing()
    ) throws -> Refusal? {
        do {
            let shipment = try judge(body, head, edits: edits, standing: standing)
            Issue.record("sent \(shipment.sentCount) records")
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    private func text(_ shipment: Shipment) -> String { String(decoding: shipment.draft.body, as: UTF8.self) }

    @Test("an opted-in contact leaves reduced, and the rest of the body stays byte for byte")
    func reduces() throws {
        let shipment = try judge(#"{ "email": "Anna@Example.com" , "name":"Anna","ssn":"536-90-4399", "source" : 1.10 }"#)
        #expect(text(shipment) == #"{ "email": "Anna@Example.com" , "name":"A", "source" : 1.10 }"#)
        #expect(shipment.outcome == .allowRedacted)
        #expect(shipment.draft.fields == ["email", "first_name"])
        #expect(shipment.draft.droppedMembers == 1)
        #expect(shipment.draft.consentSequence == 41)
        #expect(shipment.draft.subjects.map(\.number) == [1])
        #expect(shipment.draft.agreements.map(\.id) == ["mailer-newsletter"])
    }

    @Test("a record that needs no change is allowed as it came")
    func allows() throws {
        let body = #"{"email":"anna@example.com","name":"A"}"#
        let shipment = try judge(body)
        #expect(text(shipment) == body)
        #expect(shipment.outcome == .allow)
    }

    @Test(
        "heads that do not pass are refused before any body",
        arguments: [
            (GateFixture.head(vendor: "nobody"), 403, "vendor_unknown"), (GateFixture.head("POST", "/else"), 403, "endpoint_unknown"),
            (GateFixture.head("DELETE", "/contacts"), 405, "method_not_allowed"),
            (GateFixture.head("POST", "/a//b"), 400, "request_malformed"),
            (GateFixture.head("GET", "/contacts?email=x"), 403, "endpoint_unknown"),
        ])
    func refusesHeads(head: RequestHead, status: Int, code: String) throws {
        let refusal = try refusal("{}", head)
        #expect(refusal?.status == status)
        #expect(refusal?.code == code)
    }

    @Test("media types and codings outside the endpoint's are refused")
    func refusesMediaTypes() throws {
        var head = GateFixture.head()
        head.contentType = "text/plain"
        #expect(try refusal("{}", head)?.status == 415)
        head.contentType = "application/json; charset=latin1"
        #expect(try refusal("{}", head)?.status == 415)
        head.contentType = "application/json"
        head.contentEncoding = "br"
        #expect(try refusal("{}", head)?.status == 415)
        head = GateFixture.head("GET", "/contacts")
        head.hasBody = true
        #expect(try refusal("{}", head)?.status == 400)
    }

    @Test(
        "records that may not go are refused with their reason",
        arguments: [
            (#"{"email":"carl@example.net"}"#, "consent_withdrawn"), (#"{"email":"new@example.com"}"#, "consent_missing"),
            (#"{"name":"X"}"#, "subject_unresolved"), (#"{"email":""}"#, "subject_unresolved"),
        ])
    func refusesRecords(body: String, code: String) throws {
        let refusal = try #require(try refusal(body))
        #expect(refusal.code == code)
        #expect(refusal.detail == "1 of 1 records denied; nothing was sent")
        guard case .entry(let draft) = refusal.logging else {
            Issue.record("not logged")
            return
        }
        #expect(draft.body.isEmpty && draft.fields.isEmpty)
        #expect(draft.subjects.allSatisfy { $0.number != nil }, "a denial makes nobody known")
    }

    @Test("a batch with a denied record is refused whole, or sent without it, as the caller's policy says")
    func batches() throws {
        let body =
            #"{"mode":"x","other":1,"sender":"Sam","inputs":[{"email":"anna@example.com"},{"email":"carl@example.net"},{"email":"bruno@example.org","name":"Bruno"}]}"#
        let head = GateFixture.head("POST", "/contacts/batch")
        let refused = try #require(try refusal(body, head))
        #expect(refused.code == "consent_withdrawn")
        #expect(refused.records.map(\.decision) == [.allowRedacted, .deny, .allowRedacted], "the shared sender was cut")
        let shipment = try judge(body, head, edits: ["callers/crm-sync.yaml": GateFixture.caller(onDenied: "drop")])
        #expect(text(shipment) == #"{"mode":"x","inputs":[{"email":"anna@example.com"},{"email":"bruno@example.org","name":"B"}]}"#)
        #expect((shipment.sentCount, shipment.deniedCount) == (2, 1))
        #expect(shipment.draft.subjects.map(\.number) == [1, 2], "only those whose data leaves")
    }

    @Test("a person who may not be named is dropped from the record where the endpoint says so")
    func dropsPeople() throws {
        let head = GateFixture.head("POST", "/referrals")
        let both = try judge(#"{"email":"anna@example.com","friend":{"email":"bruno@example.org"}}"#, head)
        #expect(text(both) == #"{"email":"anna@example.com","friend":{"email":"bruno@example.org"}}"#)
        let one = try judge(#"{"email":"anna@example.com","friend":{"email":"carl@example.net"}}"#, head)
        #expect(text(one) == #"{"email":"anna@example.com","friend":{}}"#)
        #expect(one.draft.subjects.map(\.number) == [1])
        #expect(try refusal(#"{"email":"carl@example.net","friend":{"email":"anna@example.com"}}"#, head)?.code == "consent_withdrawn")
    }

    @Test("a path that holds a field goes only if the field is kept as it is")
    func judgesPaths() throws {
        let head = GateFixture.head("PUT", "/contacts/17")
        #expect(try judge(#"{"email":"anna@example.com"}"#, head).draft.fields == ["crm_id", "email"])
        let hashed = GateFixture.agreement.replacing("crm_id: keep", with: "crm_id: hash")
        #expect(
            try refusal(#"{"email":"anna@example.com"}"#, head, edits: ["agreements/mailer-newsletter.yaml": hashed])?.code
                == "field_not_agreed")
    }

    @Test("a stale entry asks for a refresh")
    func asksForRefresh() throws {
        #expect(try refusal(#"{"email":"dora@example.com"}"#)?.code == "refresh")
    }

    @Test("a signed body passes unchanged or not at all")
    func keepsSignedBodies() throws {
        var head = GateFixture.head()
        head.isBodySigned = true
        #expect(try judge(#"{"email":"anna@example.com"}"#, head).outcome == .allow)
        #expect(try refusal(#"{"email":"anna@example.com","ssn":"1"}"#, head)?.code == "body_signed")
    }

    @Test("an ended caller sends nothing, whatever the files say", arguments: [("POST", "/contacts"), ("GET", "/contacts")])
    func endedCaller(_ method: String, _ target: String) throws {
        var standing = Standing()
        standing.callersEnded = Set(try GateFixture.policy().callers.map(\.id))
        #expect(!standing.bindsLike(Standing()))
        let body = method == "GET" ? "" : #"{"email":"anna@example.com"}"#
        #expect(try refusal(body, GateFixture.head(method, target), standing: standing)?.code == "caller_not_permitted")
    }

    @Test("records of one request count against the day's volume one by one")
    func countsVolume() throws {
        var standing = Standing()
        standing.volumes = ["mailer-newsletter": Standing.Volume(records: 2, subjects: 2)]
        let head = GateFixture.head("POST", "/contacts/batch")
        #expect(try judge(#"{"inputs":[{"email":"anna@example.com"}]}"#, head, standing: standing).volumes.first?.records == 1)
        let two = #"{"inputs":[{"email":"anna@example.com"},{"email":"bruno@example.org"}]}"#
        let refused = try #require(try refusal(two, head, standing: standing))
        #expect(refused.code == "volume_exceeded")
        #expect(refused.status == 429)
    }

    @Test("a shipment rests on its agreement up to the very end of it, and no longer")
    func restsOnAgreements() throws {
        let policy = try GateFixture.policy()
        let until = try #require(policy.agreements.first?.until)
        let shipment = try judge(#"{"email":"anna@example.com"}"#)
        #expect(shipment.restsOnAgreements(of: policy, inForceAt: Timestamp(nanoseconds: until.nanoseconds - 1)))
        #expect(!shipment.restsOnAgreements(of: policy, inForceAt: until))
    }

    @Test("a call without personal data needs no subject", arguments: ["/contacts", "/contacts?limit=10"])
    func passesControlCalls(target: String) throws {
        let shipment = try judge("", GateFixture.head("GET", target))
        #expect(shipment.draft.body.isEmpty)
        #expect(shipment.draft.subjects.isEmpty)
    }
}
