/// What a scan found: positions in the decoded body, no copies.
package struct ScannedBody: Sendable {
    /// One place that holds a field.
    package struct Hit: Sendable {
        /// Index into the endpoint's `slots` (records) or `shared`.
        package var slot: Int
        /// The value's bytes as written, quotes included.
        package var value: Range<Int>
    }
    package struct Record: Sendable {
        /// The record's value in the body.
        package var range: Range<Int>
        package var hits: [Hit]
        /// Members that are neither field nor structure.
        package var unclassified: Int
        /// Every member of `only` is there as required, and nothing else is.
        package var matchesOnly: Bool
    }
    package var records: [Record]
    package var shared: [Hit]
    /// Members outside records, envelope and shared.
    package var unclassifiedOutside: Int
}

/// What to write of one record.
package enum RecordAction: Sendable {
    /// The record is left out (of an array); a body that is one record is then not sent at all.
    case omit
    /// By the person of each slot: plans, in the order of the endpoint's `people`; a nil plan drops that person's fields.
    case write([FieldPlan?])
}

/// Limits on bodies, with gateway.md's defaults.
package struct BodyLimits: Sendable {
    package var decodedBytesMax = 32 * 1_024 * 1_024
    package var compressionRatioMax = 100
    package var depthMax = 64
    package var membersMax = 10_000
    package var numberCharactersMax = 64
    package init() {}
}

/// What reducing changed, by paths as in policies (`properties.ssn`, records' arrays without index). Names of unclassified
/// members come from the body and may be personal: dry runs and policy tests only, never logs.
package struct ReductionReport: Sendable, Hashable {
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
    /// Per record, only filled when asked for.
    package var reports: [ReductionReport]
    package init(bytes: [UInt8], isChanged: Bool, reports: [ReductionReport]) {
        self.bytes = bytes
        self.isChanged = isChanged
        self.reports = reports
    }
}

/// The JSON body format: scan, read values, reduce, prove.
package enum JSONBody {
    /// Strict: see gateway.md, "Bodies". The whole body is checked, not only what the shape names.
    package static func scan(_ body: [UInt8], shape: BodyShape, limits: BodyLimits) throws(BodyError) -> ScannedBody {
        throw BodyError(.invalidSyntax)
    }
    /// The unescaped scalar at a hit.
    package static func value(_ body: [UInt8], _ range: Range<Int>) -> ScalarValue { .null }

    /// Writes what may go, keeping unchanged bytes as they are. `actions`: one per record. `shared`: the plan for shared fields.
    /// `context(field)` gives operators their keys.
    package static func reduce(
        _ body: [UInt8], scanned: ScannedBody, shape: BodyShape, actions: [RecordAction], shared: FieldPlan, policy: PolicySet,
        context: (FieldID) -> RedactionContext, reporting: Bool
    ) throws(BodyError) -> ReducedBody {
        throw BodyError(.proofFailed)
    }
    /// Parses what was written and asserts that nothing dropped is in it.
    package static func prove(
        _ written: [UInt8], shape: BodyShape, actions: [RecordAction], shared: FieldPlan, policy: PolicySet, limits: BodyLimits
    ) throws(BodyError) {
        throw BodyError(.proofFailed)
    }
}

/// gzip and deflate, bounded: several gzip members, trailing or truncated data are refused.
package enum ContentCoding: String, CaseIterable, Sendable {
    case identity, gzip, deflate
    /// Nil: 415.
    package init?(header: String) { return nil }
    package func decode(_ bytes: [UInt8], limits: BodyLimits) throws(BodyError) -> [UInt8] { throw BodyError(.unsupportedContentCoding) }
}
