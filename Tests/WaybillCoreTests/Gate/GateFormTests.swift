import Testing

@testable import WaybillCore

/// Forms through the whole pipeline, from the head to what leaves.
@Suite struct GateFormTests {
    private static let vendor =
        GateFixture.vendor + "\n" + """
              - id: contacts.form
                request: POST /form
                body: form
                records: $
                subject: [email]
                fields: {email: email, name: first_name, phone: phone, meta.id: crm_id, ssn: national_id}
                structure: [source]
              - id: contacts.items
                request: POST /items
                body: form
                records: $.items[*]
                envelope: [$.mode]
                shared: {$.sender: first_name}
                subject: [email]
                fields: {email: email, name: first_name}
              - id: contacts.engage
                request: POST /engage
                body: form
                nested: {data: json}
                records: $.data[*]
                envelope: [$.verbose]
                subject: [$set.$email]
                fields: {$set.$email: email, $set.name: first_name}
                structure: [$token]
              - id: contacts.token
                request: POST /token
                body: form
                about: none
                structure: [grant_type, client_id, client_secret, refresh_token]
              - id: contacts.stop
                request: POST /stop
                body: form
                records: $
                subject: [email]
                rights: suppress
                only: {email: email, status: {const: out}}
            """

    private static let edits = [
        "vendors/mailer.yaml": vendor, "callers/crm-sync.yaml": GateFixture.caller(onDenied: "drop"),
        "agreements/mailer-newsletter.yaml": GateFixture.agreement.replacing("limits: {records_per_day: 3}", with: ""),
    ]

    /// What leaves, or the refusal's status and code.
    private static func send(
        _ body: String, to target: String = "/form", type: String? = "application/x-www-form-urlencoded", coding: String? = nil,
        isSigned: Bool = false
    ) throws -> String {
        let policy = try GateFixture.policy(edits)
        let gate = GateFixture.gate(policy)
        var head = GateFixture.head("POST", target)
        head.contentType = type
        head.contentEncoding = coding
        head.isBodySigned = isSigned
        let caller = try #require(policy.caller(named: "crm-sync"))
        do throws(Refusal) {
            let admission = try gate.admit(head, caller: caller, xid: TransferID(bytes: InlineArray(repeating: 0)))
            guard case .send(let shipment) = try gate.judge(admission, body: Array(body.utf8), standing: Standing(), now: GateFixture.now)
            else { return "refresh" }
            return String(decoding: shipment.draft.body, as: UTF8.self)
        } catch {
            return "\(error.status) \(error.code)"
        }
    }

    @Test(
        "a form is decided, reduced and proved like any other body",
        arguments: [
            ("email=anna%40example.com&name=Anna&ssn=1&source=web&x=1", "email=anna%40example.com&name=A&source=web"),
            ("email=anna%40example.com", "email=anna%40example.com"), ("EMAIL=anna%40example.com", "422 subject_unresolved"),
            ("email=carl%40example.net", "403 consent_withdrawn"), ("email=nobody%40example.net", "403 consent_missing"),
            ("email=dora%40example.com", "refresh"), ("name=Anna", "422 subject_unresolved"), ("email", "422 subject_unresolved"),
            ("email=anna+%40example.com", "422 subject_unresolved"), ("&", "422 subject_unresolved"), ("", "422 empty"),
            // Whoever stands second is not smuggled out under the first one's consent.
            ("email=anna%40example.com&email=carl%40example.net", "422 duplicate_name"),
            ("email=anna%40example.com&e%6dail=carl%40example.net", "422 duplicate_name"),
            ("email=anna%40example.com&email[]=carl%40example.net", "email=anna%40example.com"),
            ("email=anna%40example.com;email=carl%40example.net", "422 invalid_syntax"),
            ("email=anna%40example.com&Email=carl%40example.net", "422 confusable_name"),
            ("email=anna%40example.com&meta[id]=17&meta[id]=18", "422 duplicate_name"),
            ("email=anna%40example.com&meta[id]=17&meta.id=18&meta[id][]=19", "email=anna%40example.com&meta[id]=17"),
            ("email=anna%40example.com&name=Anna&name=Carl", "email=anna%40example.com&name=A&name=C"),
            ("_charset_=utf-7&email=anna%40example.com", "422 invalid_syntax"),
        ])
    func forms(body: String, result: String) throws {
        #expect(try Self.send(body) == result, "\(body)")
    }

