// What the gate asks of a body format, by format. Adding one: a folder here with these four functions, its cases below, and its line in
// `BodyFormat.built`.

extension BodyShape {
    /// Checks the whole body, strictly, and finds what the shape names.
    package func scan(_ body: [UInt8], limits: BodyLimits) throws(BodyError) -> ScannedBody {
        switch format {
        case .json: try JSONBody.scan(body, shape: self, limits: limits)
        case .form: try FormBody.scan(body, shape: self, limits: limits)
        case .ndjson, .csv, .multipart, .xml, .none: throw BodyError(.unsupportedMediaType)
        }
    }

    /// Writes what may go; unchanged bytes stay as they are. `actions`: one a record. `shared`: the plan for shared fields.
    package func reduce(
        _ body: [UInt8], scanned: ScannedBody, actions: [RecordAction], shared: FieldPlan,
        operators: [any RedactionOperator], context: (FieldID) -> RedactionContext, reporting: Bool
    ) throws(BodyError) -> ReducedBody {
        switch format {
        case .json:
            try JSONBody.reduce(
                body, scanned: scanned, shape: self, actions: actions, shared: shared, operators: operators, context: context,
                reporting: reporting)
        case .form:
            try FormBody.reduce(
                body, scanned: scanned, shape: self, actions: actions, shared: shared, operators: operators, context: context,
                reporting: reporting)
        case .ndjson, .csv, .multipart, .xml, .none: throw BodyError(.unsupportedMediaType)
        }
    }

    /// Reads what was written and asserts that nothing dropped is in it. `scanned`: what it was written from.
    package func prove(
        _ written: [UInt8], of scanned: ScannedBody, actions: [RecordAction], shared: FieldPlan, operators: [any RedactionOperator],
        limits: BodyLimits
    ) throws(BodyError) {
        switch format {
        case .json: try JSONBody.prove(written, shape: self, actions: actions, shared: shared, operators: operators, limits: limits)
        case .form:
            try FormBody.prove(
                written, of: scanned, shape: self, actions: actions, shared: shared, operators: operators, limits: limits)
        case .ndjson, .csv, .multipart, .xml, .none: throw BodyError(.proofFailed)
        }
    }
}

extension ScannedBody {
    /// The decoded scalar at a hit of this scan of this very body.
    package func value(of hit: Hit, in body: [UInt8]) -> ScalarValue {
        if let form { FormBody.value(body, hit.value, form) } else { JSONBody.value(body, hit.value) }
    }
}
