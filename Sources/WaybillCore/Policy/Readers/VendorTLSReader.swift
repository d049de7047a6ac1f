import FoundationEssentials

/// `tls` of a vendor's file: roots, pins and a client certificate. Only their form is checked; files are read when a gate takes the set.
struct VendorTLSReader {
    private static let pinPrefix = "sha256/"
    private static let pinBytes = 32
    let problems: ProblemList

    func read(_ value: PolicyValue) -> Vendor.TLS? {
        guard var section = Section(value, "`tls`", problems) else { return nil }
        let roots = section.list("roots", .text)
        let pins = section.list("pins", pin)
        let clientCertificate = section.optional("client_certificate").flatMap(clientCertificate)
        section.finish()
        let tls = Vendor.TLS(roots: roots, pins: pins, clientCertificate: clientCertificate)
        guard tls != Vendor.TLS() else {
            problems.error(
                value.position, "tls_empty", "`tls` asks for nothing", "name `roots`, `pins` or a `client_certificate`, or remove it")
            return nil
        }
        return tls
    }

    private var pin: ScalarType<[UInt8]> {
        ScalarType(code: "bad_pin", expected: "`sha256/` and the base64 of 32 bytes") { text in
            guard text.hasPrefix(Self.pinPrefix), let bytes = Data(base64Encoded: String(text.dropFirst(Self.pinPrefix.count))),
                bytes.count == Self.pinBytes
            else { return nil }
            return Array(bytes)
        }
    }

    private func clientCertificate(_ value: PolicyValue) -> Vendor.TLS.ClientCertificate? {
        guard var section = Section(value, "`client_certificate`", problems) else { return nil }
        let certificate = section.required("certificate", .text)
        let key = section.required("key", .text)
        section.finish()
        guard let certificate, let key else { return nil }
        guard key.hasPrefix("${secret:"), key.hasSuffix("}"), key.count > "${secret:}".count else {
            problems.error(
                value["key"]?.position ?? value.position, "secret_in_policy",
                "the private key is named by no secret; policy files are no place for one",
                "write `${secret:name}` and put the key (PEM) into that secret")
            return nil
        }
        return Vendor.TLS.ClientCertificate(certificate: certificate, key: key)
    }
}
