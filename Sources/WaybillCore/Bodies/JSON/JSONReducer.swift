/// Copies a body, leaving out and replacing what the actions say: unchanged bytes stay as they are, commas come out right.
struct JSONReducer {
    private let body: [UInt8]
    private let scanned: ScannedBody
    private let tree: ShapeTree
    private let actions: [RecordAction]
    private let operators: [any RedactionOperator]
    private let isReporting: Bool

    private var output: [UInt8] = []
    /// Everything before it is in `output` or was left out.
    private var copied: Int
    private var isChanged: Bool
    private var recordCount = 0
    /// Of the record being written, and of what is outside records.
    private var verdicts: SlotVerdicts
    private let sharedVerdicts: SlotVerdicts
    private var replacement: [UInt8] = []
    private var paths: ReductionPaths

    init(
        body: [UInt8], scanned: ScannedBody, tree: ShapeTree, actions: [RecordAction], shared: FieldPlan,
        operators: [any RedactionOperator],
        isReporting: Bool
    ) {
        self.body = body
        self.scanned = scanned
        self.tree = tree
        self.actions = actions
        self.operators = operators
        self.isReporting = isReporting
        copied = scanned.start
        isChanged = scanned.start > 0
        verdicts = SlotVerdicts(tree.slots, operators)
        sharedVerdicts = SlotVerdicts(tree.shared, operators, forAll: shared)
        paths = ReductionPaths(recordCount: isReporting ? actions.count : 0)
    }

    private enum Verdict { case keep, drop, replace, descend }

    mutating func reduce(_ context: (FieldID) -> RedactionContext) throws(BodyError) -> ReducedBody {
        guard let root = scanned.marks.first else { throw BodyError(.proofFailed) }
        switch judge(root, context) {
        case .keep: break
        case .descend: children(of: 0, context)
        // A body that is one record, left out: there is nothing to send.
        case .drop, .replace: throw BodyError(.proofFailed)
        }
        guard isChanged else { return ReducedBody(bytes: body, isChanged: false, reports: paths.reports, outside: paths.outside) }
        copy(to: body.count)
        return ReducedBody(bytes: output, isChanged: true, reports: paths.reports, outside: paths.outside)
    }

    private mutating func children(of parent: Int, _ context: (FieldID) -> RedactionContext) {
        let container = scanned.marks[parent]
        let isArray = body[Int(container.value)] == UInt8(ascii: "[")
        let isPositional = isArray && tree.nodes[Int(container.node)].isPositional
        var index = parent + 1
        var hasKept = false
        var hasDropped = false
        var previousEnd = Int(container.value) + 1
        while index < Int(container.next) {
            let mark = scanned.marks[index]
            if isReporting { paths.push(isArray ? .each : .name(name(of: mark))) }
            // Nothing is left before it, so neither is the comma.
            if hasDropped, !hasKept { copied = Int(mark.start) }
            switch judge(mark, context) {
            case .drop where isPositional:
                replacement.removeAll(keepingCapacity: true)
                replacement.append(contentsOf: "null".utf8)
                substitute(mark)
                hasKept = true
                if isReporting, mark.kind != .record { paths.noteDropped() }
            case .drop:
                copy(to: hasKept ? previousEnd : Int(mark.start))
                copied = Int(mark.end)
                hasDropped = true
                isChanged = true
                if isReporting, mark.kind != .record { paths.noteDropped() }
            case .keep: hasKept = true
            case .replace:
                substitute(mark)
                hasKept = true
                if isReporting { paths.noteChanged() }
            case .descend:
                hasKept = true
                children(of: index, context)
            }
            if isReporting {
                paths.pop()
                if mark.kind == .record { paths.endRecord() }
            }
            previousEnd = Int(mark.end)
            index = Int(mark.next)
        }
    }

    private mutating func judge(_ mark: JSONMark, _ context: (FieldID) -> RedactionContext) -> Verdict {
        switch mark.kind {
        case .kept: return .keep
        case .unclassified: return .drop
        case .container: return .descend
        case .record:
            let action = actions[recordCount]
            recordCount += 1
            guard case .write(let plans) = action else { return .drop }
            verdicts.load(plans)
            if isReporting { paths.beginRecord(recordCount - 1) }
            return .descend
        case .slot: return judgeSlot(mark, context)
        }
    }

    private mutating func judgeSlot(_ mark: JSONMark, _ context: (FieldID) -> RedactionContext) -> Verdict {
        let node = tree.nodes[Int(mark.node)]
        let slot = Int(node.slot)
        switch node.isShared ? sharedVerdicts[slot] : verdicts[slot] {
        case .keep: return .keep
        case .drop: return .drop
        case .apply(let id): return apply(operators[id], to: mark, (node.isShared ? tree.shared : tree.slots)[slot].field, context)
        }
    }

    private mutating func apply(
        _ reduction: any RedactionOperator, to mark: JSONMark, _ field: FieldID, _ context: (FieldID) -> RedactionContext
    ) -> Verdict {
        let range = Int(mark.value)..<Int(mark.end)
        replacement.removeAll(keepingCapacity: true)
        switch reduction.apply(to: JSONBody.value(body, range), in: context(field), into: &replacement) {
        case .unchanged: return .keep
        case .replaced: return body[range].elementsEqual(replacement) ? .keep : .replace
        case .notApplicable: return .drop
        }
    }

    private mutating func substitute(_ mark: JSONMark) {
        copy(to: Int(mark.value))
        output.append(contentsOf: replacement)
        copied = Int(mark.end)
        isChanged = true
    }

    private mutating func copy(to end: Int) {
        if output.isEmpty { output.reserveCapacity(body.count) }
        if copied < end {
            body.withUnsafeBufferPointer { output.append(contentsOf: UnsafeBufferPointer(rebasing: $0[copied..<end])) }
        }
        copied = end
    }

    /// The member's name, unescaped.
    private func name(of mark: JSONMark) -> String {
        let bytes = body.span
        let quote = JSONLexer.space(bytes, Int(mark.start))
        var end = quote + 1
        while bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
        var name: [UInt8] = []
        JSONLexer.unescape(bytes, from: quote + 1, to: end, into: &name)
        return String(decoding: name, as: UTF8.self)
    }
}
