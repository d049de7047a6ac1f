import Crypto

/// HMAC-SHA256 of the canonical value under our own key, 64 hexadecimal digits: the same for every vendor, so that they can join.
///
/// Booleans have too few values for a digest to hide anything: not applicable.
struct Hash: RedactionOperator {
    static let name = "hash"
    static let narrowness = 70
    static let reference = OperatorReference(
        arguments: "none",
        inputs: "strings and numbers, in the field's canonical form", output: "HMAC-SHA256 in hex under a key of the installation")
    init(arguments: OperatorArguments) throws(OperatorError) { try arguments.requireNone(Self.name) }

    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult {
        if value.isVoid { return .unchanged }
        guard let input = value.digestInput(context.field) else { return .notApplicable }
        output.append(UInt8(ascii: "\""))
        for byte in HMAC<SHA256>.authenticationCode(for: input, using: context.hashing) {
            output.append(JSONText.hexDigit(byte >> 4))
            output.append(JSONText.hexDigit(byte & 15))
        }
        output.append(UInt8(ascii: "\""))
        return .replaced
    }

    var summary: String { Self.name }
    var keepsValue: Bool { false }
    var dropsMember: Bool { false }
}
