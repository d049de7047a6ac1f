/// Copies a form, leaving out and replacing what the actions say: pairs that stay are the same bytes, and one that goes takes its `&`.
struct FormReducer {
    private let body: [UInt8]
    private let scanned: ScannedBody
    private let form: FormScan
    private let tree: ShapeTree
    private let actions: [RecordAction]
    private let shared: FieldPlan
    private let operators: [any RedactionOperator]
    private let isReporting: Bool

    private var output: [UInt8] = []
    /// Everything before it is in `output` or was left out.
    private var copied: Int
    private var isChanged: Bool
    private var hasKept = false
    /// The pair before this one stays, and so does what separates the two.
    private var keptLast = true
    private var previousEnd: Int
    private var verdicts: SlotVerdicts
    private var verdictsOfRecord: Int32 = -1
    private var sharedVerdicts: SlotVerdicts
    /// Encoded, as it stands in a form.
    private var replacement: [UInt8] = []
    private var paths: ReductionPaths

    init(
        body: [UInt8], scanned: ScannedBody, form: FormScan, tree: ShapeTree, actions: [RecordAction], shared: FieldPlan,
        operators: [any RedactionOperator], isReporting: Bool
    ) {
        self.body = body
        self.scanned = scanned
        self.form = form
        self.tree = tree
        self.actions = actions
        self.shared = shared
        self.operators = operators
        self.isReporting = isReporting
        copied = scanned.start
        previousEnd = scanned.start
        isChanged = scanned.start > 0
        verdicts = SlotVerdicts(tree.slots)
        sharedVerdicts = SlotVerdicts(tree.shared)
        sharedVerdicts.load(forAll: shared, operators)
        paths = ReductionPaths(recordCount: isReporting ? actions.count : 0)
    }

    private enum Verdict { case keep, drop, replace }

    mutating func reduce(_ context: (FieldID) -> RedactionContext) throws(BodyError) -> ReducedBody {
        var nested: ReducedBody?
        for pair in form.pairs {
            let verdict: Verdict
            if pair.kind == .nested {
                let reduced = try reduceNested(context)
                nested = reduced
                verdict = reduced.isChanged ? .replace : .keep
            } else {
                verdict = judge(pair, context)
                if isReporting, verdict != .keep, !isOmitted(pair) { note(pair, verdict) }
            }
            write(pair, verdict)
            previousEnd = Int(pair.end)
        }
        let outside = ReductionReport(
            dropped: paths.outside.dropped + (nested?.outside.dropped.map(inNested) ?? []),
            changed: paths.outside.changed + (nested?.outside.changed.map(inNested) ?? []))
        let reports = nested?.reports ?? paths.reports
        guard isChanged else { return ReducedBody(bytes: body, isChanged: false, reports: reports, outside: outside) }
        if keptLast { copy(to: body.count) }
        return ReducedBody(bytes: output, isChanged: true, reports: reports, outside: outside)
    }

    private mutating func write(_ pair: FormPair, _ verdict: Verdict) {
        guard verdict != .drop else {
            if keptLast { copy(to: hasKept ? previousEnd : copied) }
            keptLast = false
            isChanged = true
            return
        }
        if !keptLast {
            if hasKept { output.append(UInt8(ascii: "&")) }
            copied = Int(pair.start)
        }
        if verdict == .replace {
            copy(to: Int(pair.value))
            if !pair.hasValue(body) { output.append(UInt8(ascii: "=")) }
            output.append(contentsOf: replacement)
            copied = Int(pair.end)
            isChanged = true
        }
        hasKept = true
        keptLast = true
    }

    private mutating func copy(to end: Int) {
        if output.isEmpty { output.reserveCapacity(body.count) }
        if copied < end { output.append(contentsOf: body[copied..<end]) }
        copied = end
    }

    // MARK: verdicts

    private func isOmitted(_ pair: FormPair) -> Bool {
        guard pair.record >= 0, case .omit = actions[Int(pair.record)] else { return false }
        return true
    }

