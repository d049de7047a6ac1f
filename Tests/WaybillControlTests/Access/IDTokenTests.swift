import Testing
import WaybillCore

@testable import WaybillControl

@Suite("ID tokens")
struct IDTokenTests {
    private let configuration = OIDCConfiguration(
        issuer: "https://login.example", clientID: "waybill", clientSecret: nil, redirectURL: "", rolesClaim: "realm.roles",
        roles: ["wb-audit": .auditor, "wb-legal": .approver])
    private let now = Timestamp(seconds: 1_790_000_000)

    private func token(_ edit: [String: JSONValue] = [:]) -> IDToken {
        let claims: [String: JSONValue] = [
            "iss": .string("https://login.example"), "aud": .string("waybill"), "sub": .string("17"), "nonce": .string("n"),
            "iat": .int(now.seconds), "exp": .int(now.seconds + 300), "realm": .object(["roles": .strings(["wb-audit", "other"])]),
        ]
        return IDToken(claims: .object(claims.merging(edit) { $1 }))
    }

    @Test("Each claim is looked at, at its very boundary")
    func claims() throws {
        let good: [[String: JSONValue]] = [
            [:], ["aud": .strings(["waybill"])], ["aud": .strings(["waybill", "other"]), "azp": .string("waybill")],
            ["exp": .int(now.seconds - 59)], ["exp": .double(Double(now.seconds) + 0.5)], ["iat": .int(now.seconds + 60)],
            ["iat": .int(now.seconds - 600)],
        ]
        for edit in good { try token(edit).check(configuration, nonce: "n", now: now) }
        let bad: [[String: JSONValue]] = [
            ["iss": .string("https://login.example/")], ["iss": .null], ["aud": .string("other")], ["aud": .null],
            ["aud": .strings(["waybill", "other"])], ["azp": .string("other")], ["exp": .int(now.seconds - 60)], ["exp": .null],
            ["exp": .string("1")], ["iat": .int(now.seconds + 61)], ["iat": .int(now.seconds - 601)], ["iat": .null],
            ["nbf": .int(now.seconds + 61)], ["nonce": .string("m")], ["nonce": .null], ["sub": .string("")], ["sub": .null],
            ["sub": .string(String(repeating: "x", count: 256))],
        ]
        for edit in bad { #expect(throws: OIDCRefusal.self, "\(edit)") { try token(edit).check(configuration, nonce: "n", now: now) } }
    }

    @Test("Roles are what the mapping gives, from the claim by its name or within objects, and nothing else")
    func roles() {
        #expect(token().roles(configuration) == [.auditor])
        #expect(token(["realm.roles": .string("wb-legal")]).roles(configuration) == [.approver])
        for said in [JSONValue.null, .strings(["administrator", "auditor"]), .int(1), .string("wb-audit wb-legal")] {
            #expect(token(["realm": .object(["roles": said])]).roles(configuration).isEmpty)
        }
    }

    @Test(
        "Algorithms that are not listed are refused before any key is asked",
        arguments: ["none", "None", "HS256", "RS1", "", "ES256K"])
    func algorithms(name: String) {
        let header = AccessSecret.base64url(Array(#"{"alg":"\#(name)","kid":"a"}"#.utf8))
        #expect(throws: OIDCRefusal.self) { try IDToken.header("\(header).e30.") }
    }

    @Test("A listed one is read with the key it names; what must be understood is not ignored")
    func header() throws {
        func text(_ json: String) -> String { AccessSecret.base64url(Array(json.utf8)) + ".e30.AA" }
        #expect(try IDToken.header(text(#"{"alg":"ES256","kid":"a"}"#)) == IDToken.Header(algorithm: "ES256", key: "a"))
        #expect(throws: OIDCRefusal.self) { try IDToken.header(text(#"{"alg":"ES256","crit":["b64"]}"#)) }
        for broken in ["", ".", "é.e30.", "e30.e30.", String(repeating: "a", count: 70_000)] {
            #expect(throws: OIDCRefusal.self) { try IDToken.header(broken) }
        }
    }
}
