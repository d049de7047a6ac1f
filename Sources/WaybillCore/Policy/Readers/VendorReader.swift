/// `vendors/*.yaml`: who a vendor is, where it answers, and (by `EndpointReader`) how its API carries records.
struct VendorReader {
    /// Request headers that never leave, whatever a vendor's file says (gateway.md), and those that frame a message.
    static let headersNever: Set<String> = [
        "cookie", "referer", "forwarded", "connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "host",
        "content-length", "content-encoding", "proxy-authorization", "proxy-connection", "expect", "range", "set-cookie", "waybill-token",
    ]
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    func read(_ document: PolicyValue) {
        guard var file = Section(document, "the vendor", problems) else { return }
        let id = file.required("vendor", .name)
        let idPosition = document["vendor"]?.position ?? document.position
        let legalName = file.required("legal_name", .text)
        let establishedIn = file.required("established_in", .region)
        let certifications = file.list("certifications").compactMap(certification)
        let dueDiligence = file.optional("due_diligence").flatMap(dueDiligence)
        var contacts: [String: String] = [:]
        for member in file.map("contacts") { contacts[member.key] = ScalarType<String>.text.read(member.value, problems) }
        let destinations = file.required("destinations").map { Section.items($0, "`destinations`", problems).compactMap(destination) } ?? []
        if let value = document["destinations"], case .list(let items) = value.content, items.isEmpty {
            problems.error(value.position, "destinations_empty", "the vendor has no destination", "add `{url: \"https://…\", region: …}`")
        }
        let credentials = file.optional("credentials").flatMap(credentials)
        let tls = file.optional("tls").flatMap(VendorTLSReader(problems: problems).read)
        let (allow, allowBack) = headers(file.optional("headers"))
        let endpointValues = file.required("endpoints").map { Section.items($0, "`endpoints`", problems) } ?? []
        file.finish()
        let endpoints = EndpointList(compilation: compilation).read(endpointValues)
        guard let id, let legalName, let establishedIn else {
            if let id { compilation.unreadable.insert(id) }
            return
        }
        let vendor = Vendor(
            id: id, legalName: legalName, establishedIn: establishedIn, certifications: certifications, dueDiligence: dueDiligence,
            contacts: contacts, destinations: destinations, credentials: credentials, tls: tls, headersAllow: allow,
            headersAllowBack: allowBack, endpoints: endpoints, matcher: EndpointMatcher(endpoints: endpoints), position: idPosition)
        compilation.vendors.add(vendor, named: id, at: idPosition, problems)
    }

    private func certification(_ value: PolicyValue) -> Vendor.Certification? {
        guard var section = Section(value, "the certification", problems) else { return nil }
        let scheme = section.required("scheme", .text)
        let covers = section.list("covers", .name)
        let dates = DateRange.read(&section, problems)
        section.finish()
        guard let scheme, let from = dates.from else { return nil }
        return Vendor.Certification(scheme: scheme, covers: covers, from: from, until: dates.until)
    }

    private func dueDiligence(_ value: PolicyValue) -> Vendor.DueDiligence? {
        guard var section = Section(value, "`due_diligence`", problems) else { return nil }
        let tier = section.required("tier", .name)
        let (last, next) = (section.required("last", .timestamp), section.required("next", .timestamp))
        var lapse = section.section("lapse")
        let (warn, suspend) = (lapse?.optional("warn", .period), lapse?.optional("suspend", .period))
        lapse?.finish()
        Evidence.check(section.list("evidence"), problems)
        section.finish()
        guard let tier, let last, let next else { return nil }
        return Vendor.DueDiligence(tier: tier, last: last, next: next, warnAfterSeconds: warn, suspendAfterSeconds: suspend)
    }

    private func destination(_ value: PolicyValue) -> Vendor.Destination? {
        guard var section = Section(value, "the destination", problems) else { return nil }
        let url = section.required("url", destinationURL)
        let region = section.required("region", .region)
        section.finish()
        guard let url, let region else { return nil }
        return Vendor.Destination(scheme: url.scheme, host: url.host, port: url.port, region: region)
    }

