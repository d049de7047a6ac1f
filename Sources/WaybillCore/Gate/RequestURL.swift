/// Which vendor and destination a full URL means, and its path and query.
package struct TargetURL: Sendable {
    package var vendor: String
    package var host: String
    package var target: [UInt8]

    /// Nil unless `text` is `scheme://authority/…` of a destination of the set.
    package init?(_ text: String, in policy: PolicySet) {
        guard let mark = text.firstRange(of: "://") else { return nil }
        let rest = text[mark.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let (scheme, authority) = (text[..<mark.lowerBound].lowercased(), rest[..<end].lowercased())
        for vendor in policy.vendors {
            for destination in vendor.destinations where destination.scheme == scheme {
                guard [destination.authority, "\(destination.host):\(destination.port)"].contains(authority) else { continue }
                self.vendor = vendor.id
                host = destination.authority
                let path = rest[end...]
                target = Array((path.hasPrefix("/") ? String(path) : "/" + path).utf8)
                return
            }
        }
        return nil
    }
}

extension RequestHead {
    /// A request as a test or a dry run writes it. Nil if no vendor has the URL's destination.
    ///
    /// `Content-Type` is `application/json` where a body has none; `purpose` stands before a `Waybill-Purpose` header.
    package init?(
        method: String, url: String, headers: [(name: String, value: String)], purpose: String?, hasBody: Bool, in policy: PolicySet
    ) {
        guard let target = TargetURL(url, in: policy) else { return nil }
        func value(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }
        self.init(
            vendor: target.vendor, host: target.host, method: method.uppercased(), target: target.target,
            contentType: value("content-type") ?? (hasBody ? "application/json" : nil), contentEncoding: value("content-encoding"),
            purpose: purpose ?? value("waybill-purpose"), hasBody: hasBody,
            isBodySigned: RequestHead.signatureHeaders.contains { value($0) != nil } || value("authorization")?.hasPrefix("AWS4-") == true)
    }

    /// Headers by which a caller signs the body's bytes.
    package static let signatureHeaders = ["content-md5", "digest", "content-digest", "x-amz-content-sha256"]
}
