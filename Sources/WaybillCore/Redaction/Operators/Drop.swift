/// Removes the member.
struct Drop: RedactionOperator {
    static let name = "drop"
    static let narrowness = 100
    static let reference = OperatorReference(
        arguments: "none",
        inputs: "anything", output: "nothing: the member is removed")
    init(arguments: OperatorArguments) throws(OperatorError) { try arguments.requireNone(Self.name) }
    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult { .notApplicable }
    var summary: String { Self.name }
    var keepsValue: Bool { false }
    var dropsMember: Bool { true }
}