    private var destinationURL: ScalarType<DestinationURL> {
        ScalarType(
            code: "bad_destination", expected: "`https://host` or `https://host:port`, nothing after it; http only for this machine itself",
            parse: DestinationURL.init)
    }

    private func credentials(_ value: PolicyValue) -> Vendor.Credentials? {
        guard var section = Section(value, "`credentials`", problems) else { return nil }
        let header = section.required("header", .headerName)
        let written = section.required("value", .text)
        section.finish()
        guard let header, let written else { return nil }
        if !written.contains("${secret:") {
            problems.error(
                value["value"]?.position ?? value.position, "secret_in_policy",
                "the value names no secret; policy files are no place for one",
                "write `${secret:name}` and put the secret into the configuration")
        }
        return Vendor.Credentials(header: header, value: written)
    }

    private func headers(_ value: PolicyValue?) -> ([String], [String]) {
        guard let value, var section = Section(value, "`headers`", problems) else { return ([], []) }
        let (allow, back) = (section.list("allow"), section.list("allow_back"))
        section.finish()
        return (names(allow, never: Self.headersNever), names(back, never: Self.headersNever.subtracting(["set-cookie"])))
    }

    private func names(_ values: [PolicyValue], never: Set<String>) -> [String] {
        values.compactMap { value in
            guard let name = ScalarType<String>.headerName.read(value, problems) else { return nil }
            guard !never.contains(name) else {
                problems.error(value.position, "header_never_passes", "`\(name)` never passes the gate", "remove it from the list")
                return nil
            }
            return name
        }
    }
}

/// `https://host[:port]`, the parts that a connection is checked against.
struct DestinationURL {
    static let loopback = ["localhost", "127.0.0.1", "[::1]"]
    var scheme: String
    /// Lower-cased.
    var host: String
    var port: Int

    /// Nil for anything beyond scheme, host and port.
    init?(_ text: String) {
        guard let separator = text.firstRange(of: "://") else { return nil }
        scheme = String(text[..<separator.lowerBound])
        var rest = text[separator.upperBound...].lowercased()
        if rest.hasSuffix("/") { rest.removeLast() }
        var portText: String?
        let afterBracket = rest.lastIndex(of: "]") ?? rest.startIndex
        if let colon = rest[afterBracket...].lastIndex(of: ":") {
            portText = String(rest[rest.index(after: colon)...])
            rest = String(rest[..<colon])
        }
        host = rest
        let isLoopback = Self.loopback.contains(host)
        guard scheme == "https" || (scheme == "http" && isLoopback), isLoopback || Self.isName(host) else { return nil }
        guard let portText else {
            port = scheme == "https" ? 443 : 80
            return
        }
        guard let number = ScalarType<Int>.integer(1...65_535).parse(portText) else { return nil }
        port = number
    }

    /// At least two DNS labels, the last not all digits: addresses are not names.
    private static func isName(_ host: String) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...253).contains(host.utf8.count), labels.count >= 2, let last = labels.last else { return false }
        let areLabels = labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") }
        }
        return areLabels && !last.utf8.allSatisfy { (48...57).contains($0) }
    }
}

/// `from` and `until`, half-open.
enum DateRange {
    static func read(_ section: inout Section, _ problems: ProblemList, openWord: String? = nil) -> (from: Timestamp?, until: Timestamp?) {
        let from = section.required("from", .timestamp)
        guard let value = section.optional("until"), openWord == nil || value.text != openWord else { return (from, nil) }
        let until = ScalarType<Timestamp>.timestamp.read(value, problems)
        if let from, let until, until <= from {
            problems.error(value.position, "until_before_from", "`until` is not after `from`", "correct one of the dates")
        }
        return (from, until)
    }
}

/// `evidence: [{file, sha256}]`: papers kept elsewhere. Checked for form; decisions do not depend on them.
enum Evidence {
    static func check(_ values: [PolicyValue], _ problems: ProblemList) {
        for value in values {
            guard var section = Section(value, "the evidence", problems) else { continue }
            _ = section.required("file", .text)
            _ = section.required("sha256", .sha256)
            section.finish()
        }
    }
}
