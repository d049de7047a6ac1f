/// The shape of a JSON document: what is taken is checked by it, and the OpenAPI document says it.
package indirect enum JSONShape: Sendable {
    case boolean
    case integer(ClosedRange<Int> = Int.min...Int.max)
    case number
    /// UTF-8 bytes; `pattern`: an anchored regular expression of ECMA 262 that `matches` computes.
    case text(bytes: ClosedRange<Int> = 0...2_000, pattern: Pattern? = nil)
    case oneOf([String])
    case list(of: JSONShape, count: ClosedRange<Int> = 0...1_000)
    /// Any names, values of one shape.
    case map(of: JSONShape, count: ClosedRange<Int> = 0...1_000)
    /// Members in the order in which people read them; others are refused.
    case object([Member])
    case nullable(JSONShape)
    /// Named, so that it is written once in the document: `Agreement`.
    case named(String, JSONShape)
    /// Not looked into.
    case any

    package struct Member: Sendable {
        package var name: String
        package var shape: JSONShape
        package var isRequired: Bool
        package var summary: String

        package static func required(_ name: String, _ shape: JSONShape, _ summary: String = "") -> Self {
            Self(name: name, shape: shape, isRequired: true, summary: summary)
        }
        package static func optional(_ name: String, _ shape: JSONShape, _ summary: String = "") -> Self {
            Self(name: name, shape: shape, isRequired: false, summary: summary)
        }
    }

    package struct Pattern: Sendable {
        /// Anchored, in the part of ECMA 262 that needs no look-around.
        package var expression: String
        /// OpenAPI's `format`, where it has one.
        package var format: String?
        package var matches: @Sendable (String) -> Bool
        package init(_ expression: String, format: String? = nil, matches: @escaping @Sendable (String) -> Bool) {
            self.expression = expression
            self.format = format
            self.matches = matches
        }
    }
}
