/// Makes a `ShapeTree` of an endpoint's paths.
struct ShapeBuilder {
    private struct Draft {
        var names: [(name: [UInt8], node: Int)] = []
        var positions: [(index: Int, node: Int)] = []
        var node = ShapeTree.Node()
    }
    private var drafts = [Draft()]
    private var constants: [[UInt8]] = []
    private var record = 0

    static func tree(of source: BodyShape.Source) -> ShapeTree {
        var builder = ShapeBuilder()
        let isUsable = source.records != .rows
        if case .path(let path) = source.records { builder.markRecords(path) }
        builder.drafts[builder.record].node.isRecord = true
        for (i, slot) in source.slots.enumerated() { builder.add(slot: i, slot.path, isShared: false) }
        for path in source.structure { builder.add(path, from: builder.record) }
        for (i, member) in source.only.enumerated() { builder.add(only: i, member) }
        if builder.record != 0 {
            // With `records: $` there is no outside for them to be in.
            for (i, slot) in source.shared.enumerated() { builder.add(slot: i, slot.path, isShared: true) }
            for path in source.envelope { builder.add(path, from: 0) }
        }
        builder.spreadSubtrees(from: 0, inherited: false)
        let nested = source.nested.flatMap { path in path.steps.reduce(into: 0) { $0 = builder.descend(from: $0, $1) } }
        return builder.flattened(source, isUsable: isUsable, nested: nested)
    }

    private mutating func markRecords(_ path: BodyPath) {
        for step in path.steps {
            let next = descend(from: record, step)
            drafts[record].node.isOnRecordPath = true
            drafts[record].node.required = Int32(next)
            record = next
        }
    }

    /// Nil: the path leads into the records from outside.
    private mutating func node(at path: BodyPath, from origin: Int) -> Int? {
        var node = origin
        for step in path.steps {
            if origin != record, node == record { return nil }
            node = descend(from: node, step)
        }
        return origin != record && node == record ? nil : node
    }

    private mutating func descend(from node: Int, _ step: BodyPath.Step) -> Int {
        let existing: Int? =
            switch step {
            case .name(let name): drafts[node].names.first { $0.name.elementsEqual(name.utf8) }?.node
            case .index(let index): drafts[node].positions.first { $0.index == index }?.node
            case .each: drafts[node].node.each < 0 ? nil : Int(drafts[node].node.each)
            }
        if let existing { return existing }
        drafts.append(Draft())
        let new = drafts.count - 1
        switch step {
        case .name(let name): drafts[node].names.append((Array(name.utf8), new))
        case .index(let index): drafts[node].positions.append((index, new))
        case .each: drafts[node].node.each = Int32(new)
        }
        return new
    }

    private mutating func add(slot: Int, _ path: BodyPath, isShared: Bool) {
        guard let node = node(at: path, from: isShared ? 0 : record), drafts[node].node.slot < 0 else { return }
        drafts[node].node.slot = Int32(slot)
        drafts[node].node.isShared = isShared
    }

    private mutating func add(_ structure: StructurePath, from origin: Int) {
        guard let node = node(at: structure.path, from: origin) else { return }
        if structure.subtree { drafts[node].node.isSubtree = true } else { drafts[node].node.isLeaf = true }
    }

    private mutating func add(only: Int, _ member: Endpoint.OnlyMember) {
        guard let node = node(at: member.path, from: record) else { return }
        drafts[node].node.only = Int32(only)
        if case .constant(let text) = member.rule {
            drafts[node].node.constant = Int32(constants.count)
            constants.append(Array(text.utf8))
        }
    }

    /// `name.**` admits what other paths merely pass through, but neither opens records nor widens a field's place.
    private mutating func spreadSubtrees(from node: Int, inherited: Bool) {
        if inherited, !drafts[node].node.isRecord, drafts[node].node.slot < 0 { drafts[node].node.isSubtree = true }
        let passesOn = drafts[node].node.isSubtree
        var below = drafts[node].names.map(\.node) + drafts[node].positions.map(\.node)
        if drafts[node].node.each >= 0 { below.append(Int(drafts[node].node.each)) }
        for child in below { spreadSubtrees(from: child, inherited: passesOn) }
    }

    private func flattened(_ source: BodyShape.Source, isUsable: Bool, nested: Int?) -> ShapeTree {
        let hashing = NameHash.shared
        var nodes: [ShapeTree.Node] = []
        var children: [ShapeTree.Child] = []
        var folds: [ShapeTree.Fold] = []
        var positions: [ShapeTree.Position] = []
        var bytes: [UInt8] = []
        for draft in drafts {
            var node = draft.node
            node.positionStart = Int32(positions.count)
            node.positionCount = Int32(draft.positions.count)
            positions += draft.positions.map { ShapeTree.Position(index: $0.index, node: Int32($0.node)) }
            node.foldStart = Int32(folds.count)
            if !draft.names.isEmpty {
                let capacity = hashing.capacity(for: draft.names.count)
                node.tableStart = Int32(children.count)
                node.mask = Int32(capacity - 1)
                var table = [ShapeTree.Child](repeating: ShapeTree.Child(), count: capacity)
                var ownFolds: [[UInt8]] = []
                for (name, child) in draft.names {
                    let fold = NameFolding.fold(name.span, from: 0, to: name.count)
                    if !ownFolds.contains(fold) { ownFolds.append(fold) }
                    let hash = hashing.hash(name.span, from: 0, to: name.count)
                    var place = Int(truncatingIfNeeded: hash) & (capacity - 1)
                    while table[place].node >= 0 { place = (place + 1) & (capacity - 1) }
                    table[place] = ShapeTree.Child(
                        hash: hash, head: NameHash.head(name.span, from: 0, to: name.count), nameStart: Int32(bytes.count),
                        nameEnd: Int32(bytes.count + name.count), node: Int32(child),
                        fold: Int32(ownFolds.firstIndex(of: fold) ?? 0))
                    bytes += name
                }
                children += table
                for fold in ownFolds {
                    folds.append(ShapeTree.Fold(start: Int32(bytes.count), end: Int32(bytes.count + fold.count)))
                    bytes += fold
                }
                node.foldCount = Int32(ownFolds.count)
            }
            nodes.append(node)
        }
        return ShapeTree(
            nodes: nodes, children: children, folds: folds, positions: positions, bytes: bytes, constants: constants,
            slots: source.slots.map { ShapeTree.Slot($0, source.identifying) },
            shared: source.shared.map { ShapeTree.Slot($0, source.identifying) }, onlyCount: source.only.count,
            isUsable: isUsable, nested: Int32(nested ?? -1), hashing: hashing)
    }
}

extension ShapeTree.Slot {
    fileprivate init(_ slot: Endpoint.Slot, _ identifying: Set<FieldID>) {
        self.init(field: slot.field, person: slot.person, isIdentifying: identifying.contains(slot.field))
    }
}
