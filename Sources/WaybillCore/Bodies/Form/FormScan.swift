/// One `name=value` of a form.
struct FormPair: Sendable {
    enum Kind: UInt8, Sendable {
        /// Passes as it is.
        case kept
        case unclassified
        case slot
        /// Its value is a document of its own.
        case nested
    }
    /// Of the name.
    var start: UInt32
    /// Behind the `=`; the pair's end where it has none.
    var value: UInt32
    var end: UInt32
    var node: Int32
    /// -1: outside the records.
    var record: Int32
    var kind: Kind

    var valueRange: Range<Int> { Int(value)..<Int(end) }

    /// Whether there is an `=`: a name cannot hold one.
    func hasValue(_ body: [UInt8]) -> Bool { body[Int(value) - 1] == UInt8(ascii: "=") }

    func nameRange(_ body: [UInt8]) -> Range<Int> { Int(start)..<(hasValue(body) ? Int(value) - 1 : Int(end)) }
}

/// What a scan of a form found beyond what all formats have.
final class FormScan: Sendable {
    struct Nested: Sendable {
        /// The field's value, decoded.
        let document: [UInt8]
        let scanned: ScannedBody
    }
    /// In the body's order; pairs of one record need not be neighbours.
    let pairs: [FormPair]
    /// By record: what its names begin with, decoded. Tells in a proof which record is which, since an emptied one vanishes.
    let recordKeys: [[UInt8]]
    let nested: Nested?

    init(pairs: [FormPair], recordKeys: [[UInt8]], nested: Nested?) {
        self.pairs = pairs
        self.recordKeys = recordKeys
        self.nested = nested
    }

    /// Hits inside the nested document are counted as if it stood behind the body, one byte apart.
    static func nestedStart(_ body: [UInt8]) -> Int { body.count + 1 }
}

extension ScannedBody.Hit {
    func shifted(by distance: Int) -> Self {
        Self(slot: slot, value: value.lowerBound + distance..<value.upperBound + distance)
    }
}
