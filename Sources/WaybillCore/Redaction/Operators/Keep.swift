/// Sends the value as it came.
struct Keep: RedactionOperator {
    static let name = "keep"
    static let narrowness = 0
    static let reference = OperatorReference(
        arguments: "none",
        inputs: "any scalar", output: "the value, byte for byte")
    init(arguments: OperatorArguments) throws(OperatorError) { try arguments.requireNone(Self.name) }
    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult { .unchanged }
    var summary: String { Self.name }
    var keepsValue: Bool { true }
    var dropsMember: Bool { false }
}
