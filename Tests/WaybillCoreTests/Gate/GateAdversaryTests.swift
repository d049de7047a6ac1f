import Testing

@testable import WaybillCore

/// Requests made to get personal data past the gate: each names the person whose data must stay.
@Suite("Requests that try to get past the gate")
struct GateAdversaryTests {
    private static let vendor =
        GateFixture.vendor + "\n" + """
              - id: lists.member
                request: PUT /lists/{list}/members/{subscriber}
                path_fields: {subscriber: {field: email, encoding: md5_lowercase}}
                body: json
                records: $
                subject: [email]
                fields: {email: email, name: first_name}
              - id: lists.token
                request: PUT /lists/{list}/tokens/{subscriber}
                path_fields: {subscriber: {field: email, encoding: base64}}
                body: json
                records: $
                subject: [email]
                fields: {email: email, name: first_name}
              - id: accounts.contacts
                request: POST /accounts/contacts
                body: json
                records: $.inputs[*]
                shared: {$.phone: phone}
                subject: [email]
                fields: {email: email, name: first_name}
              - id: stops
                request: POST /stops
                body: json
                records: $.inputs[*]
                shared: {$.by: first_name}
                subject: [email]
                rights: suppress
                only: {email: email, name: first_name, status: {const: unsubscribed}}
            """

    /// A newsletter on consent, and a service on legitimate interest.
    private static let agreement =
        GateFixture.agreement
        .replacing("endpoints: [contacts.*, referrals]", with: "endpoints: [\"*\"]")
        .replacing("crm_id: keep}", with: "crm_id: keep, phone: keep}")
        .replacing("limits: {records_per_day: 3}", with: "")
        .replacing(
            "regions: [DE]",
            with: """
                  - id: service
                    endpoints: ["*"]
                    basis: {gdpr: legitimate_interest}
                    basis_evidence: {assessment: lia-1}
                    fields: {email: keep, first_name: keep, crm_id: keep, phone: keep}
                regions: [DE]
                """)

    private static let edits = [
        "vendors/mailer.yaml": vendor, "agreements/mailer-newsletter.yaml": agreement,
        "catalog/purposes.yaml": (GateFixture.files["catalog/purposes.yaml"] ?? "") + "\n  service: {personalization: 0}",
        "callers/crm-sync.yaml": GateFixture.caller(onDenied: "drop")
            .replacing("purposes: [newsletter]", with: "purposes: [newsletter, service]"),
    ]

    /// What leaves, or the refusal's code.
    private func send(
        _ body: String, _ method: String = "POST", _ target: String = "/contacts", purpose: String? = nil,
        people: any SubjectLookup = People()
    ) throws -> String {
        let policy = try GateFixture.policy(Self.edits)
        var gate = GateFixture.gate(policy)
        gate = Gate(policy: policy, subjects: people, keys: gate.keys)
        var head = GateFixture.head(method, target)
        head.purpose = purpose
        let caller = try #require(policy.caller(named: "crm-sync"))
        do throws(Refusal) {
            let admission = try gate.admit(head, caller: caller, xid: TransferID(bytes: InlineArray(repeating: 0)))
            guard case .send(let shipment) = try gate.judge(admission, body: Array(body.utf8), standing: Standing(), now: GateFixture.now)
            else { return "refresh" }
            return String(decoding: shipment.draft.body, as: UTF8.self)
        } catch {
            return error.code
        }
    }

    @Test(
        "a path that holds a field in a stated encoding holds that, and of the record's own person",
        arguments: [
            ("/lists/x/members/6b56db1f84a3997b902509d3fbf0a306", ""), ("/lists/x/members/carl@example.net", "subject_unresolved"),
            ("/lists/x/members/carl", "subject_unresolved"),
            ("/lists/x/tokens/YW5uYUBleGFtcGxlLmNvbQ==", ""), ("/lists/x/tokens/Y2FybEBleGFtcGxlLm5ldA==", "consent_withdrawn"),
            ("/lists/x/tokens/carl@example.net", "subject_unresolved"), ("/lists/x/tokens/Y2FybA==", "subject_unresolved"),
        ])
    func pathEncodings(target: String, code: String) throws {
        let body = #"{"email":"anna@example.com"}"#
        #expect(try send(body, "PUT", target) == (code.isEmpty ? body : code))
    }

