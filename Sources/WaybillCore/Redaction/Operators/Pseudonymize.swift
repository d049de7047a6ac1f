import Crypto

/// A stable name for the value, keyed per vendor so that two vendors cannot join: 26 characters of lower-case base32 (130 bits) of
/// HMAC-SHA256 over the canonical value.
///
/// Booleans have too few values for a pseudonym to hide anything: not applicable.
struct Pseudonymize: RedactionOperator {
    static let name = "pseudonymize"
    static let narrowness = 60
    static let reference = OperatorReference(
        arguments: "none",
        inputs: "strings and numbers, in the field's canonical form", output: "a stable keyed pseudonym, another for each vendor")
    static let characterCount = 26
    /// RFC 4648, section 6, in lower case.
    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
    init(arguments: OperatorArguments) throws(OperatorError) { try arguments.requireNone(Self.name) }

    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult {
        if value.isVoid { return .unchanged }
        guard let input = value.digestInput(context.field) else { return .notApplicable }
        output.append(UInt8(ascii: "\""))
        var bits: UInt32 = 0
        var bitCount = 0
        var written = 0
        for byte in HMAC<SHA256>.authenticationCode(for: input, using: context.pseudonyms) {
            bits = bits << 8 | UInt32(byte)
            bitCount += 8
            while bitCount >= 5, written < Self.characterCount {
                bitCount -= 5
                output.append(Self.alphabet[Int(bits >> UInt32(bitCount) & 31)])
                written += 1
            }
            if written == Self.characterCount { break }
        }
        output.append(UInt8(ascii: "\""))
        return .replaced
    }

    var summary: String { Self.name }
    var keepsValue: Bool { false }
    var dropsMember: Bool { false }
}
