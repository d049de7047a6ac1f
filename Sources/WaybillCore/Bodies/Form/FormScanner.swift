/// One pass over a form: checks all of it, and places every pair by the shape.
struct FormScanner {
    let tree: ShapeTree
    let limits: BodyLimits
    /// False for a proof: what was emptied has vanished.
    let requiresRecords: Bool
    private var pairs: [FormPair] = []
    private(set) var records: [Draft] = []
    private var recordKeys: [[UInt8]] = []
    private var recordsByKey: [[UInt8]: Int32] = [:]
    private var shared: [ScannedBody.Hit] = []
    private var unclassifiedOutside = 0
    private var nested: FormScan.Nested?
    /// Decoded names and values.
    private var decoded: [UInt8] = []
    /// By fold of the tree: the node whose name was seen, or one of these.
    private var folds: [Int32]
    private static let unseen: Int32 = -1
    private static let lookalikeSeen: Int32 = -2
    private var identifying = IdentifyingNames()

    /// A record that is still being gathered.
    struct Draft {
        var record: ScannedBody.Record
        /// Members of `only` that are as required.
        var onlySeen: [Bool]
        var othersCount = 0
    }

    init(tree: ShapeTree, limits: BodyLimits, requiresRecords: Bool = true) {
        self.tree = tree
        self.limits = limits
        self.requiresRecords = requiresRecords
        folds = Array(repeating: Self.unseen, count: tree.folds.count)
    }

    /// Offsets are 32 bits wide.
    private static let bodyBytesMax = Int(Int32.max)

    mutating func scan(_ bytes: Span<UInt8>) throws(BodyError) -> ScannedBody {
        guard bytes.count <= Self.bodyBytesMax else { throw BodyError(.tooLarge) }
        let start = try JSONScanner.checkEncoding(bytes)
        pairs.reserveCapacity(min(bytes.count / 24 + 8, limits.membersMax))
        if tree.nodes[0].isRecord { _ = openRecord([]) }
        var i = start
        while i < bytes.count {
            // Nobody reads anything into `&&`.
            if bytes[i] == UInt8(ascii: "&") { i &+= 1 } else { i = try pair(bytes, i) }
        }
        try identifying.refuseRepeated()
        guard tree.isUsable, !requiresRecords || nested != nil || (tree.nested < 0 && !records.isEmpty) else {
            throw BodyError(.shapeMismatch, offset: start)
        }
        return found(start: start, bodyCount: bytes.count)
    }

    private func found(start: Int, bodyCount: Int) -> ScannedBody {
        let distance = bodyCount + 1
        let inside = nested?.scanned
        let all =
            inside?.records.map { record in
                var record = record
                record.hits = record.hits.map { $0.shifted(by: distance) }
                return record
            }
            ?? records.map { draft in
                var record = draft.record
                record.matchesOnly = draft.othersCount == 0 && !draft.onlySeen.isEmpty && draft.onlySeen.allSatisfy { $0 }
                return record
            }
        return ScannedBody(
            records: all, shared: shared + (inside?.shared.map { $0.shifted(by: distance) } ?? []),
            unclassifiedOutside: unclassifiedOutside + (inside?.unclassifiedOutside ?? 0), start: start, marks: [],
            form: FormScan(pairs: pairs, recordKeys: recordKeys, nested: nested))
    }

    private mutating func openRecord(_ key: [UInt8]) -> Int32 {
        let record = ScannedBody.Record(range: 0..<0, hits: [], unclassified: 0, matchesOnly: false)
        records.append(Draft(record: record, onlySeen: Array(repeating: false, count: tree.onlyCount)))
        records[records.count - 1].record.hits.reserveCapacity(16)
        recordKeys.append(key)
        return Int32(records.count - 1)
    }

    // MARK: one pair

