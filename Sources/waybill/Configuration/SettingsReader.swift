import Configuration
import FoundationEssentials
import WaybillControl

/// Reads `Settings` from flags, environment and file, in falling precedence.
enum SettingsReader {
    /// `flags`: dotted key → value. Throws with every unknown key of the file, or the first value that does not fit.
    static func read(file path: String, flags: [String: String], environment: [String: String]) async throws(CommandFailure) -> Settings {
        let text: String
        do throws(SystemError) {
            text = String(decoding: try Files.read(path, bytesMax: ConfigurationFile.bytesMax), as: UTF8.self)
        } catch {
            if error.isMissing {
                throw CommandFailure(
                    "there is no configuration file \(path)",
                    remedy: "name one with --config FILE, or make an installation with `waybill init DIR`")
            }
            throw error.failure
        }
        let file = try ConfigurationFile(text: text, name: path)
        for key in flags.keys.sorted() where !ConfigurationKey.all.contains(where: { $0.name == key }) {
            throw CommandFailure("--set \(key): unknown key", remedy: "see docs/reference/configuration.md", status: .usage)
        }
        var provider: (any ConfigProvider)?
        if !file.isEmpty {
            do {
                let location = InMemoryProvider(values: ["filePath": ConfigValue(.string(path), isSecret: false)])
                provider = try await FileProvider<YAMLSnapshot>(
                    parsingOptions: .init(secretsSpecifier: .specific(Set(ConfigurationKey.all.filter(\.isSecret).map(\.name)))),
                    config: ConfigReader(provider: location))
            } catch {
                throw CommandFailure("\(path) cannot be read, \(error)", remedy: "mend the file")
            }
        }
        let values = ConfigurationValues(file: file, fileProvider: provider, flags: flags, environment: environment)
        var settings = try settings(values, path: path)
        guard flags[ConfigurationKey.sinks.name] == nil, environment[ConfigurationKey.sinks.environmentName] == nil else {
            throw CommandFailure("`sinks` can only be set in the configuration file", remedy: "write them there")
        }
        settings.consentMaps = Files.resolve(values.text(.consentMaps) ?? "", against: Files.parent(of: path))
        settings.publicURL = try publicURL(values)
        settings.proxies = try values.texts(.proxies).map { text throws(CommandFailure) in
            guard let block = AddressBlock(text) else {
                throw CommandFailure(
                    "\(values.origin(of: .proxies)): `access.proxies` takes addresses like `10.0.0.7` or `10.0.0.0/24`",
                    remedy: "write each as an address, not as a name")
            }
            return block
        }
        settings.oidc = try OIDCSection.read(values, insecure: settings.insecure)
        settings.sinks = file.sinks.map { $0.settings(base: Files.parent(of: path)) }
        let known = Set(ConfigurationKey.all.map(\.environmentName))
        settings.unknownVariables = environment.keys.filter {
            $0.hasPrefix("WAYBILL_") && !$0.hasPrefix(SecretStore.environmentPrefix) && !known.contains($0)
        }.sorted()
        return settings
    }

    private static func settings(_ values: ConfigurationValues, path: String) throws(CommandFailure) -> Settings {
        let base = Files.parent(of: path)
        func located(_ key: ConfigurationKey) -> String { Files.resolve(values.text(key) ?? "", against: base) }
        let insecure = try values.flag(.insecure)
        guard let gate = try listener("gate", values, base: base, insecure: insecure) else { throw values.unfit(.listener("gate")) }
        let proxy = try listener("proxy", values, base: base, insecure: insecure)
        let control = try listener("control", values, base: base, insecure: insecure)
        var limits = GateLimits()
        for limit in ConfiguredLimit.all {
            if let value = try values.integer(limit.key) { limit.apply(value, &limits) }
        }
        return Settings(
            file: path, gate: gate, proxy: proxy, control: control, insecure: insecure,
            store: try store(values, base: base), tombstones: located(.tombstones),
            policies: located(.policies),
            keys: located(.keys), secrets: located(.secrets), resolve: try values.addresses(.resolve),
            trust: values.texts(.trust).map { Files.resolve($0, against: base) }, upstreamProxy: try upstreamProxy(values),
            threads: try values.integer(.threads) ?? 0,
            limits: limits,
            log: Settings.Log(
                origin: values.text(.origin) ?? "", checkpointEveryMilliseconds: try values.milliseconds(.checkpointEvery) ?? 1_000,
                checkpointCopy: located(.checkpointCopy), witnesses: try WitnessList.read(values, insecure: insecure),
                witnessPacing: try WitnessList.pacing(values),
                shardsByHalfYear: try values.choice(.shards) == "half_year"),
            retention: Settings.Retention(sideMonths: try values.integer(.sideMonths) ?? 0),
            caPermit: values.texts(.caPermit), evidence: try evidence(values, base: base), traces: try traces(values),
            logLevel: try values.choice(.logLevel) ?? "info",
            unknownVariables: [])
    }