    @Test("records of an array, the person in each, and what they share")
    func items() throws {
        let body =
            "mode=x&items[0][email]=anna%40example.com&items[1][email]=carl%40example.net&items[0][name]=Anna&items[1][name]=Carl&sender=S"
        #expect(try Self.send(body, to: "/items") == "mode=x&items[0][email]=anna%40example.com&items[0][name]=A")
        #expect(
            try Self.send("items[0][email]=anna%40example.com&items[00][email]=carl%40example.net&sender=Sam", to: "/items")
                == "items[0][email]=anna%40example.com&sender=S")
        #expect(try Self.send("items[][email]=anna%40example.com&items[][email]=carl%40example.net", to: "/items") == "422 shape_mismatch")
        #expect(try Self.send("mode=x", to: "/items") == "422 shape_mismatch")
    }

    @Test("a document in a field is decided record by record")
    func nested() throws {
        let document =
            #"[{"$token":"t","$set":{"$email":"anna@example.com","name":"Anna","ssn":1}},{"$set":{"$email":"carl@example.net"}}]"#
        #expect(
            try Self.send("verbose=1&data=\(document)&ip=1", to: "/engage")
                == "verbose=1&data=%5B%7B%22%24token%22%3A%22t%22%2C%22%24set%22%3A%7B%22%24email%22%3A%22anna%40example.com%22%2C"
                + "%22name%22%3A%22A%22%7D%7D%5D")
        #expect(try Self.send(#"data=[{"$set":{"$email":"carl@example.net"}}]"#, to: "/engage") == "403 consent_withdrawn")
        #expect(try Self.send(#"data=[{"$set":{"$email":"a","$email":"b"}}]"#, to: "/engage") == "422 duplicate_name")
        #expect(try Self.send("data=[]", to: "/engage") == "422 shape_mismatch")
        #expect(try Self.send("verbose=1", to: "/engage") == "422 shape_mismatch")
    }

    @Test("a token call carries what it is said to, and no person")
    func tokens() throws {
        let body = "grant_type=refresh_token&client_id=a&client_secret=b&refresh_token=c%2Fd"
        #expect(try Self.send(body, to: "/token") == body)
        #expect(
            try Self.send("grant_type=password&username=anna%40example.com&password=x&client_id=a", to: "/token")
                == "grant_type=password&client_id=a")
    }

    @Test("a stop reaches the vendor only as exactly that")
    func stops() throws {
        let body = "email=carl%40example.net&status=out"
        #expect(try Self.send(body, to: "/stop") == body)
        for more in ["&x=1", "&status=in", "&status=out", "&name=Carl"] {
            #expect(try Self.send(body + more, to: "/stop") == "422 record_schema_unknown", "\(more)")
        }
    }

    @Test(
        "only a form is a form",
        arguments: [
            ("application/x-www-form-urlencoded; charset=UTF-8", "email=anna%40example.com"),
            ("application/x-www-form-urlencoded; charset=latin1", "415 unsupported_media_type"),
            ("application/json", "415 unsupported_media_type"),
            ("text/plain", "415 unsupported_media_type"), ("multipart/form-data; boundary=x", "415 unsupported_media_type"),
            (nil, "415 unsupported_media_type"),
        ] as [(String?, String)])
    func mediaTypes(type: String?, result: String) throws {
        #expect(try Self.send("email=anna%40example.com", type: type) == result)
        #expect(
            try Self.send(#"{"email":"anna@example.com"}"#, to: "/contacts", type: "application/x-www-form-urlencoded")
                == "415 unsupported_media_type")
    }

    @Test("a form that its caller signed is not changed")
    func signed() throws {
        #expect(try Self.send("email=anna%40example.com", isSigned: true) == "email=anna%40example.com")
        #expect(try Self.send("email=anna%40example.com&x=1", isSigned: true) == "422 body_signed")
    }

    @Test("the answer to another media type names the right one")
    func expectedMediaType() throws {
        let policy = try GateFixture.policy(Self.edits)
        let caller = try #require(policy.caller(named: "crm-sync"))
        do {
            _ = try GateFixture.gate(policy).admit(
                GateFixture.head("POST", "/form"), caller: caller, xid: TransferID(bytes: InlineArray(repeating: 0)))
            Issue.record("admitted")
        } catch { #expect(error.detail == "send application/x-www-form-urlencoded, in UTF-8") }
    }
}
