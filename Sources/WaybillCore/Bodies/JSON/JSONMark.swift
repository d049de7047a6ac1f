/// One place of a body that its shape reaches: a member or an array element, or the body itself.
struct JSONMark: Sendable {
    enum Kind: UInt8, Sendable {
        /// Passes as it is.
        case kept
        case unclassified
        case slot
        /// Its members or elements are the marks that follow, up to `next`.
        case container
        /// A container that is a record.
        case record
    }
    /// Behind the bracket or comma before it.
    var start: UInt32
    var value: UInt32
    var end: UInt32
    /// Index of the mark behind all that are inside this one.
    var next: UInt32
    var node: Int32
    var kind: Kind
}
