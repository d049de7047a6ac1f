/// The JSON body format: scan, read values, reduce, prove.
package enum JSONBody {
    /// Strict: see gateway.md, "Bodies". The whole body is checked, not only what the shape names.
    package static func scan(_ body: [UInt8], shape: BodyShape, limits: BodyLimits) throws(BodyError) -> ScannedBody {
        var scanner = JSONScanner(tree: shape.tree, limits: limits)
        return try scanner.scan(body.span)
    }

    /// The unescaped scalar at a hit of a scan of this very body.
    package static func value(_ body: [UInt8], _ range: Range<Int>) -> ScalarValue {
        guard !range.isEmpty else { return .null }
        switch body[range.lowerBound] {
        case UInt8(ascii: "\""):
            let (start, end) = (range.lowerBound + 1, range.upperBound - 1)
            let plain: [UInt8]? = body.withUnsafeBufferPointer { body in
                let inside = UnsafeBufferPointer(rebasing: body[start..<end])
                return inside.contains(UInt8(ascii: "\\")) ? nil : Array(inside)
            }
            if let plain { return .string(plain) }
            var text: [UInt8] = []
            text.reserveCapacity(end - start)
            JSONLexer.unescape(body.span, from: start, to: end, into: &text)
            return .string(text)
        case UInt8(ascii: "{"), UInt8(ascii: "["): return .emptyContainer
        case UInt8(ascii: "t"): return .bool(true)
        case UInt8(ascii: "f"): return .bool(false)
        case UInt8(ascii: "n"): return .null
        default: return .number(Array(body[range]))
        }
    }

    /// Writes what may go, keeping unchanged bytes as they are. `actions`: one per record. `shared`: the plan for shared fields.
    /// `context(field)` gives operators their keys. Throws `proofFailed` if the actions do not fit the scan: nothing may be sent then.
    package static func reduce(
        _ body: [UInt8], scanned: ScannedBody, shape: BodyShape, actions: [RecordAction], shared: FieldPlan, policy: PolicySet,
        context: (FieldID) -> RedactionContext, reporting: Bool
    ) throws(BodyError) -> ReducedBody {
        try reduce(
            body, scanned: scanned, shape: shape, actions: actions, shared: shared, operators: policy.operators, context: context,
            reporting: reporting)
    }

    /// With the operators alone, where there is no policy set (benchmarks, tests).
    package static func reduce(
        _ body: [UInt8], scanned: ScannedBody, shape: BodyShape, actions: [RecordAction], shared: FieldPlan,
        operators: [any RedactionOperator], context: (FieldID) -> RedactionContext, reporting: Bool
    ) throws(BodyError) -> ReducedBody {
        guard actions.count == scanned.records.count else { throw BodyError(.proofFailed) }
        var reducer = JSONReducer(
            body: body, scanned: scanned, tree: shape.tree, actions: actions, shared: shared, operators: operators, isReporting: reporting)
        return try reducer.reduce(context)
    }

    /// Parses what was written and asserts that nothing dropped is in it: no unclassified member, no field whose plan drops it, no
    /// omitted record. Throws `proofFailed`, with no more than an offset.
    package static func prove(
        _ written: [UInt8], shape: BodyShape, actions: [RecordAction], shared: FieldPlan, policy: PolicySet, limits: BodyLimits
    ) throws(BodyError) {
        try prove(written, shape: shape, actions: actions, shared: shared, operators: policy.operators, limits: limits)
    }

    /// With the operators alone, where there is no policy set (benchmarks, tests).
    package static func prove(
        _ written: [UInt8], shape: BodyShape, actions: [RecordAction], shared: FieldPlan, operators: [any RedactionOperator],
        limits: BodyLimits
    ) throws(BodyError) {
        let found: ScannedBody
        do {
            var scanner = JSONScanner(tree: shape.tree, limits: limits, requiresRecords: false, marksPlaces: false)
            found = try scanner.scan(written.span)
        } catch {
            throw BodyError(.proofFailed, offset: error.offset)
        }
        let plans = actions.compactMap { if case .write(let plans) = $0 { plans } else { nil } }
        guard found.records.count == plans.count, found.unclassifiedOutside == 0, found.start == 0 else { throw BodyError(.proofFailed) }
        var verdicts = SlotVerdicts(shape.tree.slots, operators)
        for (record, plans) in zip(found.records, plans) {
            guard record.unclassified == 0 else { throw BodyError(.proofFailed, offset: record.range.lowerBound) }
            verdicts.load(plans)
            for hit in record.hits where verdicts[hit.slot] == .drop { throw BodyError(.proofFailed, offset: hit.value.lowerBound) }
        }
        let outside = SlotVerdicts(shape.tree.shared, operators, forAll: shared)
        for hit in found.shared where outside[hit.slot] == .drop { throw BodyError(.proofFailed, offset: hit.value.lowerBound) }
    }
}
