import WaybillCore

/// What forwarding to one vendor needs, as bytes, compiled when the policy set loads.
final class VendorPlan: Sendable {
    let name: String
    let destinations: [Vendor.Destination]
    /// Lower-cased names passed beyond gateway.md's lists.
    let allow: [[UInt8]]
    let allowBack: [[UInt8]]
    /// The header we set instead of the caller's, its secrets filled in.
    let credential: Credential?

    struct Credential: Sendable {
        let lowercasedName: [UInt8]
        /// `Name: value\r\n`.
        let line: [UInt8]
    }

    init(_ vendor: Vendor, secrets: [String: String]) throws(ProxyError) {
        name = vendor.id
        destinations = vendor.destinations
        allow = vendor.headersAllow.map { Array($0.lowercased().utf8) }
        allowBack = vendor.headersAllowBack.map { Array($0.lowercased().utf8) }
        guard let credentials = vendor.credentials else {
            credential = nil
            return
        }
        let value = try Self.fill(credentials.value, secrets: secrets, vendor: vendor.id)
        guard !credentials.header.isEmpty, credentials.header.utf8.allSatisfy(HTTPBytes.isNameByte),
            value.utf8.allSatisfy(HTTPBytes.isValueByte)
        else {
            throw ProxyError(
                code: .secretMissing,
                message:
                    "The credentials of vendor \(vendor.id) do not make a valid header; remove line breaks and control characters from the secret."
            )
        }
        credential = Credential(
            lowercasedName: Array(credentials.header.lowercased().utf8), line: Array("\(credentials.header): \(value)\r\n".utf8))
    }

    /// Replaces each `${secret:name}`.
    static func fill(_ template: String, secrets: [String: String], vendor: String) throws(ProxyError) -> String {
        let opening = Array("${secret:".utf8)
        let bytes = Array(template.utf8)
        var result: [UInt8] = []
        var i = 0
        while i < bytes.count {
            guard bytes[i...].starts(with: opening), let end = bytes[i...].firstIndex(of: UInt8(ascii: "}")) else {
                result.append(bytes[i])
                i += 1
                continue
            }
            let name = String(decoding: bytes[(i + opening.count)..<end], as: UTF8.self)
            guard let secret = secrets[name] else {
                throw ProxyError(
                    code: .secretMissing,
                    message:
                        "Vendor \(vendor) needs the secret \(name), which is not configured; set it in the secrets of the configuration.")
            }
            result += Array(secret.utf8)
            i = end + 1
        }
        return String(decoding: result, as: UTF8.self)
    }
}
