/// Every operator this version has.
package enum RedactionOperators {
    package static let all: [any RedactionOperator.Type] = [
        Keep.self, Truncate.self, Mask.self, Generalize.self, Pseudonymize.self, Hash.self, Replace.self, Drop.self,
    ]
    /// Operators the design names that are not built yet: a load error that says so.
    package static let notBuiltYet = ["tokenize", "shift_date", "encrypt", "fpe", "scrub"]
    /// Throws for an unknown or not yet built name, and for bad arguments.
    package static func make(name: String, arguments: OperatorArguments) throws(OperatorError) -> any RedactionOperator {
        if let type = all.first(where: { $0.name == name }) { return try type.init(arguments: arguments) }
        let remedy = "use one of \(all.map { $0.name }.joined(separator: ", "))"
        if notBuiltYet.contains(name) {
            throw OperatorError(message: "the operator `\(name)` is not built yet in this version", remedy: remedy)
        }
        throw OperatorError(message: "unknown operator `\(name)`", remedy: remedy)
    }
}