    private mutating func pair(_ bytes: Span<UInt8>, _ start: Int) throws(BodyError) -> Int {
        guard pairs.count < limits.membersMax else { throw BodyError(.tooManyMembers, offset: start) }
        let name = try FormLexer.part(bytes, start, isName: true)
        guard name.end > start else { throw BodyError(.invalidSyntax, offset: start) }
        var value = name.end
        var end = name.end
        if end < bytes.count, bytes[end] == UInt8(ascii: "=") {
            value = end &+ 1
            let part = try FormLexer.part(bytes, value, isName: false)
            end = part.end
            if !part.isASCII { try checkUTF8(bytes, value, part) }
        }
        let place: FormPlace
        if name.isEncoded {
            var text: [UInt8] = []
            swap(&text, &decoded)
            text.removeAll(keepingCapacity: true)
            FormLexer.decode(bytes, from: start, to: name.end, into: &text)
            place = try self.place(text.span, from: 0, to: text.count, isASCII: name.isASCII, offset: start)
            swap(&text, &decoded)
        } else {
            place = try self.place(bytes, from: start, to: name.end, isASCII: name.isASCII, offset: start)
        }
        let pair = FormPair(
            start: UInt32(truncatingIfNeeded: start), value: UInt32(truncatingIfNeeded: value), end: UInt32(truncatingIfNeeded: end),
            node: place.node, record: place.record, kind: .kept)
        try add(pair, place, bytes)
        return end
    }

    private mutating func checkUTF8(_ bytes: Span<UInt8>, _ start: Int, _ part: FormLexer.Part) throws(BodyError) {
        guard part.isEncoded else { return try FormLexer.checkUTF8(bytes.extracting(start..<part.end), offset: start) }
        decoded.removeAll(keepingCapacity: true)
        FormLexer.decode(bytes, from: start, to: part.end, into: &decoded)
        try FormLexer.checkUTF8(decoded.span, offset: start)
    }

    /// Decides what a pair is by its place.
    private mutating func add(_ pair: FormPair, _ place: FormPlace, _ bytes: Span<UInt8>) throws(BodyError) {
        var pair = pair
        let node = tree.nodes[Int(place.node)]
        let isReached = place.isReached
        if isReached, place.node == tree.nested {
            pair.kind = .nested
            try scanNested(pair, bytes)
        } else if isReached, node.isRecord || node.isOnRecordPath {
            throw BodyError(.shapeMismatch, offset: Int(pair.start))
        } else {
            let equalsConstant = isReached && node.constant >= 0 && isConstant(pair, bytes, tree.constants[Int(node.constant)])
            if place.record >= 0 { noteOnly(isReached ? node : ShapeTree.Node(), equalsConstant, in: Int(place.record)) }
            if isReached, node.slot >= 0, node.isShared || place.record >= 0 {
                pair.kind = .slot
                try hit(pair, place, node)
            } else if isReached ? node.isLeaf || node.isSubtree || equalsConstant : place.admitsRest {
                pair.kind = .kept
            } else {
                pair.kind = .unclassified
                if place.record >= 0 { records[Int(place.record)].record.unclassified += 1 } else { unclassifiedOutside += 1 }
            }
        }
        pairs.append(pair)
    }

    private mutating func hit(_ pair: FormPair, _ place: FormPlace, _ node: ShapeTree.Node) throws(BodyError) {
        let hit = ScannedBody.Hit(slot: Int(node.slot), value: pair.valueRange)
        let slot = (node.isShared ? tree.shared : tree.slots)[hit.slot]
        if slot.isIdentifying { identifying.note(place, offset: Int(pair.start)) }
        if node.isShared { shared.append(hit) } else { records[Int(place.record)].record.hits.append(hit) }
    }

    /// What stands twice is not exactly what `only` says.
    private mutating func noteOnly(_ node: ShapeTree.Node, _ equalsConstant: Bool, in record: Int) {
        guard tree.onlyCount > 0 else { return }
        let only = Int(node.only)
        if only >= 0, node.constant < 0 || equalsConstant, !records[record].onlySeen[only] {
            records[record].onlySeen[only] = true
        } else {
            records[record].othersCount += 1
        }
    }

    private mutating func isConstant(_ pair: FormPair, _ bytes: Span<UInt8>, _ constant: [UInt8]) -> Bool {
        decoded.removeAll(keepingCapacity: true)
        FormLexer.decode(bytes, from: Int(pair.value), to: Int(pair.end), into: &decoded)
        return decoded == constant
    }

    private mutating func scanNested(_ pair: FormPair, _ bytes: Span<UInt8>) throws(BodyError) {
        guard nested == nil else { throw BodyError(.duplicateName, offset: Int(pair.start)) }
        var document: [UInt8] = []
        document.reserveCapacity(pair.valueRange.count)
        FormLexer.decode(bytes, from: Int(pair.value), to: Int(pair.end), into: &document)
        var scanner = JSONScanner(tree: tree, limits: limits, requiresRecords: requiresRecords, root: tree.nested)
        do { nested = FormScan.Nested(document: document, scanned: try scanner.scan(document.span)) } catch {
            // A place in the decoded document is none in the body.
            throw BodyError(error.kind, offset: Int(pair.value))
        }
    }
}

