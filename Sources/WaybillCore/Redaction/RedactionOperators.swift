/// Every operator this version has.
package enum RedactionOperators {
    package static let all: [any RedactionOperator.Type] = []
    /// Operators the design names that are not built yet: a load error that says so.
    package static let notBuiltYet = ["tokenize", "shift_date", "encrypt", "fpe", "scrub"]
    /// Throws for an unknown or not yet built name, and for bad arguments.
    package static func make(name: String, arguments: OperatorArguments) throws(OperatorError) -> any RedactionOperator {
        throw OperatorError(message: "unknown operator \(name)", remedy: "use one of \(all.map { $0.name }.joined(separator: ", "))")
    }
}
