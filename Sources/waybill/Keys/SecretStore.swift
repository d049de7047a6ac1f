import WaybillCore

/// Vendors' credentials, by name: from the environment, else from a file of their own. Read once at start; never printed.
struct SecretStore: Sendable {
    static let environmentPrefix = "WAYBILL_SECRET_"
    private static let bytesMax = 64 * 1_024
    let directory: String
    let environment: [String: String]

    /// Every file of the directory, and every secret that is named. The environment wins. `others`: who needs it → a template.
    func values(for vendors: [Vendor], others: [(who: String, template: String)] = []) throws(CommandFailure) -> [String: String] {
        var values: [String: String] = [:]
        let facts = try failing { () throws(SystemError) in try Files.facts(directory) }
        if facts?.isDirectory == true {
            for name in try failing({ () throws(SystemError) in try Files.names(in: directory) }) { values[name] = try file(name) }
        }
        let templates = vendors.flatMap { vendor in
            [vendor.credentials?.value, vendor.tls?.clientCertificate?.key].compactMap { $0.map { ("vendor \(vendor.id)", $0) } }
        }
        for (who, template) in templates + others {
            for name in SecretStore.names(in: template) {
                if let value = environment[SecretStore.variable(name)] { values[name] = value }
                guard values[name] != nil else {
                    throw CommandFailure(
                        "\(who) needs the secret `\(name)`, which is missing",
                        remedy:
                            "set \(SecretStore.variable(name)), or write it to \(Files.resolve(name, against: directory)) with mode 0600")
                }
            }
        }
        return values
    }

    /// One that the gate itself uses; nil: there is none. The environment wins.
    func value(_ name: String) throws(CommandFailure) -> String? {
        if let value = environment[SecretStore.variable(name)] { return value }
        guard try failing({ () throws(SystemError) in try Files.facts(Files.resolve(name, against: directory)) }) != nil else { return nil }
        return try file(name)
    }

    /// `hubspot_token` → `WAYBILL_SECRET_HUBSPOT_TOKEN`.
    static func variable(_ name: String) -> String {
        environmentPrefix + String(name.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    }

    /// The `${secret:name}`s of a template.
    static func names(in template: String) -> [String] {
        template.ranges(of: "${secret:").compactMap { mark in
            let rest = template[mark.upperBound...]
            return rest.firstIndex(of: "}").map { String(rest[..<$0]) }
        }
    }

    private func file(_ name: String) throws(CommandFailure) -> String {
        let path = Files.resolve(name, against: directory)
        let facts = try failing { () throws(SystemError) in try Files.facts(path) }
        guard let facts, facts.mode & 0o077 == 0 else {
            throw CommandFailure("the secret file \(path) can be read by other users", remedy: "chmod 600 \(path)")
        }
        let bytes = try failing { () throws(SystemError) in try Files.read(path, bytesMax: SecretStore.bytesMax) }
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
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
