// Reading operators' arguments: strict, and every refusal says what to write instead.

extension OperatorArguments {
    /// Throws if anything was given.
    func requireNone(_ name: String) throws(OperatorError) {
        guard self == .none else {
            throw OperatorError(message: "`\(name)` takes no arguments", remedy: "write only `\(name)`")
        }
    }

    /// The arguments as a map; a scalar stands for `key`. Throws for keys outside `allowed`.
    func map(_ name: String, scalar key: String?, allowed: [String], example: String) throws(OperatorError) -> [String: String] {
        let map: [String: String]
        switch self {
        case .none: map = [:]
        case .scalar(let text):
            guard let key else {
                throw OperatorError(message: "`\(name)` takes named arguments", remedy: "write `\(example)`")
            }
            map = [key: text]
        case .map(let given): map = given
        }
        if let unknown = map.keys.sorted().first(where: { !allowed.contains($0) }) {
            throw OperatorError(
                message: "`\(name)` has no argument `\(unknown)`",
                remedy: "use \(allowed.map { "`\($0)`" }.joined(separator: ", ")): `\(example)`")
        }
        return map
    }
}

/// A whole number from 1 (or `from`) to `to`, digits only.
func operatorNumber(
    _ text: String?, named key: String, of name: String, from: Int = 1, to: Int, example: String
) throws(OperatorError) -> Int {
    guard let text, !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(text), (from...to).contains(number)
    else {
        throw OperatorError(
            message: "`\(key)` of `\(name)` is not a whole number from \(from) to \(to)", remedy: "write for example `\(example)`")
    }
    return number
}
