import Testing

@testable import WaybillCore

@Suite("Sources of consents")
struct ConsentSourceTests {
    private static let now = Timestamp(seconds: 1_780_000_000)

    /// What is expected of one statement: a state, and a part of why it is not more.
    struct Case: Sendable, CustomTestStringConvertible {
        var what: String
        var json: String
        var expected: [String]
        var testDescription: String { what }
    }

    private static func map(_ source: String) throws -> ConsentMap {
        let topics = """
            topics:
              "123": {purpose: newsletter, notice: n-7}
              email: {purpose: newsletter}
              optin: {purpose: newsletter, given: ["Yes"], withdrawn: ["No"]}
              marketing: {purpose: newsletter}
              group-1: {purpose: newsletter}
              HasOptedOutOfEmail: {purpose: newsletter}
            """
        let columns =
            source == "csv"
            ? "\ncolumns: {email: E-mail, topic: List, state: Status, time: Changed, default: Default, sale_opt_out: CCPA, gpp: GPP}" : ""
        let text = "source: \(source)\nids: crm\nrecipients: [hubspot]\n\(topics)\(columns)\n"
        let (map, problems) = ConsentMap.read(file: "map.yaml", bytes: Array(text.utf8), for: source)
        #expect(problems.isEmpty)
        return try #require(map)
    }

    private static func words(_ finding: SourceFinding) -> String {
        switch finding {
        case .refused: "refused"
        case .facts(_, let change):
            "facts" + change.objections.map { " \($0.scope.rawValue)" }.joined() + change.signals.map { " \($0.content.name)" }.joined()
        case .consent(let identifier, let event, let why):
            "\(identifier.parts.scheme) \(event.state.rawValue)\(event.exportTimeOnly ? " undated" : "")"
                + "\(event.actor == "default" ? " default" : "")\(why == nil ? "" : " why")"
        }
    }

    private func check(_ source: String, _ one: Case) throws {
        let source = try #require(ConsentSource.named(source))
        let findings = try source.findings(json: Array(one.json.utf8), try Self.map(source.name), now: Self.now)
        #expect(findings.map(Self.words) == one.expected)
    }

