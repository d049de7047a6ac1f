/// The format of HTML forms, with brackets: scan, read values, reduce, prove.
package enum FormBody {
    /// Strict: see gateway.md, "Bodies". The whole body is checked, not only what the shape names.
    package static func scan(_ body: [UInt8], shape: BodyShape, limits: BodyLimits) throws(BodyError) -> ScannedBody {
        var scanner = FormScanner(tree: shape.tree, limits: limits)
        return try scanner.scan(body.span)
    }

    /// The value at a hit of a scan of this very body: text, or null for a name without `=`; inside a nested document, what JSON has there.
    static func value(_ body: [UInt8], _ range: Range<Int>, _ form: FormScan) -> ScalarValue {
        let nestedStart = FormScan.nestedStart(body)
        if range.lowerBound >= nestedStart {
            guard let nested = form.nested else { return .null }
            return JSONBody.value(nested.document, range.lowerBound - nestedStart..<range.upperBound - nestedStart)
        }
        guard body[range.lowerBound - 1] == UInt8(ascii: "=") else { return .null }
        return .string(decoded(body, range))
    }

    static func decoded(_ body: [UInt8], _ range: Range<Int>) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(range.count)
        FormLexer.decode(body.span, from: range.lowerBound, to: range.upperBound, into: &text)
        return text
    }

    /// A form of these fields, as the URL standard writes it.
    static func encode(_ fields: [(name: String, value: String)]) -> [UInt8] {
        var output: [UInt8] = []
        for (name, value) in fields {
            if !output.isEmpty { output.append(UInt8(ascii: "&")) }
            FormLexer.encode(name.utf8, into: &output)
            output.append(UInt8(ascii: "="))
            FormLexer.encode(value.utf8, into: &output)
        }
        return output
    }

    /// A form that the gate has written, in the spelling of `encode`: two that say the same become equal.
    static func normalized(_ body: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        for pair in body.split(separator: UInt8(ascii: "&")) {
            if !output.isEmpty { output.append(UInt8(ascii: "&")) }
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            FormLexer.encode(decoded(body, pair.startIndex..<end), into: &output)
            output.append(UInt8(ascii: "="))
            if end < pair.endIndex { FormLexer.encode(decoded(body, (end + 1)..<pair.endIndex), into: &output) }
        }
        return output
    }

    /// Writes what may go, keeping unchanged pairs as they are. `actions`: one per record. `shared`: the plan for shared fields. Throws
    /// `proofFailed` if the actions do not fit the scan: nothing may be sent then.
    package static func reduce(
        _ body: [UInt8], scanned: ScannedBody, shape: BodyShape, actions: [RecordAction], shared: FieldPlan,
        operators: [any RedactionOperator], context: (FieldID) -> RedactionContext, reporting: Bool
    ) throws(BodyError) -> ReducedBody {
        guard actions.count == scanned.records.count, let form = scanned.form else { throw BodyError(.proofFailed) }
        var reducer = FormReducer(
            body: body, scanned: scanned, form: form, tree: shape.tree, actions: actions, shared: shared, operators: operators,
            isReporting: reporting)
        return try reducer.reduce(context)
    }

    /// Reads what was written and asserts that nothing dropped is in it, in the nested document neither. Throws `proofFailed`.
    package static func prove(
        _ written: [UInt8], of scanned: ScannedBody, shape: BodyShape, actions: [RecordAction], shared: FieldPlan,
        operators: [any RedactionOperator], limits: BodyLimits
    ) throws(BodyError) {
        let found: ScannedBody
        do {
            var scanner = FormScanner(tree: shape.tree, limits: limits, requiresRecords: false)
            found = try scanner.scan(written.span)
        } catch {
            throw BodyError(.proofFailed, offset: error.offset)
        }
        guard found.unclassifiedOutside == 0, found.start == 0 else { throw BodyError(.proofFailed) }
        let plans = try plans(of: found, from: scanned, actions)
        var verdicts = SlotVerdicts(shape.tree.slots, operators)
        for (record, plans) in zip(found.records, plans) {
            guard record.unclassified == 0 else { throw BodyError(.proofFailed) }
            verdicts.load(plans)
            for hit in record.hits where verdicts[hit.slot] == .drop { throw BodyError(.proofFailed) }
        }
        let outside = SlotVerdicts(shape.tree.shared, operators, forAll: shared)
        for hit in found.shared where outside[hit.slot] == .drop { throw BodyError(.proofFailed) }
    }

    /// The plans each record found was written by. In a form a record is known by its names, and one without pairs is gone; in a nested
    /// document records keep their order.
    private static func plans(
        of found: ScannedBody, from scanned: ScannedBody, _ actions: [RecordAction]
    ) throws(BodyError) -> [[FieldPlan?]] {
        guard let written = found.form, let form = scanned.form, (written.nested == nil) == (form.nested == nil) else {
            throw BodyError(.proofFailed)
        }
        if form.nested != nil {
            let plans = actions.compactMap { if case .write(let plans) = $0 { plans } else { nil } }
            guard plans.count == found.records.count else { throw BodyError(.proofFailed) }
            return plans
        }
        let positions = Dictionary(uniqueKeysWithValues: form.recordKeys.enumerated().map { ($1, $0) })
        var plans: [[FieldPlan?]] = []
        for key in written.recordKeys {
            guard let position = positions[key], actions.indices.contains(position), case .write(let plan) = actions[position] else {
                throw BodyError(.proofFailed)
            }
            plans.append(plan)
        }
        return plans
    }
}
