/// What this software calls itself, to people and in what it exports.
package enum Product {
    package static let version: StaticString = "0.1.0"
}
