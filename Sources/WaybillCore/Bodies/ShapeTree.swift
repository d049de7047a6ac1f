/// A compiled `BodyShape`: plain numbers in flat arrays, so that a look-up allocates and retains nothing.
final class ShapeTree: Sendable {
    struct Node: Sendable {
        /// Members the shape names: a hash table in `children` of `mask + 1` places; none if `mask` is -1.
        var tableStart: Int32 = 0
        var mask: Int32 = -1
        /// Distinct names after folding, in `folds`.
        var foldStart: Int32 = 0
        var foldCount: Int32 = 0
        /// Elements: every one, and single ones (in `positions`).
        var each: Int32 = -1
        var positionStart: Int32 = 0
        var positionCount: Int32 = 0
        var slot: Int32 = -1
        /// Index into `only`, and into `constants`.
        var only: Int32 = -1
        var constant: Int32 = -1
        /// The child on the way to the records.
        var required: Int32 = -1
        var isShared = false
        /// Scalars and empty containers may pass.
        var isLeaf = false
        /// Whatever the shape does not name below may pass.
        var isSubtree = false
        var isRecord = false
        /// A container that must be there, because the records are in it.
        var isOnRecordPath = false

        var hasNames: Bool { mask >= 0 }
        var hasElements: Bool { each >= 0 || positionCount > 0 }
        var isPositional: Bool { positionCount > 0 }
    }
    struct Child: Sendable {
        var hash: UInt64 = 0
        /// `NameHash.head` of the name.
        var head: UInt64 = 0
        var nameStart: Int32 = 0
        var nameEnd: Int32 = 0
        /// -1: an empty place.
        var node: Int32 = -1
        var fold: Int32 = 0
    }
    struct Fold: Sendable {
        var start: Int32
        var end: Int32
    }
    struct Position: Sendable {
        var index: Int
        var node: Int32
    }
    struct Slot: Sendable {
        var field: FieldID
        var person: Int
        var isIdentifying: Bool
    }
    struct Match {
        var node: Int32
        var fold: Int32
    }

    let nodes: [Node]
    let children: [Child]
    let folds: [Fold]
    let positions: [Position]
    /// Names and folds.
    let bytes: [UInt8]
    let constants: [[UInt8]]
    let slots: [Slot]
    let shared: [Slot]
    let onlyCount: Int
    /// False: no JSON body can have this shape (records are rows).
    let isUsable: Bool
    /// The node that is a document inside a form, -1: none.
    let nested: Int32
    let hashing: NameHash

    init(
        nodes: [Node], children: [Child], folds: [Fold], positions: [Position], bytes: [UInt8], constants: [[UInt8]], slots: [Slot],
        shared: [Slot], onlyCount: Int, isUsable: Bool, nested: Int32, hashing: NameHash
    ) {
        self.nodes = nodes
        self.children = children
        self.folds = folds
        self.positions = positions
        self.bytes = bytes
        self.constants = constants
        self.slots = slots
        self.shared = shared
        self.onlyCount = onlyCount
        self.isUsable = isUsable
        self.nested = nested
        self.hashing = hashing
    }

    /// The child whose name has exactly these bytes (unescaped).
    func child(of node: Node, named name: Span<UInt8>, from start: Int, to end: Int, hash: UInt64) -> Match? {
        guard node.mask >= 0 else { return nil }
        var place = Int(truncatingIfNeeded: hash) & Int(node.mask)
        while true {
            let child = children[Int(node.tableStart) + place]
            if child.node < 0 { return nil }
            if child.hash == hash, isNamed(child, name, start, end) {
                return Match(node: child.node, fold: child.fold)
            }
            place = (place + 1) & Int(node.mask)
        }
    }

    /// The child at this position of an array, -1 if the shape has none.
    func element(of node: Node, at index: Int) -> Int32 {
        if node.positionCount > 0 {
            for position in positions[Int(node.positionStart)..<Int(node.positionStart + node.positionCount)] where position.index == index
            {
                return position.node
            }
        }
        return node.each
    }

    /// The fold among the node's names that this name, which the shape does not have, equals after NFKC and case folding; -1: none.
    func lookalike(of node: Node, named name: Span<UInt8>, from start: Int, to end: Int, isASCII: Bool) -> Int32 {
        guard isASCII else { return unicodeLookalike(of: node, folded: NameFolding.fold(name, from: start, to: end)) }
        for i in node.foldStart..<node.foldStart + node.foldCount {
            let fold = folds[Int(i)]
            guard Int(fold.end - fold.start) == end - start else { continue }
            if (0..<end - start).allSatisfy({ NameFolding.lowerCased(name[start + $0]) == bytes[Int(fold.start) + $0] }) {
                return i - node.foldStart
            }
        }
        return -1
    }

    private func unicodeLookalike(of node: Node, folded: [UInt8]) -> Int32 {
        for i in node.foldStart..<node.foldStart + node.foldCount {
            let fold = folds[Int(i)]
            if bytes[Int(fold.start)..<Int(fold.end)].elementsEqual(folded) { return i - node.foldStart }
        }
        return -1
    }

    /// The child's name stands at `start`; its first eight bytes are compared as one word.
    @inline(__always)
    private func isNamed(_ child: Child, _ name: Span<UInt8>, _ start: Int, _ end: Int) -> Bool {
        let count = end &- start
        guard count == Int(child.nameEnd &- child.nameStart) else { return false }
        if count == 0 { return true }
        guard NameHash.head(name, from: start, to: end) == child.head else { return false }
        var i = 8
        while i < count {
            if name[start &+ i] != bytes[Int(child.nameStart) &+ i] { return false }
            i &+= 1
        }
        return true
    }
}
