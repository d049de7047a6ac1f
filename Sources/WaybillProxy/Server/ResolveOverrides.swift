import NIOCore

/// `resolve` of the configuration: `host:port` → `ip:port`.
enum ResolveOverrides {
    static func parse(_ table: [String: String]) throws(ProxyError) -> [String: SocketAddress] {
        var result: [String: SocketAddress] = [:]
        for (name, address) in table {
            guard let (host, port) = split(name), let (ip, target) = split(address),
                SocketAddress.isIPAddress(ip)
            else {
                throw ProxyError(
                    code: .resolveInvalid, message: "The entry '\(name): \(address)' of 'resolve' is not 'host:port: ip:port'; correct it.")
            }
            do {
                result["\(host.lowercased()):\(port)"] = try SocketAddress(ipAddress: ip, port: target)
            } catch {
                throw ProxyError(code: .resolveInvalid, message: "'\(address)' in 'resolve' is not an address; write 'ip:port'.")
            }
        }
        return result
    }

    /// `[::1]:443` gives `::1` and 443.
    private static func split(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port) else {
            return nil
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), port)
    }
}
