package import Crypto

/// Reduces one value. Adding one: a file in `Operators/` and a line in `RedactionOperators.all`.
package protocol RedactionOperator: Sendable {
    /// As written in agreements.
    static var name: String { get }
    /// Order for "the narrower operator winning": `keep` 0 … `drop` 100.
    static var narrowness: Int { get }
    /// For `docs/reference/operators.md`.
    static var reference: OperatorReference { get }
    /// Refuses arguments it does not know.
    init(arguments: OperatorArguments) throws(OperatorError)
    /// Appends the replacement as JSON text to `output`, or says why it cannot; then the field is dropped, never kept.
    func apply(to value: ScalarValue, in context: RedactionContext, into output: inout [UInt8]) -> RedactionResult
    /// For lint and explanations: `mask {keep_last: 2}`.
    var summary: String { get }
    /// The value goes out as it came.
    var keepsValue: Bool { get }
    /// Removes the member instead of replacing its value.
    var dropsMember: Bool { get }
}

/// What the reference says of an operator, each in a few words of Markdown.
package struct OperatorReference: Sendable {
    package var arguments: String
    package var inputs: String
    package var output: String
}

package enum RedactionResult: Sendable { case replaced, unchanged, notApplicable }

/// An operator's arguments as written: `keep`, `{mask: {keep_last: 2}}`, `{generalize: year}`.
package enum OperatorArguments: Sendable, Hashable {
    case none
    case scalar(String)
    case map([String: String])
}

package struct OperatorError: Error, Sendable {
    package var message: String
    package var remedy: String
    package init(message: String, remedy: String) {
        self.message = message
        self.remedy = remedy
    }
}

/// A scalar of a body, unescaped.
package enum ScalarValue: Sendable {
    case string([UInt8])
    /// The digits as written.
    case number([UInt8])
    case bool(Bool)
    case null
    /// `[]` or `{}`.
    case emptyContainer
}

/// What operators may know besides the value. A class: one for each field and vendor is made with the gate.
package final class RedactionContext: Sendable {
    package let field: Field
    package let hashing: SymmetricKey
    /// Of the vendor.
    package let pseudonyms: SymmetricKey
    package init(field: Field, hashing: SymmetricKey, pseudonyms: SymmetricKey) {
        self.field = field
        self.hashing = hashing
        self.pseudonyms = pseudonyms
    }
}
