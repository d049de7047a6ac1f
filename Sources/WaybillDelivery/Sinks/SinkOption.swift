/// One key under `sinks.NAME` in the configuration: what it may hold and what it means. The check of the file, the reading and the
/// reference go by these.
package struct SinkOption: Sendable {
    package enum Kind: Sendable {
        case text
        /// Relative to the configuration file.
        case path
        /// `https://…`, without user, query or fragment.
        case url
        /// `host:port`.
        case address
        /// `${secret:NAME}`.
        case secret
        case flag
        case integer(ClosedRange<Int>)
        case milliseconds(ClosedRange<Int>)
        case choice([String])
    }
    package var name: String
    package var kind: Kind
    /// As one would write it; nil: nothing.
    package var fallback: String?
    package var isRequired: Bool
    package var summary: String

    init(_ name: String, _ kind: Kind, fallback: String? = nil, isRequired: Bool = false, _ summary: String) {
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.isRequired = isRequired
        self.summary = summary
    }

    /// What a value must look like, to end a sentence with.
    package var expectation: String {
        switch kind {
        case .text: "a text"
        case .path: "a path"
        case .url: "a URL like https://receiver.example/path, without user, query or fragment"
        case .address: "an address like logs.example:6514"
        case .secret: "`${secret:NAME}`"
        case .flag: "true or false"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .milliseconds(let range): "a time like 500ms, 10s or 5m, from \(range.lowerBound) ms to \(range.upperBound) ms"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        }
    }

    package func accepts(_ text: String) -> Bool {
        switch kind {
        case .text, .path: !text.isEmpty
        case .url: Self.isURL(text)
        case .address: Self.address(text) != nil
        case .secret: Self.secretName(text) != nil
        case .flag: text == "true" || text == "false"
        case .integer(let range): Int(text).map(range.contains) ?? false
        case .milliseconds(let range): Self.milliseconds(text).map(range.contains) ?? false
        case .choice(let words): words.contains(text)
        }
    }

    /// Whether a secret stands behind the value.
    package var isSecret: Bool { if case .secret = kind { true } else { false } }
    /// Whether the value is a file's path.
    package var isPath: Bool { if case .path = kind { true } else { false } }

    /// The NAME of `${secret:NAME}`.
    package static func secretName(_ text: String) -> String? {
        guard text.hasPrefix("${secret:"), text.hasSuffix("}") else { return nil }
        let name = text.dropFirst("${secret:".count).dropLast()
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f && $0 != 0x7b && $0 != 0x7d }) else { return nil }
        return String(name)
    }

    static func milliseconds(_ text: String) -> Int? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let units = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
        guard let count = Int(digits), let unit = units[String(text.dropFirst(digits.count))] else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return overflow ? nil : product
    }

    static func address(_ text: String) -> (host: String, port: Int)? {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port)
        else { return nil }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f && $0 != 0x40 }) else { return nil }
        return (host.lowercased(), port)
    }

    private static func isURL(_ text: String) -> Bool {
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }), !text.contains("?"), !text.contains("#") else { return false }
        do throws(DeliveryFailure) {
            _ = try CurlTarget(text, allowsPlainHTTP: false)
            return true
        } catch {
            return false
        }
    }
}

/// What is written under `sinks.NAME`, checked against its kind's options: paths made absolute, secrets in place of their names.
package struct SinkValues: Sendable {
    private var texts: [String: String]

    package init(_ texts: [String: String]) { self.texts = texts }

    func text(_ option: SinkOption) -> String? { texts[option.name] ?? option.fallback }
    func required(_ option: SinkOption) throws(DeliveryFailure) -> String {
        guard let text = text(option) else { throw DeliveryFailure("The sink has no `\(option.name)`; add it.") }
        return text
    }
    func flag(_ option: SinkOption) -> Bool { text(option) == "true" }
    func integer(_ option: SinkOption) -> Int? { text(option).flatMap { Int($0) } }
    func milliseconds(_ option: SinkOption) -> Int? { text(option).flatMap(SinkOption.milliseconds) }
    func address(_ option: SinkOption) -> (host: String, port: Int)? { text(option).flatMap(SinkOption.address) }
}
