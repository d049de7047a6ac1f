import Testing

@testable import WaybillCore

@Suite("`tls` of a vendor's file")
struct VendorTLSTests {
    private static let file = "vendors/hubspot.yaml"
    private static let pin = "sha256/47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

    private func load(_ tls: String) throws -> PolicySet {
        var files = PolicyFixture.files
        files[Self.file] = files[Self.file].map { $0 + "\ntls: \(tls)\n" }
        return try PolicyLoader.load(files: files.mapValues { Array($0.utf8) }).set
    }

    @Test("Roots, pins and a client certificate are read; nothing is opened")
    func read() throws {
        let set = try load(
            "{roots: [certs/a.pem, /b.pem], pins: [\"\(Self.pin)\"], client_certificate: {certificate: c.pem, key: \"${secret:hubspot_key}\"}}"
        )
        let tls = try #require(set.vendors.first { $0.id == "hubspot" }?.tls)
        #expect(tls.roots == ["certs/a.pem", "/b.pem"] && tls.pins.map(\.count) == [32])
        #expect(tls.clientCertificate == Vendor.TLS.ClientCertificate(certificate: "c.pem", key: "${secret:hubspot_key}"))
    }

    static let broken: [(tls: String, code: String)] = [
        ("{}", "tls_empty"), ("{root: [a.pem]}", "unknown_key"), ("{roots: a.pem}", "wrong_kind"), ("[a.pem]", "wrong_kind"),
        ("{pins: [47DEQpj8HBSa]}", "bad_pin"), ("{pins: [\"sha256/AAAA\"]}", "bad_pin"), ("{pins: [\"sha1/AAAA\"]}", "bad_pin"),
        ("{client_certificate: {certificate: c.pem}}", "missing_key"), ("{client_certificate: {key: \"${secret:k}\"}}", "missing_key"),
        ("{client_certificate: {certificate: c.pem, key: k.pem}}", "secret_in_policy"),
        ("{client_certificate: {certificate: c.pem, key: \"${secret:}\"}}", "secret_in_policy"),
    ]

    @Test("What asks for nothing, or for what is not built, does not load", arguments: broken)
    func broken(tls: String, code: String) throws {
        let problems = #expect(throws: PolicyProblems.self) { try load(tls) }
        #expect(problems?.all.contains { $0.code == code && $0.position.file == Self.file } == true, "\(problems?.all ?? [])")
    }
}
