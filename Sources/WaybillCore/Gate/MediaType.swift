enum MediaType {
    /// `application/json` or any `+json`, with no charset but UTF-8.
    static func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        if contentType == "application/json" { return true }
        let parts = parts(contentType)
        guard parts[0].matches("application/json") || (parts[0].begins(with: "application/") && parts[0].ends(with: "+json")) else {
            return false
        }
        return parts.dropFirst().allSatisfy { !$0.begins(with: "charset") || isUTF8($0) }
    }

    /// `application/x-www-form-urlencoded`, with no parameter but a charset, which is UTF-8.
    static func isForm(_ contentType: String?) -> Bool {
        guard let contentType else { return false }
        let parts = parts(contentType)
        return parts[0].matches("application/x-www-form-urlencoded") && parts.count <= 2 && parts.dropFirst().allSatisfy(isUTF8)
    }

    /// The type and its parameters; never empty.
    private static func parts(_ contentType: String) -> [Substring.UTF8View] {
        contentType.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(\.trimmingSpaces)
    }

    private static func isUTF8(_ parameter: Substring.UTF8View) -> Bool {
        parameter.matches("charset=utf-8") || parameter.matches("charset=\"utf-8\"")
    }
}
