import NIOCore
import WaybillCore

/// How one request came in: what it addresses, and how addresses in the vendor's answer lead back.
enum WayIn {
    case baseURL(BaseURLTarget)
    /// At a proxy listener, the vendor's own URL as target.
    case absoluteForm(Origin)
    /// Inside a tunnel, as the vendor would have got it.
    case intercepted(Origin)

    /// Which way it is follows from where it came in and the form of its target; whose it is, is looked up later.
    init(_ head: CallerHead, at entrance: Entrance) throws(Refusal) {
        let fields = head.fields
        let bytes = fields.bytes.readableBytesUInt8Span
        if bytes.matches(head.method, "connect") || bytes.matches(head.method, "trace") { throw .methodNotAllowed }
        switch entrance.kind {
        case .gate:
            guard let target = BaseURLTarget(head.fields, target: head.target) else {
                throw head.isAbsoluteForm ? .misdirected : .noSuchPath
            }
            self = .baseURL(target)
        case .proxy:
            guard let origin = Origin(absolute: head) else { throw .noProxyTarget }
            self = .absoluteForm(origin)
        case .tunnel(let tunnel):
            guard tunnel.isServerNameRight, tunnel.isMeant(by: head) else { throw .wrongServer }
            self = .intercepted(tunnel.origin)
        }
    }

    /// What the gate is asked. `policy`: where proxy forms find the vendor; it may have lost it since the connection was made.
    func gateHead(_ head: CallerHead, policy: PolicySnapshot) throws(Refusal) -> RequestHead {
        let fields = head.fields
        var request = RequestHead(
            vendor: "", host: nil, method: head.methodText, target: [], contentType: fields.first(.contentType).flatMap(fields.text),
            contentEncoding: fields.first(.contentEncoding).flatMap(fields.text), purpose: Self.purposes(fields), hasBody: head.hasBody,
            isBodySigned: Self.isBodySigned(fields))
        switch self {
        case .baseURL(let target): (request.vendor, request.host, request.target) = (target.vendor, target.host, target.targetBytes(fields))
        case .absoluteForm(let origin), .intercepted(let origin):
            guard let (vendor, destination) = policy.destination(of: origin) else { throw .notADestination }
            (request.vendor, request.destination, request.target) = (policy[vendor].name, destination, fields.array(head.target))
        }
        return request
    }

    /// Nil: addresses pass as they are, because a caller that follows one comes back through the proxy.
    func rewriter(_ fields: HTTPFields, vendor plan: VendorPlan, answeredBy destination: Vendor.Destination) -> LinkRewriter? {
        guard case .baseURL(let target) = self else { return nil }
        return LinkRewriter(
            prefix: fields.array(target.prefix), vendor: plan.name, destination: destination, destinations: plan.destinations)
    }

    /// Every `Waybill-Purpose` line, joined as RFC 9110 joins lists. What is no text stays a name that no catalogue has: a purpose that
    /// was meant is never replaced by the default.
    private static func purposes(_ fields: HTTPFields) -> String? {
        let lines = fields.lines.filter { $0.known == .waybillPurpose }
        return lines.isEmpty ? nil : lines.map { fields.text($0.value) ?? "\u{FFFD}" }.joined(separator: ",")
    }

    /// SigV4, Content-MD5, Digest and their like: a changed body would no longer fit them.
    private static func isBodySigned(_ fields: HTTPFields) -> Bool {
        let bytes = fields.bytes.readableBytesUInt8Span
        for line in fields.lines {
            switch line.known {
            case .contentMD5, .digest, .contentDigest, .reprDigest, .signature, .amzContentSHA256: return true
            case .authorization where bytes.hasPrefix(line.value, "aws4-"): return true
            default: continue
            }
        }
        return false
    }
}
