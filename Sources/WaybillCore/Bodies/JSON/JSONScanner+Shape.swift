/// A member or element about to be scanned, and what the shape says of its place.
struct JSONMemberPlace {
    var start: Int
    var value: Int
    /// Its node, -1 if the shape has none.
    var child: Int32
    /// What the shape does not name may pass here.
    var admitsRest: Bool
    /// In an array addressed by position.
    var isPositional: Bool
}

extension JSONScanner {
    /// Decides what a value is by its place and type, and scans it.
    mutating func element(_ bytes: Span<UInt8>, _ place: JSONMemberPlace, depth: Int) throws(BodyError) -> Int {
        guard place.value < bytes.count else { throw BodyError(.invalidSyntax, offset: bytes.count) }
        let first = bytes[place.value]
        if place.isPositional, first == UInt8(ascii: "n") {
            let end = try JSONLexer.literal(bytes, place.value)
            try mark(.kept, place, end: end)
            return end
        }
        guard place.child >= 0 else {
            let end = try skipValue(bytes, place.value, depth: depth)
            try markOther(place, end: end, passes: place.admitsRest)
            return end
        }
        let node = tree.nodes[Int(place.child)]
        if node.isRecord { return try record(bytes, place, node, depth: depth) }
        // Empty ones too: a container that was emptied must read the same when it is proved.
        if first == UInt8(ascii: "{") ? node.hasNames : first == UInt8(ascii: "[") && node.hasElements {
            return try container(.container, bytes, place, depth: depth)
        }
        if node.isOnRecordPath { throw BodyError(.shapeMismatch, offset: place.value) }
        let end = try skipValue(bytes, place.value, depth: depth)
        try leaf(bytes, place, node, end: end)
        return end
    }

    /// A scalar, or a container that the shape does not reach into.
    private mutating func leaf(_ bytes: Span<UInt8>, _ place: JSONMemberPlace, _ node: ShapeTree.Node, end: Int) throws(BodyError) {
        let isObject = bytes[place.value] == UInt8(ascii: "{")
        let isContainer = isObject || bytes[place.value] == UInt8(ascii: "[")
        if isContainer, !isEmpty(bytes, place.value, close: isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
            return try markOther(place, end: end, passes: node.isSubtree)
        }
        let equalsConstant = node.constant >= 0 && isConstant(bytes, place.value, end, tree.constants[Int(node.constant)])
        if node.only >= 0, !isContainer, node.constant < 0 || equalsConstant {
            onlySeen[Int(node.only)] = true
        } else {
            othersCount &+= 1
        }
        if node.slot >= 0 {
            try mark(.slot, place, end: end)
            let hit = ScannedBody.Hit(slot: Int(node.slot), value: place.value..<end)
            if node.isShared { shared.append(hit) } else { hits.append(hit) }
        } else if node.isLeaf || node.isSubtree || equalsConstant {
            try mark(.kept, place, end: end)
        } else {
            unclassified &+= 1
            try mark(.unclassified, place, end: end)
        }
    }

    private mutating func record(_ bytes: Span<UInt8>, _ place: JSONMemberPlace, _ node: ShapeTree.Node, depth: Int) throws(BodyError)
        -> Int
    {
        let first = bytes[place.value]
        let isReached = first == UInt8(ascii: "{") || (first == UInt8(ascii: "[") && node.hasElements)
        guard isReached || node.isSubtree else {
            // What is no JSON at all is not a mismatch of shape.
            _ = try skipValue(bytes, place.value, depth: depth)
            throw BodyError(.shapeMismatch, offset: place.value)
        }
        let outside = unclassified
        unclassified = 0
        othersCount = 0
        if tree.onlyCount > 0 { onlySeen = Array(repeating: false, count: tree.onlyCount) }
        isInRecord = true
        hits.reserveCapacity(hitCountOfLastRecord)
        let end: Int
        if isReached {
            end = try container(.record, bytes, place, depth: depth)
        } else {
            end = try skipValue(bytes, place.value, depth: depth)
            othersCount = 1
            try mark(.record, place, end: end)
        }
        records.append(
            ScannedBody.Record(
                range: place.value..<end, hits: hits, unclassified: unclassified,
                matchesOnly: othersCount == 0 && !onlySeen.isEmpty && onlySeen.allSatisfy { $0 }))
        hitCountOfLastRecord = hits.count
        hits = []
        unclassified = outside
        isInRecord = false
        return end
    }

    private mutating func container(_ kind: JSONMark.Kind, _ bytes: Span<UInt8>, _ place: JSONMemberPlace, depth: Int) throws(BodyError)
        -> Int
    {
        let index = marks.count
        try mark(kind, place, end: place.value)
        let end =
            bytes[place.value] == UInt8(ascii: "{")
            ? try object(bytes, place.value, place.child, depth: depth &+ 1) : try array(bytes, place.value, place.child, depth: depth &+ 1)
        if !marksPlaces { return end }
        marks[index].end = UInt32(truncatingIfNeeded: end)
        marks[index].next = UInt32(truncatingIfNeeded: marks.count)
        return end
    }

