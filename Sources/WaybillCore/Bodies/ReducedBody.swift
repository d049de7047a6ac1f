/// What to write of one record.
package enum RecordAction: Sendable {
    /// The record is left out (of an array); a body that is one record is then not sent at all.
    case omit
    /// By the person of each slot: plans, in the order of the endpoint's `people`; a nil plan drops that person's fields.
    case write([FieldPlan?])
}

/// What reducing changed, by paths as in policies (`properties.ssn`, records' arrays without index). Names of unclassified
/// members come from the body and may be personal: dry runs and policy tests only, never logs.
package struct ReductionReport: Sendable, Hashable {
    /// Each path once, in the order of the body.
    package var dropped: [String]
    package var changed: [String]
    package init(dropped: [String] = [], changed: [String] = []) {
        self.dropped = dropped
        self.changed = changed
    }
}

package struct ReducedBody: Sendable {
    package var bytes: [UInt8]
    /// Anything differs from the input (whitespace and order are kept, so false means byte for byte equal).
    package var isChanged: Bool
    /// Per record, only filled when asked for; an omitted record's is empty.
    package var reports: [ReductionReport]
    /// Of what lies outside the records, by paths from the body; only filled when asked for.
    package var outside: ReductionReport
    package init(bytes: [UInt8], isChanged: Bool, reports: [ReductionReport], outside: ReductionReport = ReductionReport()) {
        self.bytes = bytes
        self.isChanged = isChanged
        self.reports = reports
        self.outside = outside
    }
}