    private mutating func judge(_ pair: FormPair, _ context: (FieldID) -> RedactionContext) -> Verdict {
        if pair.record >= 0, pair.record != verdictsOfRecord {
            guard case .write(let plans) = actions[Int(pair.record)] else { return .drop }
            verdicts.load(plans, operators)
            verdictsOfRecord = pair.record
        }
        switch pair.kind {
        case .kept: return .keep
        case .unclassified, .nested: return .drop
        case .slot:
            let node = tree.nodes[Int(pair.node)]
            let slot = Int(node.slot)
            switch node.isShared ? sharedVerdicts[slot] : verdicts[slot] {
            case .keep: return .keep
            case .drop: return .drop
            case .apply(let id): return apply(operators[id], to: pair, (node.isShared ? tree.shared : tree.slots)[slot].field, context)
            }
        }
    }

    private mutating func apply(
        _ reduction: any RedactionOperator, to pair: FormPair, _ field: FieldID, _ context: (FieldID) -> RedactionContext
    ) -> Verdict {
        let value = FormBody.value(body, pair.valueRange, form)
        var json: [UInt8] = []
        switch reduction.apply(to: value, in: context(field), into: &json) {
        case .unchanged: return .keep
        case .notApplicable: return .drop
        case .replaced:
            // Operators write JSON text; a form has only the text of a scalar.
            let text: [UInt8]
            switch JSONBody.value(json, json.indices) {
            case .string(let bytes), .number(let bytes): text = bytes
            case .bool(let isTrue): text = Array((isTrue ? "true" : "false").utf8)
            case .null, .emptyContainer: return .drop
            }
            if case .string(let old) = value, old == text { return .keep }
            replacement.removeAll(keepingCapacity: true)
            FormLexer.encode(text, into: &replacement)
            return .replace
        }
    }

    private mutating func reduceNested(_ context: (FieldID) -> RedactionContext) throws(BodyError) -> ReducedBody {
        guard let nested = form.nested else { throw BodyError(.proofFailed) }
        var reducer = JSONReducer(
            body: nested.document, scanned: nested.scanned, tree: tree, actions: actions, shared: shared, operators: operators,
            isReporting: isReporting)
        let reduced = try reducer.reduce(context)
        replacement.removeAll(keepingCapacity: true)
        if reduced.isChanged { FormLexer.encode(reduced.bytes, into: &replacement) }
        return reduced
    }

    // MARK: reports

    private func inNested(_ path: String) -> String {
        guard let pair = form.pairs.first(where: { $0.kind == .nested }) else { return path }
        return BodyPath(steps: steps(of: pair).all).description + (path.hasPrefix("[") ? "" : ".") + path
    }

    private mutating func note(_ pair: FormPair, _ verdict: Verdict) {
        let (all, recordDepth) = steps(of: pair)
        for (depth, step) in all.enumerated() {
            if depth == recordDepth, pair.record >= 0 { paths.beginRecord(Int(pair.record)) }
            paths.push(step)
        }
        if verdict == .drop { paths.noteDropped() } else { paths.noteChanged() }
        for _ in all { paths.pop() }
        paths.endRecord()
    }

    /// A pair's path as policies write it, and how many steps lead to its record.
    private func steps(of pair: FormPair) -> (all: [BodyPath.Step], recordDepth: Int) {
        let name = FormBody.decoded(body, pair.nameRange(body))
        var segments = FormSegments(start: 0, end: name.count)
        var steps: [BodyPath.Step] = []
        var recordDepth = 0
        var node: Int32 = 0
        do {
            while let segment = try segments.next(name.span, offset: 0) {
                let here = node < 0 ? ShapeTree.Node() : tree.nodes[Int(node)]
                let hash = tree.hashing.hash(name.span, from: segment.start, to: segment.textEnd)
                switch segment.kind {
                case .open:
                    steps.append(.each)
                    node = here.each
                case .index(let index) where here.hasElements:
                    steps.append(.each)
                    node = tree.element(of: here, at: index)
                case .index, .name:
                    steps.append(.name(String(decoding: name[segment.start..<segment.textEnd], as: UTF8.self)))
                    node = tree.child(of: here, named: name.span, from: segment.start, to: segment.textEnd, hash: hash)?.node ?? -1
                }
                if node >= 0, tree.nodes[Int(node)].isRecord { recordDepth = steps.count }
            }
        } catch {
            // The scan has refused such names.
            return (steps, recordDepth)
        }
        return (steps, recordDepth)
    }
}
