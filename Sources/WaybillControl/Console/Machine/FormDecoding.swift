import FoundationEssentials

/// `application/x-www-form-urlencoded`: of a form's body and of a query.
enum FormDecoding {
    static let bytesMax = 256 * 1_024
    static let fieldsMax = 1_000

    /// Nil: not UTF-8, badly escaped, or too many fields.
    static func fields(_ text: some StringProtocol) -> [String: [String]]? {
        var fields: [String: [String]] = [:]
        let pairs = text.utf8.split(separator: UInt8(ascii: "&"))
        guard pairs.count <= fieldsMax else { return nil }
        for pair in pairs {
            let halves = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(halves[0]), let value = decoded(halves.count > 1 ? halves[1] : pair.prefix(0)) else { return nil }
            fields[name, default: []].append(value)
        }
        return fields
    }

    /// One part of a path. Nil: not UTF-8, or badly escaped.
    static func part(_ text: some StringProtocol) -> String? { decoded(text.utf8, plusIsBlank: false) }

    private static func decoded(_ bytes: some Sequence<UInt8>, plusIsBlank: Bool = true) -> String? {
        var plain: [UInt8] = []
        var iterator = bytes.makeIterator()
        while let byte = iterator.next() {
            switch byte {
            case UInt8(ascii: "+") where plusIsBlank: plain.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = iterator.next().flatMap(digit), let low = iterator.next().flatMap(digit) else { return nil }
                plain.append(high << 4 | low)
            default: plain.append(byte)
            }
        }
        return text(plain)
    }

    /// Browsers end lines with CR LF; nil: not UTF-8, or with a control character that no form field has.
    static func text(_ bytes: some Collection<UInt8>) -> String? {
        guard let text = String(validating: bytes, as: UTF8.self) else { return nil }
        let lines = text.replacing("\r\n", with: "\n")
        return lines.unicodeScalars.allSatisfy { $0.value >= 32 || $0 == "\n" || $0 == "\t" } ? lines : nil
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }

    /// Writes a query: names in order, so that one filter has one address.
    static func query(_ fields: [String: [String]]) -> String {
        fields.sorted { $0.key < $1.key }.flatMap { name, values in values.map { "\(escaped(name))=\(escaped($0))" } }
            .joined(separator: "&")
    }

    /// One part of a path, or a name or value of a query.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
        return escaped
    }
}
