/// Vendors' credentials, by name: from the environment, else from a file of their own. Read once at start; never printed.
struct SecretStore: Sendable {
    static let environmentPrefix = "WAYBILL_SECRET_"
    private static let bytesMax = 64 * 1_024
    let directory: String
    let environment: [String: String]

    /// `hubspot_token` → `WAYBILL_SECRET_HUBSPOT_TOKEN`, else the file `hubspot_token`, without the newline at its end.
    func secret(_ name: String) throws(CommandFailure) -> String {
        let variable = SecretStore.environmentPrefix + String(name.uppercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })
        if let value = environment[variable] { return value }
        guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/") else {
            throw CommandFailure("the secret name `\(name)` cannot be a file name", remedy: "use letters, digits, `_` and `-`")
        }
        let path = Files.resolve(name, against: directory)
        let facts = try failing { () throws(SystemError) in try Files.facts(path) }
        guard let facts else {
            throw CommandFailure("the secret `\(name)` is missing", remedy: "set \(variable), or write it to \(path) with mode 0600")
        }
        guard facts.mode & 0o077 == 0 else {
            throw CommandFailure("the secret file \(path) can be read by other users", remedy: "chmod 600 \(path)")
        }
        let bytes = try failing { () throws(SystemError) in try Files.read(path, bytesMax: SecretStore.bytesMax) }
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }

    /// Replaces each `${secret:name}` of a template.
    func fill(_ template: String) throws(CommandFailure) -> String {
        var filled = ""
        var rest = template[...]
        while let start = rest.firstRange(of: "${secret:") {
            filled += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw CommandFailure("a `${secret:…}` in a vendor file has no closing brace", remedy: "close it")
            }
            filled += try secret(String(rest[start.upperBound..<end]))
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }
}

/// Runs file work, turning what the system says into a failure of the command.
func failing<Value>(_ work: () throws(SystemError) -> Value) throws(CommandFailure) -> Value {
    do throws(SystemError) {
        return try work()
    } catch {
        throw error.failure
    }
}