    /// Scheme and host, perhaps a port; nothing behind it.
    private static func publicURL(_ values: ConfigurationValues) throws(CommandFailure) -> String? {
        guard var text = values.text(.publicURL) else { return nil }
        if text.hasSuffix("/") { text.removeLast() }
        let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
        guard !rest.isEmpty, rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !rest.contains(where: { "/?#@\\".contains($0) }) else {
            throw CommandFailure(
                "\(values.origin(of: .publicURL)): `public_url` must be like `https://privacy.acme.example`, without a path",
                remedy: "mend it")
        }
        return text
    }

    private static func evidence(_ values: ConfigurationValues, base: String) throws(CommandFailure) -> Settings.Evidence {
        let (certificate, key) = (values.text(.evidenceCertificate), values.text(.evidenceKey))
        guard (certificate == nil) == (key == nil) else {
            throw CommandFailure("`evidence` needs both `certificate` and `key`", remedy: "add the missing one")
        }
        return Settings.Evidence(
            certificate: certificate.map { Files.resolve($0, against: base) }, key: key.map { Files.resolve($0, against: base) },
            timestampURL: values.text(.evidenceTimestamp))
    }

    private static func listener(
        _ name: String, _ values: ConfigurationValues, base: String, insecure: Bool
    ) throws(CommandFailure) -> Settings.Listener? {
        let (short, long) = (ConfigurationKey.listener(name), ConfigurationKey.address(name))
        // The short form has a default, which must not win over a written long one.
        let key = !values.isSet(short) && values.isSet(long) ? long : short
        guard let address = try values.address(key) else { return nil }
        let files = ConfigurationKey.tlsParts.map { part in
            values.text(.tls(name, part)).map { Files.resolve($0, against: base) }
        }
        switch (files[0], files[1], files[2]) {
        case (nil, nil, nil):
            guard address.isLoopback || insecure else {
                throw CommandFailure(
                    "\(values.origin(of: key)): plain HTTP on \(address) would be readable on the network",
                    remedy: "listen on 127.0.0.1, set `listen.\(name).tls`, or say `insecure: true`")
            }
            return Settings.Listener(address: address, tls: nil)
        case (let certificate?, let key?, let clientCA):
            return Settings.Listener(address: address, tls: Settings.TLSFiles(certificate: certificate, key: key, clientCA: clientCA))
        default:
            throw CommandFailure("`listen.\(name).tls` needs both `certificate` and `key`", remedy: "add the missing one")
        }
    }

    private static func upstreamProxy(_ values: ConfigurationValues) throws(CommandFailure) -> Settings.UpstreamProxy? {
        let (username, password) = (values.text(.upstreamProxyUsername), values.text(.upstreamProxyPassword))
        let isTLS = try values.flag(.upstreamProxyTLS)
        guard let address = try values.address(.upstreamProxy) else {
            guard username == nil, password == nil, !isTLS else {
                throw CommandFailure("`upstream_proxy` has no `address`", remedy: "add one, or remove the section")
            }
            return nil
        }
        guard address.port > 0 else { throw values.unfit(.upstreamProxy) }
        guard (username == nil) == (password == nil), username?.contains(":") != true else {
            throw CommandFailure(
                "`upstream_proxy` needs `username` and `password` together, the name without a colon", remedy: "add or remove one")
        }
        try check(password, of: .upstreamProxyPassword, values)
        return Settings.UpstreamProxy(address: address, isTLS: isTLS, username: username, password: password)
    }

    /// A password or a token must be named, not written.
    private static func check(
        _ secret: String?, of key: ConfigurationKey, _ values: ConfigurationValues
    ) throws(CommandFailure) {
        guard let secret, !secret.hasPrefix("${secret:") || !secret.hasSuffix("}") else { return }
        // It may be the secret itself, so it is not shown.
        throw CommandFailure(
            "\(values.origin(of: key)): the configuration is no place for a secret",
            remedy: "write `${secret:NAME}` and put it into that secret")
    }

    private static func traces(_ values: ConfigurationValues) throws(CommandFailure) -> Settings.Traces? {
        let token = values.text(.tracesToken)
        try check(token, of: .tracesToken, values)
        guard let url = values.text(.tracesURL) else {
            guard token == nil else { throw CommandFailure("`traces.token` stands without `traces.url`", remedy: "add or remove one") }
            return nil
        }
        guard url.hasPrefix("https://") || url.hasPrefix("http://") else {
            throw CommandFailure("\(values.origin(of: .tracesURL)): `traces.url` must be like `https://otel.example:4318`")
        }
        return Settings.Traces(url: url, token: token)
    }

    private static func store(_ values: ConfigurationValues, base: String) throws(CommandFailure) -> String {
        let text = values.text(.store) ?? ""
        if text.hasPrefix("postgres:") || text.hasPrefix("postgresql:") {
            // The URL may hold a password, so it is not shown.
            throw CommandFailure(
                "\(values.origin(of: .store)): PostgreSQL stores are not built yet", remedy: "use `store: sqlite:var/waybill.db`")
        }
        guard text.hasPrefix("sqlite:"), text.count > "sqlite:".count else {
            throw CommandFailure("\(values.origin(of: .store)): `store` must be like `sqlite:var/waybill.db`")
        }
        return Files.resolve(String(text.dropFirst("sqlite:".count)), against: base)
    }
}