    @Test("what is shared identifies nobody: a record without its own identifier stays unknown")
    func sharedIdentifiesNobody() throws {
        let body = #"{"phone":"+48601234567","inputs":[{"name":"Carl"}]}"#
        #expect(
            try send(body, "POST", "/accounts/contacts", people: Registry(known: ["phone:+48601234567": .given])) == "subject_unresolved")
    }

    @Test("what is shared goes only if every record goes")
    func sharedFollowsAll() throws {
        let body = #"{"sender":"Carl","inputs":[{"email":"anna@example.com"},{"email":"carl@example.net"}]}"#
        #expect(try send(body, "POST", "/contacts/batch") == #"{"inputs":[{"email":"anna@example.com"}]}"#)
    }

    @Test("a rights request carries `only`, and nothing beside its records")
    func rightsCarryOnly() throws {
        let stop = #"{"inputs":[{"email":"carl@example.net","name":"Carl","status":"unsubscribed"}]}"#
        #expect(try send(stop, "POST", "/stops") == stop)
        let more = #"{"by":"Bruno Diaz","inputs":[{"email":"carl@example.net","name":"Carl","status":"unsubscribed"}]}"#
        #expect(try send(more, "POST", "/stops") == "record_schema_unknown")
        for body in [
            #"{"inputs":[{"email":"carl@example.net","name":"Carl","status":"unsubscribed","phone":"1"}]}"#,
            #"{"inputs":[{"email":"carl@example.net","name":"Carl","status":"subscribed"}]}"#,
            #"{"inputs":[{"email":"carl@example.net","name":"Carl","status":"unsubscribed"},{"email":"carl@example.net"}]}"#,
            #"{"x":1,"inputs":[{"email":"carl@example.net","name":"Carl","status":"unsubscribed"}]}"#,
        ] {
            #expect(try send(body, "POST", "/stops") == "record_schema_unknown", "\(body)")
        }
    }

    @Test(
        "an identifier nobody can read is not sent as it is, for nobody can tell whose stop it misses",
        arguments: [#""0601 234 567""#, #""+48 601 234 567 ext 3""#, "48601234567.0", "4.8e10", #""+48\u200b601234567""#])
    func unreadableIdentifiersStay(phone: String) throws {
        let people = Registry(known: ["email:anna@example.com": .given], objecting: ["phone:+48601234567"])
        #expect(try send(#"{"email":"anna@example.com","phone":\#(phone)}"#, people: people) == #"{"email":"anna@example.com"}"#)
        #expect(try send(#"{"email":"anna@example.com","phone":null}"#, people: people) == #"{"email":"anna@example.com","phone":null}"#)
        #expect(
            try send(#"{"email":"anna@example.com","phone":"+48 (0)601 234 567"}"#, purpose: "service", people: people)
                == "objection_active")
    }

    @Test(
        "one person's address in another spelling is no stranger's",
        arguments: [
            "carl@example.net,anna@example.com", "<carl@example.net>", "carl@example.net\u{a0}", "carl\u{200b}@example.net",
            "carl@example.net;", "mailto:carl@example.net", "\u{feff}carl@example.net", "carl@example.net.", "CARL@EXAMPLE.NET",
            " carl@example.net\t", "carl@@example.net", "carl\u{ad}@example.net",
        ])
    func spellings(email: String) throws {
        let people = Registry(known: [:], objecting: ["email:carl@example.net"])
        let answer = try send(#"{"email":"\#(email)"}"#.replacing("\t", with: #"\t"#), purpose: "service", people: people)
        #expect(["subject_unresolved", "objection_active"].contains(answer), "\(answer)")
    }

    @Test(
        "a purpose that is named badly is not replaced by the default",
        arguments: [
            ("", "purpose_unknown"), (" , ", "purpose_unknown"), ("other", "purpose_unknown"), ("newsletter, other", "purpose_unknown"),
            ("Newsletter", "purpose_unknown"), ("direct_marketing", "purpose_too_generic"), ("newsletter", ""),
        ])
    func purposes(named: String, code: String) throws {
        let body = #"{"email":"anna@example.com"}"#
        #expect(try send(body, purpose: named) == (code.isEmpty ? body : code))
    }

    @Test("whoever's identifier leaves is in the log, also where the record is about somebody else")
    func otherSubjectsAreLogged() throws {
        let policy = try GateFixture.policy(Self.edits)
        let people = Registry(known: ["email:anna@example.com": .given, "phone:+48601234567": .given])
        let gate = Gate(policy: policy, subjects: people, keys: GateFixture.gate(policy).keys)
        let caller = try #require(policy.caller(named: "crm-sync"))
        for (phone, count) in [("+48601234567", 2), ("+48601234568", 1)] {
            let admission = try gate.admit(GateFixture.head(), caller: caller, xid: TransferID(bytes: InlineArray(repeating: 0)))
            let body = Array(#"{"email":"anna@example.com","phone":"\#(phone)"}"#.utf8)
            guard case .send(let shipment) = try gate.judge(admission, body: body, standing: Standing(), now: GateFixture.now) else {
                Issue.record("not sent")
                return
            }
            #expect(shipment.draft.subjects.count == count)
        }
    }

    @Test(
        "a path that a vendor could read as another one is malformed",
        arguments: ["/contacts/%62atch", "/contacts/1%37", "/contacts/17;x=carl", "/contacts/17%3bx", "/contacts/a%2Eb", "/c%6Fntacts/17"])
    func pathDifferentials(target: String) throws {
        #expect(try send(#"{"email":"anna@example.com"}"#, "PUT", target) == "request_malformed")
    }

    @Test("two spellings of one letter are one identifier", arguments: ["/contacts/caf%C3%A9", "/contacts/cafe%CC%81"])
    func composedIdentifiers(target: String) throws {
        let people = Registry(known: [:], objecting: ["crm:caf\u{e9}"])
        #expect(try send(#"{"email":"anna@example.com"}"#, "PUT", target, purpose: "service", people: people) == "objection_active")
    }

    @Test("the method of an unknown call is not written to the log")
    func methodsAreNotText() throws {
        let policy = try GateFixture.policy()
        let caller = try #require(policy.caller(named: "crm-sync"))
        var refused: Refusal?
        do {
            _ = try GateFixture.gate(policy).admit(
                GateFixture.head("ANNA-KOWALSKA", "/nowhere"), caller: caller, xid: TransferID(bytes: InlineArray(repeating: 0)))
        } catch { refused = error }
        guard case .entry(let draft) = try #require(refused).logging else {
            Issue.record("not logged")
            return
        }
        #expect(draft.method == "")
    }
}

/// People by identifier; those who object do so to everything.
private struct Registry: SubjectLookup {
    var known: [String: ConsentEvent.State]
    var objecting: Set<String> = []
    var sequence: Int64 { 1 }

    func find(_ identifier: Identifier, now: Timestamp) -> SubjectFinding {
        // Bytes, for two strings that only look alike are equal to Swift.
        let consent = known.first { $0.key.utf8.elementsEqual(identifier.bytes) }?.value
        let objects = objecting.contains { $0.utf8.elementsEqual(identifier.bytes) }
        guard consent != nil || objects else { return .unknown }
        let consents = consent.map {
            [ConsentStanding(purpose: "newsletter", recipient: "mailer", state: $0, notice: "n-7", hasProof: true)]
        }
        let number = UInt32(identifier.bytes.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xFFFF }) + 1
        let profile = SubjectProfile(
            consents: consents ?? [], kind: .consumer, countries: [Region("DE")].compactMap { $0 },
            objections: objects ? [SubjectProfile.Objection(scope: .all)] : [])
        return .known(
            SubjectEntry(number: number, salt: InlineArray(repeating: 1), profile: profile, profileNumber: number, born: nil))
    }
}
