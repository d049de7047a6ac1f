import Testing
import WaybillProxy
import WaybillTesting

@testable import waybill

@Suite("The interception CA")
struct InterceptionCATests {
    @Test("openssl reads the certificate as it was meant")
    func certificate() throws {
        let scratch = try Scratch()
        let keys = try KeyDirectory(scratch.file("keys"), create: true)
        let ca = try InterceptionCA.create(
            in: keys, organisation: "Acme Europe SE", permit: [".Example.com", "api.hubapi.com", "example.com"])
        #expect(try scratch.mode("keys/ca.key") == 0o600)
        #expect(try scratch.mode("keys/ca.pem") == 0o600)
        #expect(try InterceptionCA.existing(in: keys)?.certificatePEM == ca.certificatePEM)

        let shown = try Program.run("/usr/bin/openssl", ["x509", "-noout", "-text", "-in", scratch.file("keys/ca.pem")])
        let text = shown.output.split(separator: "\n").map { $0.trimmed() }.joined(separator: "\n")
        for part in [
            "X509v3 Basic Constraints: critical\nCA:TRUE, pathlen:0", "X509v3 Key Usage: critical\nCertificate Sign, CRL Sign",
            "X509v3 Extended Key Usage:\nTLS Web Server Authentication",
            "X509v3 Name Constraints: critical\nPermitted:\nDNS:api.hubapi.com\nDNS:example.com\nExcluded:\nIP:0.0.0.0/0.0.0.0",
            "ASN1 OID: prime256v1", "O = Acme Europe SE, CN = Waybill interception CA \(ca.authority.mark)",
        ] {
            #expect(text.contains(part), "\(part) is not in\n\(text)")
        }
        let verified = try Program.run(
            "/usr/bin/openssl", ["verify", "-x509_strict", "-CAfile", scratch.file("keys/ca.pem"), scratch.file("keys/ca.pem")])
        #expect(verified.output.hasSuffix("OK\n"), "\(verified.output)\(verified.error)")
    }

    @Test(
        "A leaf for a permitted name verifies, one outside the constraints does not",
        arguments: [("www.example.com", true), ("www.example.org", false)])
    func constraints(name: String, valid: Bool) throws {
        let scratch = try Scratch()
        let keys = try KeyDirectory(scratch.file("keys"), create: true)
        _ = try InterceptionCA.create(in: keys, organisation: "Acme", permit: ["example.com"])
        try scratch.write("leaf.ext", "subjectAltName=DNS:\(name)\nextendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n")
        let openssl = "/usr/bin/openssl"
        let made = [
            try Program.run(
                openssl,
                [
                    "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/O=x", "-keyout",
                    scratch.file("leaf.key"), "-out", scratch.file("leaf.csr"),
                ]),
            try Program.run(
                openssl,
                [
                    "x509", "-req", "-in", scratch.file("leaf.csr"), "-CA", scratch.file("keys/ca.pem"), "-CAkey",
                    scratch.file("keys/ca.key"),
                    "-CAcreateserial", "-days", "1", "-extfile", scratch.file("leaf.ext"), "-out", scratch.file("leaf.pem"),
                ]),
        ]
        #expect(made.map(\.status) == [0, 0], "\(made.map(\.error))")
        let verified = try Program.run(openssl, ["verify", "-CAfile", scratch.file("keys/ca.pem"), scratch.file("leaf.pem")])
        #expect((verified.status == 0) == valid, "\(verified.error)")
    }

    @Test("Suffixes are normalised; addresses are none; none at all permits a name that never resolves")
    func suffixes() throws {
        #expect(try InterceptionCA.suffixes(["B.example", ".a.example", "b.example", "127.0.0.1"]) == ["a.example", "b.example"])
        #expect(try InterceptionCA.suffixes([]) == ["invalid"])
        for wrong in ["", ".", "a..b", "a b", "*.example", "ü.example"] {
            #expect(throws: CommandFailure.self) { try InterceptionCA.suffixes([wrong]) }
        }
    }

    @Test("A CA is never replaced, and half a CA is refused")
    func existing() throws {
        let scratch = try Scratch()
        let keys = try KeyDirectory(scratch.file("keys"), create: true)
        #expect(try InterceptionCA.existing(in: keys) == nil)
        try scratch.write("keys/ca.pem", "x", mode: 0o600)
        let half = #expect(throws: CommandFailure.self) { try InterceptionCA.existing(in: keys) }
        #expect(half?.sentence.contains("ca.key is not") == true)
        #expect(throws: CommandFailure.self) { try InterceptionCA.create(in: keys, organisation: "Acme", permit: []) }
        #expect(try scratch.read("keys/ca.pem") == "x")
    }
}
