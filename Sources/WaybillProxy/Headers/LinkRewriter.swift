import WaybillCore

/// Leads addresses in a vendor's answer back through the gate (`/to/…`), or removes them: followed as they are, the next request
/// would go past every check.
struct LinkRewriter {
    /// `/to/{vendor}` or `/to/{vendor}@{host}`, as the caller addressed the vendor.
    var prefix: [UInt8]
    var vendor: String
    /// Where this answer came from.
    var destination: Vendor.Destination
    var destinations: [Vendor.Destination]

    /// `Location`. Nil: remove it.
    func reference(_ value: [UInt8]) -> [UInt8]? {
        guard let text = String(validating: value, as: UTF8.self), !value.isEmpty, !value.contains(UInt8(ascii: "\\")) else { return nil }
        if text.hasPrefix("//") { return absolute("\(destination.scheme):\(text)") }
        if text.hasPrefix("/") { return staysBelow(text) ? prefix + value : nil }
        if let colon = text.firstIndex(of: ":"), !text[..<colon].contains(where: { "/?#".contains($0) }) { return absolute(text) }
        // Relative to the request's own path, which lies below the prefix.
        return staysBelow(text) ? value : nil
    }

    /// `Link` (RFC 8288): each link whose target cannot be led back is left out. Nil: none is left, or it cannot be read.
    func links(_ value: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var rest = value[...]
        while true {
            rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: ",") }
            guard let first = rest.first else { break }
            guard first == UInt8(ascii: "<"), let close = rest.firstIndex(of: UInt8(ascii: ">")) else { return nil }
            guard let end = Self.endOfParameters(rest[(close + 1)...]) else { return nil }
            if let target = reference(Array(rest[(rest.startIndex + 1)..<close])) {
                if !result.isEmpty { result += [UInt8(ascii: ","), UInt8(ascii: " ")] }
                result += [UInt8(ascii: "<")] + target + [UInt8(ascii: ">")] + rest[(close + 1)..<end]
            }
            rest = rest[end...]
        }
        return result.isEmpty ? nil : result
    }

    /// The comma that ends this link's parameters, quoted strings skipped. Nil: a quote is not closed.
    private static func endOfParameters(_ bytes: ArraySlice<UInt8>) -> Int? {
        var quoted = false
        var i = bytes.startIndex
        while i < bytes.endIndex {
            switch bytes[i] {
            case UInt8(ascii: "\\") where quoted: i += 1
            case UInt8(ascii: "\""): quoted.toggle()
            case UInt8(ascii: ",") where !quoted: return i
            default: break
            }
            i += 1
        }
        return quoted ? nil : bytes.endIndex
    }

    private func absolute(_ text: String) -> [UInt8]? {
        for candidate in destinations {
            // With the port written out or left away, when it is the scheme's own.
            for authority in Set([candidate.authority, "\(candidate.host):\(candidate.port)"]) {
                let base = "\(candidate.scheme)://\(authority)"
                guard text.utf8.count >= base.utf8.count, text.prefix(base.count).lowercased() == base.lowercased() else { continue }
                let rest = String(text.dropFirst(base.count))
                guard rest.isEmpty || rest.hasPrefix("/") || rest.hasPrefix("?") || rest.hasPrefix("#"), staysBelow(rest) else { continue }
                let start = candidate == destination ? prefix : Array("/to/\(vendor)@\(candidate.authority)".utf8)
                return start + Array((rest.hasPrefix("/") ? rest : "/" + rest).utf8)
            }
        }
        return nil
    }

    /// No dot segment, plain or encoded, with which the path could climb out of the prefix.
    private func staysBelow(_ text: String) -> Bool {
        let path = text.prefix { $0 != "?" && $0 != "#" }
        return !path.split(separator: "/").contains { segment in
            let plain = segment.lowercased().split(separator: "%2e", omittingEmptySubsequences: false).joined(separator: ".")
            return plain == "." || plain == ".."
        }
    }
}
