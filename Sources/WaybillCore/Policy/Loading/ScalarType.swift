/// How the text of a scalar becomes a value: the key decides, never the look of the text.
struct ScalarType<Value> {
    /// The problem's code when the text does not fit.
    var code: String
    /// Completes "write …".
    var expected: String
    /// Every accepted text, where they can be listed.
    var choices: [String] = []
    var parse: (String) -> Value?

    /// Nil, with a problem reported, if the value is no scalar or its text does not fit.
    func read(_ value: PolicyValue, _ problems: ProblemList) -> Value? {
        guard case .text(let text, _) = value.content else {
            problems.error(value.position, "wrong_kind", "a text is expected here, not \(value.kindName)", "write \(expected)")
            return nil
        }
        if let parsed = parse(text) { return parsed }
        let shown = text.isEmpty ? "nothing" : "`\(text.prefix(60))`"
        problems.error(
            value.position, code, "\(shown) is not allowed here", Suggestion.remedy(for: text, among: choices, else: "write \(expected)"))
        return nil
    }
}

extension ScalarType where Value == String {
    /// An id of ours: vendors, agreements, purposes, fields, callers.
    static var name: Self {
        ScalarType(code: "bad_name", expected: "1 to 63 of a-z, 0-9, `_`, `-` and `.`, beginning with a letter or digit") { text in
            guard (1...63).contains(text.utf8.count), let first = text.utf8.first, isLowerOrDigit(first) else { return nil }
            return text.utf8.allSatisfy { isLowerOrDigit($0) || [UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ".")].contains($0) }
                ? text : nil
        }
    }

    /// Text for people and references: one line, at most 1,000 bytes.
    static var text: Self {
        ScalarType(code: "bad_text", expected: "one line of text, at most 1,000 bytes, without control characters") { text in
            (1...1_000).contains(text.utf8.count) && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ? text : nil
        }
    }

    /// A header's name, lower-cased.
    static var headerName: Self {
        ScalarType(code: "bad_header", expected: "a header name: letters, digits and `-`") { text in
            let isName = (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { isLowerOrDigit($0 | 0x20) || $0 == UInt8(ascii: "-") }
            return isName ? text.lowercased() : nil
        }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool { (97...122).contains(byte) || (48...57).contains(byte) }
}

extension ScalarType where Value == Bool {
    static var bool: Self {
        ScalarType(code: "bad_bool", expected: "`true` or `false`", choices: ["true", "false"]) { ["true": true, "false": false][$0] }
    }
}

extension ScalarType where Value == Int {
    static func integer(_ range: ClosedRange<Int>) -> Self {
        ScalarType(code: "bad_number", expected: "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            guard text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text), range.contains(number) else { return nil }
            return number
        }
    }
}

extension ScalarType where Value == Timestamp {
    /// A date alone means 00:00 UTC.
    static var timestamp: Self {
        ScalarType(code: "bad_date", expected: "a date like `2026-04-01` (00:00 UTC) or `2026-04-01T12:00:00Z`") { text in
            Timestamp(rfc3339: text) ?? Day(iso8601: text).flatMap { (1_700...2_260).contains($0.civil.year) ? $0.start : nil }
        }
    }
}

extension ScalarType where Value == Int64 {
    static var period: Self {
        ScalarType(
            code: "bad_period", expected: "a period like `P30D`, `P3M` (90 days), `P1Y` (365 days) or `PT24H`", parse: Period.seconds)
    }
}

extension ScalarType where Value == Region {
    static var region: Self {
        ScalarType(code: "unknown_region", expected: "an ISO 3166 code like `DE` or `US-MA`") { Region($0) }
    }
}

extension ScalarType where Value == [UInt8] {
    /// 64 hex digits as 32 bytes.
    static var sha256: Self {
        ScalarType(code: "bad_sha256", expected: "64 hexadecimal digits, as `sha256sum` prints them") { text in
            let nibbles = text.utf8.compactMap { byte in Int(String(UnicodeScalar(byte)), radix: 16).map(UInt8.init) }
            guard text.utf8.count == 64, nibbles.count == 64 else { return nil }
            return stride(from: 0, to: 64, by: 2).map { nibbles[$0] << 4 | nibbles[$0 + 1] }
        }
    }
}

extension ScalarType where Value: CaseIterable & RawRepresentable, Value.RawValue == String {
    private static var choicesShownMax: Int { 12 }

    static func oneOf(_ type: Value.Type) -> Self {
        let choices = type.allCases.map(\.rawValue)
        let shown = choices.prefix(choicesShownMax).map { "`\($0)`" }.joined(separator: ", ")
        return ScalarType(
            code: "unknown_value", expected: "one of \(shown)\(choices.count > choicesShownMax ? ", …" : "")", choices: choices
        ) { Value(rawValue: $0) }
    }
}
