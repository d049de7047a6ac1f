import Configuration

/// Looks a key up in flags, environment and file, the first that has it counting, and types it. Errors say where the value came from.
struct ConfigurationValues {
    private let reader: ConfigReader
    private let file: ConfigurationFile
    private let flags: [String: String]
    private let environment: [String: String]

    /// `fileProvider`: nil where the file is empty.
    init(file: ConfigurationFile, fileProvider: (any ConfigProvider)?, flags: [String: String], environment: [String: String]) {
        self.file = file
        self.flags = flags
        self.environment = environment
        let secrets = ConfigurationKey.all.filter(\.isSecret)
        let flagValues = flags.map { name, value in
            (
                AbsoluteConfigKey(name.split(separator: ".").map(String.init)),
                ConfigValue(.string(value), isSecret: secrets.contains { $0.name == name })
            )
        }
        var providers: [any ConfigProvider] = [
            InMemoryProvider(name: "flags", values: Dictionary(flagValues) { _, last in last }),
            EnvironmentVariablesProvider(
                environmentVariables: environment,
                secretsSpecifier: .dynamic { name, _ in
                    name.hasPrefix(SecretStore.environmentPrefix) || secrets.contains { $0.environmentName == name }
                }
            ).prefixKeys(with: "waybill"),
        ]
        if let fileProvider { providers.append(fileProvider) }
        reader = ConfigReader(providers: providers)
    }

    func isSet(_ key: ConfigurationKey) -> Bool {
        flags[key.name] != nil || environment[key.environmentName] != nil || file.positions[key.name] != nil
    }

    /// The value as written, or the fallback; nil if there is neither.
    func text(_ key: ConfigurationKey) -> String? {
        reader.string(forKey: ConfigKey(key.name)) ?? key.fallback
    }

    func texts(_ key: ConfigurationKey) -> [String] {
        if flags[key.name] != nil || environment[key.environmentName] != nil {
            return (text(key) ?? "").split(separator: ",").map { $0.trimmed() }.filter { !$0.isEmpty }
        }
        return reader.stringArray(forKey: ConfigKey(key.name)) ?? []
    }

    func flag(_ key: ConfigurationKey) throws(CommandFailure) -> Bool {
        try typed(key) { ["true": true, "false": false][$0] } ?? false
    }

    func integer(_ key: ConfigurationKey) throws(CommandFailure) -> Int? {
        guard case .integer(let range) = key.kind else { return nil }
        return try typed(key) { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
    }

    func milliseconds(_ key: ConfigurationKey) throws(CommandFailure) -> Int? {
        guard case .milliseconds(let range) = key.kind else { return nil }
        return try typed(key) { text in
            let digits = text.prefix { $0.isASCII && $0.isNumber }
            let units = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
            guard let count = Int(digits), let unit = units[String(text.dropFirst(digits.count))] else { return nil }
            let (product, overflow) = count.multipliedReportingOverflow(by: unit)
            return !overflow && range.contains(product) ? product : nil
        }
    }

    func choice(_ key: ConfigurationKey) throws(CommandFailure) -> String? {
        guard case .choice(let words) = key.kind else { return nil }
        return try typed(key) { words.contains($0) ? $0 : nil }
    }

    func address(_ key: ConfigurationKey) throws(CommandFailure) -> HostPort? { try typed(key) { HostPort($0) } }

    /// `a:1=b:2,c:3=d:4` in flags and environment, a mapping in the file.
    func addresses(_ key: ConfigurationKey) throws(CommandFailure) -> [HostPort: HostPort] {
        var pairs: [(String, String)] = []
        if flags[key.name] != nil || environment[key.environmentName] != nil {
            pairs = texts(key).map { pair in
                let halves = pair.split(separator: "=", maxSplits: 1).map { $0.trimmed() }
                return (halves.first ?? "", halves.count == 2 ? halves[1] : "")
            }
        } else {
            pairs = (file.entries[key.name] ?? []).map { ($0, reader.string(forKey: ConfigKey([key.name, $0])) ?? "") }
        }
        var found: [HostPort: HostPort] = [:]
        for (from, to) in pairs {
            guard let from = HostPort(from), let to = HostPort(to) else { throw unfit(key) }
            found[from] = to
        }
        return found
    }

    func unfit(_ key: ConfigurationKey) -> CommandFailure {
        CommandFailure("\(origin(of: key)): `\(key.name)` must be \(key.expectation)")
    }

    /// Where the value that counts stands.
    func origin(of key: ConfigurationKey) -> String {
        if flags[key.name] != nil { return "--set \(key.name)" }
        if environment[key.environmentName] != nil { return "environment variable \(key.environmentName)" }
        return file.positions[key.name] ?? file.name
    }

    private func typed<Value>(_ key: ConfigurationKey, _ convert: (String) -> Value?) throws(CommandFailure) -> Value? {
        guard let text = text(key) else { return nil }
        guard let value = convert(text.trimmed()) else { throw unfit(key) }
        return value
    }
}