    private mutating func object(_ bytes: Span<UInt8>, _ open: Int, _ nodeIndex: Int32, depth: Int) throws(BodyError) -> Int {
        guard depth <= limits.depthMax else { throw BodyError(.tooDeep, offset: open) }
        let node = tree.nodes[Int(nodeIndex)]
        let nameMark = names.mark
        let foldMark = folds.count
        for _ in 0..<node.foldCount { folds.append([]) }
        var hasRequired = node.required < 0 || !requiresRecords
        var start = open &+ 1
        var i = JSONLexer.space(bytes, start)
        if i < bytes.count, bytes[i] == UInt8(ascii: "}") {
            // Empty: nothing to close.
        } else {
            while true {
                let name = try name(bytes, i, mark: nameMark)
                let child = try classify(name, bytes, node, nameMark: nameMark, foldMark: foldMark)
                if child >= 0, child == node.required { hasRequired = true }
                let place = JSONMemberPlace(
                    start: start, value: name.value, child: child, admitsRest: node.isSubtree, isPositional: false)
                i = JSONLexer.space(bytes, try element(bytes, place, depth: depth))
                guard try hasNext(bytes, i, close: UInt8(ascii: "}")) else { break }
                start = i &+ 1
                i = JSONLexer.space(bytes, start)
            }
            try names.close(nameMark, in: bytes, hashing: tree.hashing)
        }
        folds.removeLast(Int(node.foldCount))
        guard hasRequired else { throw BodyError(.shapeMismatch, offset: open) }
        return i &+ 1
    }

    private mutating func array(_ bytes: Span<UInt8>, _ open: Int, _ nodeIndex: Int32, depth: Int) throws(BodyError) -> Int {
        guard depth <= limits.depthMax else { throw BodyError(.tooDeep, offset: open) }
        let node = tree.nodes[Int(nodeIndex)]
        // Every element being a record, none is needed; a single one is.
        var hasRequired = node.required < 0 || node.required == node.each || !requiresRecords
        var start = open &+ 1
        var index = 0
        var i = JSONLexer.space(bytes, start)
        if i < bytes.count, bytes[i] == UInt8(ascii: "]") {
            // Empty.
        } else {
            while true {
                let child = tree.element(of: node, at: index)
                if child >= 0, child == node.required { hasRequired = true }
                let place = JSONMemberPlace(
                    start: start, value: i, child: child, admitsRest: node.isSubtree, isPositional: node.isPositional)
                i = JSONLexer.space(bytes, try element(bytes, place, depth: depth))
                guard try hasNext(bytes, i, close: UInt8(ascii: "]")) else { break }
                index &+= 1
                start = i &+ 1
                i = JSONLexer.space(bytes, start)
            }
        }
        guard hasRequired else { throw BodyError(.shapeMismatch, offset: open) }
        return i &+ 1
    }

    /// The shape's node for a name, -1 if it has none. Throws where a look-alike of a name that the shape has stands beside it.
    @inline(__always)
    private mutating func classify(
        _ name: Name, _ bytes: Span<UInt8>, _ node: ShapeTree.Node, nameMark: Int, foldMark: Int
    ) throws(BodyError) -> Int32 {
        guard node.foldCount > 0 else { return -1 }
        let match =
            name.isEscaped
            ? tree.child(of: node, named: unescapedName.span, from: 0, to: unescapedName.count, hash: name.hash)
            : tree.child(of: node, named: bytes, from: name.start, to: name.end, hash: name.hash)
        let fold: Int32
        if let match {
            fold = match.fold
        } else if name.isEscaped {
            let isASCII = unescapedName.allSatisfy { $0 < 0x80 }
            fold = tree.lookalike(of: node, named: unescapedName.span, from: 0, to: unescapedName.count, isASCII: isASCII)
        } else {
            fold = tree.lookalike(of: node, named: bytes, from: name.start, to: name.end, isASCII: name.isASCII)
        }
        guard fold >= 0 else { return -1 }
        let state = folds[foldMark &+ Int(fold)]
        if match == nil ? state.contains(.named) : state.contains(.seen) {
            // A plain repetition is the better thing to report.
            try names.close(nameMark, in: bytes, hashing: tree.hashing)
            throw BodyError(.confusableName, offset: name.start &- 1)
        }
        folds[foldMark &+ Int(fold)] = match == nil ? [.seen] : [.seen, .named]
        return match?.node ?? -1
    }

    // MARK: marks

    private mutating func markOther(_ place: JSONMemberPlace, end: Int, passes: Bool) throws(BodyError) {
        othersCount &+= 1
        if !passes { unclassified &+= 1 }
        try mark(passes ? .kept : .unclassified, place, end: end)
    }

    @inline(__always)
    private mutating func mark(_ kind: JSONMark.Kind, _ place: JSONMemberPlace, end: Int) throws(BodyError) {
        guard placeCount < limits.placesMax else { throw BodyError(.tooManyMembers, offset: place.start) }
        placeCount &+= 1
        if !marksPlaces { return }
        marks.append(
            JSONMark(
                start: UInt32(truncatingIfNeeded: place.start), value: UInt32(truncatingIfNeeded: place.value),
                end: UInt32(truncatingIfNeeded: end), next: UInt32(truncatingIfNeeded: marks.count &+ 1), node: place.child, kind: kind))
    }

    private func isEmpty(_ bytes: Span<UInt8>, _ open: Int, close: UInt8) -> Bool {
        let i = JSONLexer.space(bytes, open &+ 1)
        return i < bytes.count && bytes[i] == close
    }

    /// The scalar's text, unescaped or as written, is the constant.
    private func isConstant(_ bytes: Span<UInt8>, _ start: Int, _ end: Int, _ constant: [UInt8]) -> Bool {
        var text: [UInt8] = []
        if bytes[start] == UInt8(ascii: "\"") {
            JSONLexer.unescape(bytes, from: start + 1, to: end - 1, into: &text)
        } else {
            for i in start..<end { text.append(bytes[i]) }
        }
        return text == constant
    }
}
