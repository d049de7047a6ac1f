/// Covers characters one by one: `{mask: {keep_last: 2}}`, `{mask: {keep_first: 1, keep_last: 2, with: "#"}}`, or `mask` for all.
///
/// A value no longer than what would be kept is covered whole. A number becomes a string.
struct Mask: RedactionOperator {
    static let name = "mask"
    static let narrowness = 30
    static let reference = OperatorReference(
        arguments: "`keep_first`, `keep_last` (0 to 1,000 characters, default 0), `with` (one character, default `*`)",
        inputs: "strings; numbers as text", output: "a string of equal length; covered whole if it is no longer than what would be kept")
    static let keptMax = 1_000
    private static let example = "{mask: {keep_last: 2}}"
    let keepFirst: Int
    let keepLast: Int
    let cover: Character
    /// As it stands inside JSON quotes.
    private let coverBytes: [UInt8]
    /// If it is one byte long.
    private let coverByte: UInt8?

    init(arguments: OperatorArguments) throws(OperatorError) {
        let map = try arguments.map(Self.name, scalar: nil, allowed: ["keep_first", "keep_last", "with"], example: Self.example)
        keepFirst = try Self.kept("keep_first", in: map)
        keepLast = try Self.kept("keep_last", in: map)
        let cover = map["with"] ?? "*"
        guard let character = cover.first, cover.count == 1, character.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7F })
        else {
            throw OperatorError(
                message: "`with` of `mask` is not exactly one printable character",
                remedy: "write for example `{mask: {keep_last: 2, with: \"*\"}}`")
        }
        self.cover = character
        coverBytes = Self.escaped(character)
        coverByte = coverBytes.count == 1 ? coverBytes.first : nil
    }

    private static func escaped(_ character: Character) -> [UInt8] {
        var text: [UInt8] = []
        JSONText.append(string: String(character).utf8, to: &text)
        return Array(text.dropFirst().dropLast())
    }

    private static func kept(_ key: String, in map: [String: String]) throws(OperatorError) -> Int {
        guard let text = map[key] else { return 0 }
        return try operatorNumber(text, named: key, of: name, from: 0, to: keptMax, example: example)
    }

    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult {
        if value.isVoid { return .unchanged }
        switch value {
        case .string(let bytes) where bytes.allSatisfy(isPlain), .number(let bytes):
            // One byte a character.
            output.append(UInt8(ascii: "\""))
            let keepsAny = bytes.count > keepFirst + keepLast
            for (i, byte) in bytes.enumerated() {
                if keepsAny, i < keepFirst || i >= bytes.count - keepLast {
                    output.append(byte)
                } else if let coverByte {
                    output.append(coverByte)
                } else {
                    output.append(contentsOf: coverBytes)
                }
            }
            output.append(UInt8(ascii: "\""))
            return .replaced
        default: return applyToCharacters(value, into: &output)
        }
    }

    /// ASCII that needs no escape, and is a character by itself.
    private func isPlain(_ byte: UInt8) -> Bool {
        (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
    }

    private func applyToCharacters(_ value: ScalarValue, into output: inout [UInt8]) -> RedactionResult {
        guard let text = value.text else { return .notApplicable }
        let count = text.count
        let keepsAny = count > keepFirst + keepLast
        var masked = ""
        for (i, character) in text.enumerated() {
            masked.append(keepsAny && (i < keepFirst || i >= count - keepLast) ? character : cover)
        }
        JSONText.append(string: masked.utf8, to: &output)
        return .replaced
    }

    var summary: String {
        var parts: [String] = []
        if keepFirst > 0 { parts.append("keep_first: \(keepFirst)") }
        if keepLast > 0 { parts.append("keep_last: \(keepLast)") }
        if cover != "*" { parts.append("with: \"\(cover)\"") }
        return parts.isEmpty ? Self.name : "mask {\(parts.joined(separator: ", "))}"
    }
    var keepsValue: Bool { false }
    var dropsMember: Bool { false }
}
