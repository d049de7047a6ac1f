/// What a scan found: positions in the decoded body, no copies.
package struct ScannedBody: Sendable {
    /// One place that holds a field.
    package struct Hit: Sendable {
        /// Index into the endpoint's `slots` (records) or `shared`.
        package var slot: Int
        /// The value's bytes as written, quotes included. `ScannedBody.value` reads it.
        package var value: Range<Int>
    }
    package struct Record: Sendable {
        /// The record's value in the body.
        package var range: Range<Int>
        package var hits: [Hit]
        /// Members that are neither field nor structure.
        package var unclassified: Int
        /// Every member of `only` is there as required, and nothing else is. Always false for an endpoint without `only`.
        package var matchesOnly: Bool
    }
    package var records: [Record]
    package var shared: [Hit]
    /// Members outside records, envelope and shared.
    package var unclassifiedOutside: Int
    /// Where the body begins: behind a UTF-8 BOM.
    var start: Int
    /// Every place the shape reaches, in the body's order: what reducing walks.
    var marks: [JSONMark]
    /// Of a form only.
    var form: FormScan?
}