    @Test(
        "HubSpot: a choice with its basis is a consent; NOT_SPECIFIED, other bases and missing times are not",
        arguments: [
            Case(what: "consent", json: status("SUBSCRIBED", #","legalBasis":"CONSENT_WITH_NOTICE""#), expected: ["email given"]),
            Case(
                what: "interest", json: status("SUBSCRIBED", #","legalBasis":"LEGITIMATE_INTEREST_CLIENT""#),
                expected: ["email unknown undated why"]),
            Case(what: "no basis", json: status("SUBSCRIBED", ""), expected: ["email unknown undated why"]),
            Case(what: "not specified", json: status("NOT_SPECIFIED", ""), expected: ["email unknown undated why"]),
            Case(what: "out", json: status("UNSUBSCRIBED", ""), expected: ["email withdrawn"]),
            Case(what: "new status", json: status("MAYBE", ""), expected: ["refused"]),
            Case(
                what: "v3 has no times",
                json:
                    #"{"recipient":"a@b.example","subscriptionStatuses":[{"id":"123","status":"SUBSCRIBED","legalBasis":"CONSENT_WITH_NOTICE"}]}"#,
                expected: ["email given undated why"]),
            Case(
                what: "opted out of everything",
                json:
                    #"{"recipient":"a@b.example","subscriptionStatuses":[{"id":"9","status":"NOT_SUBSCRIBED","sourceOfStatus":"PORTAL_WIDE_STATUS"}]}"#,
                expected: ["email withdrawn"]),
            Case(what: "nobody", json: #"{"status":"SUBSCRIBED","subscriptionId":123}"#, expected: ["refused"]),
            Case(what: "webhook out", json: hook("hs_email_optout_123", "true"), expected: ["crm withdrawn"]),
            Case(what: "webhook back in", json: hook("hs_email_optout_123", "false"), expected: ["crm unknown undated why"]),
            Case(what: "webhook all out", json: hook("hs_email_optout", "true"), expected: ["crm withdrawn"]),
            Case(what: "webhook own field", json: hook("optin", "Yes"), expected: ["crm given"]),
            Case(what: "webhook own field no", json: hook("optin", "No"), expected: ["crm withdrawn"]),
            Case(what: "webhook unknown field", json: hook("lastname", "Yes"), expected: ["refused"]),
            Case(
                what: "privacy deletion", json: #"{"subscriptionType":"contact.privacyDeletion","objectId":7,"occurredAt":1770000000000}"#,
                expected: ["crm withdrawn"]),
        ])
    func hubspot(_ one: Case) throws { try check("hubspot", one) }

    @Test(
        "Salesforce: OptIn with its capture date is a consent; seen, unticked boxes and missing dates are not",
        arguments: [
            Case(what: "in", json: party("OptIn", #","CaptureDate":"2026-05-01T10:00:00.000+0000""#), expected: ["crm given"]),
            Case(what: "in undated", json: party("OptIn", ""), expected: ["crm given undated why"]),
            Case(
                what: "in and over", json: party("OptIn", #","CaptureDate":"2026-05-01T10:00:00Z","EffectiveTo":"2026-05-01T10:00:00Z""#),
                expected: ["crm expired"]),
            Case(what: "out", json: party("OptOut", ""), expected: ["crm withdrawn"]),
            Case(what: "seen", json: party("Seen", #","CaptureDate":"2026-05-01T10:00:00Z""#), expected: ["crm unknown undated why"]),
            Case(
                what: "box ticked", json: #"{"Id":"003","Email":"a@b.example","HasOptedOutOfEmail":true}"#,
                expected: ["facts", "email withdrawn"]),
            Case(
                what: "box not ticked", json: #"{"Id":"003","HasOptedOutOfEmail":false}"#, expected: ["crm unknown undated default why"]),
            Case(
                what: "individual", json: #"{"Id":"0PK","HasOptedOutProfiling":true,"HasOptedOutSolicit":true}"#,
                expected: ["facts profiling direct_marketing"]),
            Case(
                what: "a box ticked that the map does not name", json: #"{"Id":"003","DoNotCall":true,"HasOptedOutOfFax":false}"#,
                expected: ["refused"]),
            Case(
                what: "a contact point's consent has no party, and its own id is nobody's",
                json: #"{"Id":"0ZX","ContactPointId":"9Vl","PrivacyConsentStatus":"OptOut","DataUsePurposeId":"marketing"}"#,
                expected: ["refused"]),
            Case(
                what: "whose contact point it is",
                json:
                    #"{"Id":"0ZX","ContactPoint":{"EmailAddress":"a@b.example"},"PrivacyConsentStatus":"OptOut","DataUsePurposeId":"marketing"}"#,
                expected: ["email withdrawn"]),
            Case(
                what: "whoever spoke for them is not them",
                json: #"{"Id":"0Zb","ConsentGiverId":"005","CommSubscriptionChannelTypeId":"marketing","ContactPoint.ParentId":"0PK"}"#,
                expected: ["refused"]),
        ])
    func salesforce(_ one: Case) throws { try check("salesforce", one) }

    @Test(
        "Sugar: a business purpose counts only beside its closed Data Privacy record; an opted-in address is a default",
        arguments: [
            Case(what: "no record", json: sugarContact("[]"), expected: ["crm unknown undated why"]),
            Case(
                what: "record",
                json: sugarContact(
                    #"[{"id":"dp1","type":"Consent to Process","status":"Closed","business_purpose":["marketing"],"date_closed":"2026-05-01"}]"#
                ),
                expected: ["crm given"]),
            Case(
                what: "open record",
                json: sugarContact(
                    #"[{"type":"Consent to Process","status":"Open","business_purpose":["marketing"],"date_closed":"2026-05-01"}]"#),
                expected: ["crm unknown undated why"]),
            Case(
                what: "record of something else",
                json: sugarContact(
                    #"[{"type":"Consent to Process","status":"Closed","business_purpose":["other"],"date_closed":"2026-05-01"}]"#),
                expected: ["crm unknown undated why"]),
            Case(
                what: "withdrawn",
                json:
                    #"{"id":"s1","dataprivacy":{"records":[{"type":"Withdraw Consent","status":"Closed","business_purpose":["marketing"],"date_closed":"2026-05-02"}]}}"#,
                expected: ["crm withdrawn"]),
            Case(
                what: "implicit opt-in", json: #"{"id":"s1","email":[{"email_address":"a@b.example","opt_out":false}]}"#,
                expected: ["facts", "email unknown undated default why"]),
            Case(
                what: "opted out", json: #"{"email":[{"email_address":"a@b.example","opt_out":true}]}"#, expected: ["email withdrawn"]),
            Case(
                what: "withdrawn, of a purpose that the map does not name",
                json:
                    #"{"id":"s1","dataprivacy":{"records":[{"type":"Withdraw Consent","status":"Closed","business_purpose":["other"],"date_closed":"2026-05-02"}]}}"#,
                expected: ["refused"]),
        ])
    func sugar(_ one: Case) throws { try check("sugar", one) }

    @Test(
        "Braze: opted_in is a consent, subscribed is what every address is",
        arguments: [
            Case(
                what: "opted in", json: brazeUser("opted_in", #","email_opted_in_at":"2026-05-01T00:00:00.000Z""#),
                expected: ["email given"]),
            Case(what: "opted in undated", json: brazeUser("opted_in", ""), expected: ["email given undated why"]),
            Case(
                what: "subscribed", json: brazeUser("subscribed", #","email_opted_in_at":"2026-05-01T00:00:00Z""#),
                expected: ["email unknown undated default why"]),
            Case(what: "out", json: brazeUser("unsubscribed", ""), expected: ["email withdrawn"]),
            Case(what: "other", json: brazeUser("perhaps", ""), expected: ["refused"]),
            Case(
                what: "out of a channel that the map does not name", json: #"{"email":"a@b.example","push_subscribe":"unsubscribed"}"#,
                expected: ["refused"]),
            Case(
                what: "group",
                json:
                    #"{"email_address":"a@b.example","subscription_group_id":"group-1","subscription_status":"Subscribed","time":1770000000}"#,
                expected: ["email unknown undated default why"]),
            Case(
                what: "group out",
                json:
                    #"{"email_address":"a@b.example","subscription_group_id":"group-1","subscription_status":"Unsubscribed","time":1770000000}"#,
                expected: ["email withdrawn"]),
        ])
    func braze(_ one: Case) throws { try check("braze", one) }

    @Test(
        "CSV: by the map's columns and words; defaults, mParticle's reversed flag and unreadable strings",
        arguments: [
            Case(what: "given", json: row("Yes"), expected: ["email given"]),
            Case(what: "withdrawn", json: row("No"), expected: ["email withdrawn"]),
            Case(what: "unheard-of value", json: row("Perhaps"), expected: ["email unknown undated why"]),
            Case(what: "a default", json: row("Yes", #","Default":"true""#), expected: ["email unknown undated default why"]),
            Case(what: "a default no is a no", json: row("No", #","Default":"true""#), expected: ["email withdrawn"]),
            Case(what: "ccpa true is out", json: row("Yes", #","CCPA":"true""#), expected: ["facts sale share", "email given"]),
            Case(what: "ccpa false is nothing", json: row("Yes", #","CCPA":"false""#), expected: ["email given"]),
            Case(what: "ccpa unreadable", json: row("Yes", #","CCPA":"x""#), expected: ["facts unreadable", "email given"]),
            Case(what: "gpp unreadable", json: row("Yes", #","GPP":"z""#), expected: ["facts unreadable", "email given"]),
            Case(what: "bad time", json: #"{"E-mail":"a@b.example","List":"optin","Status":"Yes","Changed":"May"}"#, expected: ["refused"]),
            Case(
                what: "a stop of a bad time is a stop of now",
                json: #"{"E-mail":"a@b.example","List":"optin","Status":"No","Changed":"05/01/2026","CCPA":"true"}"#,
                expected: ["refused", "facts sale share", "email withdrawn"]),
        ])
    func csv(_ one: Case) throws { try check("csv", one) }

    @Test("an import that says nothing takes no real consent away, and no export's time makes one")
    func foldsBeneath() {
        let real = ConsentEvent(
            state: .given, purpose: "newsletter", recipients: ["hubspot"], eventTime: Timestamp(seconds: 1_770_000_000), proof: "form",
            sequence: 1)
        var nothing = ConsentEvent(
            state: .unknown, purpose: "newsletter", recipients: ["hubspot"], eventTime: Self.now, exportTimeOnly: true, sequence: 2)
        #expect(ConsentFold.fold([real, nothing], notices: [:], now: Self.now).standings.map(\.state) == [.given])
        nothing.state = .given
        #expect(ConsentFold.fold([nothing], notices: [:], now: Self.now).standings.map(\.state) == [.unknown])
    }

    @Test(
        "a mapping file is read strictly",
        arguments: [
            ("source: braze\ntopics: {email: {purpose: newsletter, recipients: [braze]}}\n", true),
            ("source: hubspot\ntopics: {email: {purpose: newsletter, recipients: [braze]}}\n", false),
            ("source: braze\ntopics: {}\n", false), ("source: braze\ntopics: {email: {purpose: newsletter}}\n", false),
            ("source: braze\nrecipients: [b]\ntopics: {email: {purpos: newsletter}}\n", false),
            ("source: braze\nrecipients: [b]\nextra: 1\ntopics: {email: {purpose: newsletter}}\n", false),
            ("source: braze\nrecipients: [b]\ntopics: {email: {purpose: newsletter}}\ncolumns: {email: E}\n", false), ("", false),
        ])
    func mapFile(_ text: String, _ isRead: Bool) {
        let (map, problems) = ConsentMap.read(file: "m.yaml", bytes: Array(text.utf8), for: "braze")
        #expect((map != nil) == isRead)
        #expect(problems.isEmpty == isRead)
    }

    @Test(
        "a file is cut into records as it comes",
        arguments: [
            ("a,b\n1,2\n\"x,\"\"y\"\"\nz\",4\n", ["1", "x,\"y\"\nz"], 0), ("a,b\n1\n", [], 1), ("a,a\n1,2\n", [], 2),
            ("a,b\n\"1,2\n", [], 1),
            ("{\"a\":\"1\"}\n{\"a\":\"2\"}\n{\n", ["1", "2"], 1), ("{\"results\":[\n{\"a\":\"1\"},\n{\"a\":\"2\"}]}\n", ["1", "2"], 0),
            ("[{\"a\":\"1\"}]", ["1"], 0), ("", [], 0),
        ], [1, 3, 1_000])
    func rows(_ file: (String, [String], Int), _ step: Int) {
        var rows = SourceRows()
        let bytes = Array(file.0.utf8)
        var found = stride(from: 0, to: bytes.count, by: step).flatMap { rows.feed(Array(bytes[$0..<min($0 + step, bytes.count)])) }
        found += rows.finish()
        var values: [String] = []
        var problems = 0
        for one in found {
            switch one {
            case .success(let record): values.append(record.text("a") ?? "")
            case .failure: problems += 1
            }
        }
        #expect(values == file.1)
        #expect(problems == file.2)
    }
}

private func status(_ status: String, _ more: String) -> String {
    #"{"results":[{"channel":"EMAIL","status":"\#(status)","subscriberIdString":"a@b.example","subscriptionId":123,"timestamp":"2026-05-01T00:00:00Z"\#(more)}]}"#
}
private func hook(_ property: String, _ value: String) -> String {
    #"[{"subscriptionType":"contact.propertyChange","objectId":7,"propertyName":"\#(property)","propertyValue":"\#(value)","occurredAt":1770000000000}]"#
}
private func party(_ status: String, _ more: String) -> String {
    #"{"attributes":{"type":"ContactPointTypeConsent"},"PartyId":"0PK1","DataUsePurpose":{"Name":"marketing"},"PrivacyConsentStatus":"\#(status)"\#(more)}"#
}
private func sugarContact(_ records: String) -> String {
    #"{"id":"s1","dp_business_purpose":["marketing"],"dp_consent_last_updated":"2026-05-01","dataprivacy":\#(records)}"#
}
private func brazeUser(_ state: String, _ more: String) -> String {
    #"{"users":[{"email":"a@b.example","email_subscribe":"\#(state)"\#(more)}]}"#
}
private func row(_ state: String, _ more: String = "") -> String {
    #"{"E-mail":"a@b.example","List":"optin","Status":"\#(state)","Changed":"2026-05-01T00:00:00Z"\#(more)}"#
}

extension Identifier {
    fileprivate var parts: (scheme: String, value: String) {
        let text = String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 1)
        return (String(text[0]), String(text[1]))
    }
}
