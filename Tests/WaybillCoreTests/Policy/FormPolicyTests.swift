import Crypto
import Testing

@testable import WaybillCore

/// What an endpoint with a form can and cannot say.
@Suite struct FormPolicyTests {
    private static func codes(_ endpoint: String) -> [String] {
        let vendor =
            GateFixture.vendor + "\n"
            + endpoint.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        do {
            let files = GateFixture.files.merging(["vendors/mailer.yaml": vendor]) { $1 }
            return try PolicyLoader.load(files: files.mapValues { Array($0.utf8) }).warnings.map(\.code)
        } catch {
            return error.all.map(\.code)
        }
    }

    private static let endpoint = """
        - id: form
          request: POST /form
          body: form
          records: $
          subject: [email]
          fields: {email: email, a.b: first_name, 'c[*].d': phone}
          structure: ["tags[*]", meta.x]
        """
    private static let nested = """
        - id: form
          request: POST /form
          body: form
          nested: {data: json}
          records: $.data
          envelope: [$.verbose]
          subject: [who.x]
          fields: {who.x: email}
        """

    static let cases: [(String, String, String, [String])] = [
        ("a form", endpoint, "", []), ("a nested document", nested, "", []),
        ("names in a nested document are JSON's", "who.x", "\"['a[b'].x\"", []),
        ("a bracket in a field's name", "a.b:", "\"['a[b]']\":", ["bracket_in_form_name"]),
        ("a bracket in structure", "meta.x", "\"['a]']\"", ["bracket_in_form_name"]),
        ("a bracket in records", "records: $\n", "records: \"$['a[']\"\n", ["bracket_in_form_name"]),
        ("an array for a form", "records: $\n", "records: $[*]\n", ["form_without_name"]),
        ("an array as a field", "a.b:", "'[*].b':", ["form_without_name"]),
        ("rows", "records: $\n", "records: rows\n", ["not_built_yet"]),
        ("two nested documents", "{data: json}", "{data: json, more: json}", ["nested_not_one"]),
        ("no nested document", "{data: json}", "{}", ["nested_not_one"]),
        ("a nested form", "{data: json}", "{data: form}", ["not_built_yet"]),
        ("a nested unknown", "{data: json}", "{data: base64}", ["unknown_value"]),
        ("a nested subtree", "{data: json}", "{data.**: json}", ["bad_path"]),
        ("a nested document in an array", "{data: json}", "{'data[*]': json}", ["nested_in_array", "records_outside_nested"]),
        ("records outside of the nested document", "records: $.data", "records: $.other", ["records_outside_nested"]),
        ("a whole form as record beside a nested document", "records: $.data", "records: $", ["inside_records", "records_outside_nested"]),
        ("a bracket outside of the nested document", "$.verbose", "\"$['a[']\"", ["bracket_in_form_name"]),
        ("what surrounds the records is not inside them", "$.verbose", "$.data.x", ["inside_records"]),
        ("nested in JSON", "body: form\n  nested", "body: json\n  nested", ["nested_without_form"]),
        ("two formats at one path", "POST /form", "POST /contacts", ["endpoints_overlap"]),
    ]

    @Test("what loads and what does not", arguments: cases)
    func loads(name: String, old: String, new: String, codes: [String]) {
        let base = Self.nested.contains(old) && !Self.endpoint.contains(old) ? Self.nested : Self.endpoint
        let text = new.isEmpty ? old : base.replacing(old, with: new)
        #expect(Set(Self.codes(text)) == Set(codes), "\(name)")
    }

    @Test("one path, told apart by `only`, has one format")
    func formatsDiffer() {
        let stop = """
            - id: stop
              request: POST /contacts
              body: form
              records: $
              subject: [email]
              rights: suppress
              only: {email: email, status: {const: out}}
            """
        #expect(Self.codes(stop) == ["body_differs"])
        #expect(Self.codes(stop.replacing("body: form", with: "body: json")) == [])
    }

    @Test("a policy test writes its request as a form, and compares what is sent with fields")
    func policyTests() throws {
        let test = """
            at: 2026-06-01T12:00:00Z
            cases:
              - name: kept
                caller: crm-sync
                request: {method: POST, url: "https://api.mailer.example/token", form: {a: "1 +&", "b[c]": é, x: y}}
                expect: {decision: allow_redacted, sent: {a: "1 +&", "b[c]": é}}
              - name: another value
                caller: crm-sync
                request: {method: POST, url: "https://api.mailer.example/token", form: {a: "1"}}
                expect: {decision: allow, sent: {a: "2"}}
              - name: another order
                caller: crm-sync
                request: {method: POST, url: "https://api.mailer.example/token", form: {a: "1", "b[c]": "2"}}
                expect: {decision: allow, sent: {"b[c]": "2", a: "1"}}
              - name: one more
                caller: crm-sync
                request: {method: POST, url: "https://api.mailer.example/token", form: {a: "1"}}
                expect: {decision: allow, sent: {a: "1", "b[c]": ""}}
            """
        let vendor =
            GateFixture.vendor + "\n" + """
                  - id: contacts.token
                    request: POST /token
                    body: form
                    about: none
                    structure: [a, b.c]
                """
        let policy = try GateFixture.policy(["vendors/mailer.yaml": vendor])
        let files = GateFixture.files.merging(["tests/forms.yaml": test]) { $1 }
        let file = try #require(try PolicyLoader.tests(files: files.mapValues { Array($0.utf8) }).first)
        let results = PolicyTestRunner.run(file, policy: policy, master: .init(data: [UInt8](repeating: 7, count: 32)))
        #expect(results.map(\.passed) == [true, false, false, false])
        #expect(results.flatMap(\.failures).allSatisfy { $0.hasPrefix("sent: ") })
    }
}