// MARK: names

extension FormScanner {
    /// Walks the shape along a decoded name: `a[b][0]`. Throws for what servers take apart in different ways: brackets that do not pair,
    /// text behind one, a name without a beginning.
    private mutating func place(
        _ name: Span<UInt8>, from start: Int, to end: Int, isASCII: Bool, offset: Int
    ) throws(BodyError) -> FormPlace {
        if !isASCII { try FormLexer.checkUTF8(name.extracting(start..<end), offset: offset) }
        var segments = FormSegments(start: start, end: end)
        var place = FormPlace(record: tree.nodes[0].isRecord ? 0 : -1)
        var depth = 0
        while let segment = try segments.next(name, offset: offset) {
            depth &+= 1
            guard depth <= limits.depthMax else { throw BodyError(.tooDeep, offset: offset) }
            if depth == 1, FormSegments.isCharset(name, segment) { throw BodyError(.invalidSyntax, offset: offset) }
            if segment.kind == .open { place.isOpen = true }
            if place.isReached { try step(&place, name, segment, from: start, isASCII: isASCII, offset: offset) }
        }
        if place.isReached, tree.nodes[Int(place.node)].slot >= 0 { place.hash = tree.hashing.hash(name, from: start, to: end) }
        return place
    }

    private mutating func step(
        _ place: inout FormPlace, _ name: Span<UInt8>, _ segment: FormSegment, from start: Int, isASCII: Bool, offset: Int
    ) throws(BodyError) {
        // The field holds a document: brackets would be a second way to say what is in it.
        if place.node == tree.nested { throw BodyError(.shapeMismatch, offset: offset) }
        let node = tree.nodes[Int(place.node)]
        let child: Int32
        switch segment.kind {
        case .open:
            // Which position it means hangs on the pairs before it.
            child = node.isPositional ? -1 : node.each
            if child >= 0, tree.nodes[Int(child)].isRecord || tree.nodes[Int(child)].isOnRecordPath {
                throw BodyError(.shapeMismatch, offset: offset)
            }
        case .index(let index) where node.hasElements: child = tree.element(of: node, at: index)
        case .index, .name: child = try named(name, segment, node, isASCII: isASCII, offset: offset)
        }
        guard child >= 0 else {
            place.isReached = false
            place.admitsRest = node.isSubtree
            return
        }
        place.node = child
        if tree.nodes[Int(child)].isRecord { place.record = record(name, from: start, to: segment.end) }
    }

    /// The record whose names begin so.
    private mutating func record(_ name: Span<UInt8>, from start: Int, to end: Int) -> Int32 {
        if let last = recordKeys.last, last.count == end - start, (0..<last.count).allSatisfy({ last[$0] == name[start + $0] }) {
            return Int32(recordKeys.count - 1)
        }
        var key: [UInt8] = []
        key.reserveCapacity(end - start)
        for i in start..<end { key.append(name[i]) }
        if let record = recordsByKey[key] { return record }
        let record = openRecord(key)
        recordsByKey[key] = record
        return record
    }

    /// The node's child of this name, -1 if it has none. Throws where a look-alike of a name that the shape has stands in the same form.
    private mutating func named(
        _ name: Span<UInt8>, _ segment: FormSegment, _ node: ShapeTree.Node, isASCII: Bool, offset: Int
    ) throws(BodyError) -> Int32 {
        guard node.foldCount > 0 else { return -1 }
        let (start, end) = (segment.start, segment.textEnd)
        let hash = tree.hashing.hash(name, from: start, to: end)
        guard let match = tree.child(of: node, named: name, from: start, to: end, hash: hash) else {
            let fold = tree.lookalike(of: node, named: name, from: start, to: end, isASCII: isASCII)
            guard fold >= 0 else { return -1 }
            let place = Int(node.foldStart + fold)
            if folds[place] >= 0 { throw BodyError(.confusableName, offset: offset) }
            folds[place] = Self.lookalikeSeen
            return -1
        }
        let place = Int(node.foldStart + match.fold)
        guard folds[place] == Self.unseen || folds[place] == match.node else { throw BodyError(.confusableName, offset: offset) }
        folds[place] = match.node
        return match.node
    }
}
