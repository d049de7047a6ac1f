/// Finds the endpoint of a request among one vendor's, segment by segment: a literal beats a variable beats a final rest.
/// Built when the set loads; no string is built per request.
package struct EndpointMatcher: Sendable {
    /// The endpoints (several where only `only` tells them apart, those with `only` first) and what the variables matched.
    package struct Match: Sendable {
        package var endpoints: [EndpointID]
        /// In the template's order; raw bytes of the target, still percent-encoded.
        package var variables: [(name: String, value: Range<Int>)]
    }
    package enum Failure: Error, Sendable {
        /// Encoded slash, backslash, NUL, `%25`, `//`, dot segments, bad escapes: 400.
        case malformedPath
        /// 404-like: `endpoint_unknown`.
        case noEndpoint
        /// Another method would match: 405.
        case methodNotAllowed
        /// Query parameter outside the allow-list: refused, 403 `endpoint_unknown`.
        case queryNotAllowed
    }

    /// One place in the tree of templates.
    private struct Node: Sendable {
        var literals: [[UInt8]: Int] = [:]
        /// Longest affixes first.
        var variables: [Affix] = []
        var leaves: [Leaf] = []
        var rests: [Leaf] = []
    }
    private struct Affix: Sendable {
        var prefix: [UInt8]
        var suffix: [UInt8]
        var child: Int
    }
    private struct Leaf: Sendable {
        var endpoint: EndpointID
        var method: String
        var hasOnly: Bool
        var names: [String]
        /// By variable: it holds a path field and so any text, else an opaque id.
        var isPathField: [Bool]
        var queryAllow: [[UInt8]]
    }
    private var nodes: [Node] = [Node()]

    package init(endpoints: [Endpoint]) {
        for (index, endpoint) in endpoints.enumerated() { add(endpoint, id: EndpointID(index)) }
        for index in nodes.indices {
            nodes[index].variables.sort { $0.prefix.count + $0.suffix.count > $1.prefix.count + $1.suffix.count }
        }
    }

    private mutating func add(_ endpoint: Endpoint, id: EndpointID) {
        var leaf = Leaf(
            endpoint: id, method: endpoint.template.method, hasOnly: !endpoint.only.isEmpty, names: [], isPathField: [],
            queryAllow: endpoint.queryAllow.map { Array($0.utf8) })
        var node = 0
        for segment in endpoint.template.segments {
            switch segment {
            case .literal(let text):
                node = child(of: node, literal: Array(text.utf8))
            case .variable(let name, let prefix, let suffix):
                leaf.names.append(name)
                leaf.isPathField.append(endpoint.pathFields.contains { $0.variable == name })
                node = child(of: node, prefix: Array(prefix.utf8), suffix: Array(suffix.utf8))
            case .rest(let name):
                leaf.names.append(name)
                leaf.isPathField.append(false)
                nodes[node].rests.append(leaf)
                return
            }
        }
        nodes[node].leaves.append(leaf)
    }

    private mutating func child(of node: Int, literal: [UInt8]) -> Int {
        if let child = nodes[node].literals[literal] { return child }
        nodes.append(Node())
        nodes[node].literals[literal] = nodes.count - 1
        return nodes.count - 1
    }

    private mutating func child(of node: Int, prefix: [UInt8], suffix: [UInt8]) -> Int {
        if let affix = nodes[node].variables.first(where: { $0.prefix == prefix && $0.suffix == suffix }) { return affix.child }
        nodes.append(Node())
        nodes[node].variables.append(Affix(prefix: prefix, suffix: suffix, child: nodes.count - 1))
        return nodes.count - 1
    }

    /// `target`: path and query as received, without scheme and authority.
    package func match(method: String, target: [UInt8]) throws(Failure) -> Match {
        let parts = try RequestTarget(target)
        guard !["OPTIONS", "TRACE", "CONNECT"].contains(method) else { throw .methodNotAllowed }
        var search = Search(target: target, segments: parts.segments, method: method == "HEAD" ? "GET" : method)
        guard find(&search, node: 0, segment: 0) else {
            throw search.sawOtherMethod ? .methodNotAllowed : .noEndpoint
        }
        let allowed = search.found.filter { leaf in parts.query.allSatisfy { $0.isNamed(in: leaf.queryAllow, target) } }
        guard let first = allowed.first else { throw .queryNotAllowed }
        let ordered = allowed.filter(\.hasOnly) + allowed.filter { !$0.hasOnly }
        return Match(endpoints: ordered.map(\.endpoint), variables: zip(first.names, search.values).map { (name: $0, value: $1) })
    }

    private struct Search {
        let target: [UInt8]
        let segments: [Range<Int>]
        let method: String
        var values: [Range<Int>] = []
        var found: [Leaf] = []
        var sawOtherMethod = false
    }

    /// Depth first in order of precedence, so that the first hit is the most literal one.
    private func find(_ search: inout Search, node: Int, segment index: Int) -> Bool {
        let node = nodes[node]
        if index == search.segments.count { return accept(node.leaves, &search) }
        let segment = search.segments[index]
        if !node.literals.isEmpty, let child = node.literals[Array(search.target[segment])],
            find(&search, node: child, segment: index + 1)
        {
            return true
        }
        for affix in node.variables {
            let bytes = search.target[segment]
            guard bytes.count > affix.prefix.count + affix.suffix.count, bytes.starts(with: affix.prefix),
                bytes.suffix(affix.suffix.count).elementsEqual(affix.suffix)
            else { continue }
            search.values.append((segment.lowerBound + affix.prefix.count)..<(segment.upperBound - affix.suffix.count))
            if find(&search, node: affix.child, segment: index + 1) { return true }
            search.values.removeLast()
        }
        guard !node.rests.isEmpty, let last = search.segments.last else { return false }
        guard search.segments[index...].allSatisfy({ SegmentText.isOpaque(search.target[$0]) }) else { return false }
        search.values.append(segment.lowerBound..<last.upperBound)
        if accept(node.rests, &search, checkingVariables: search.values.count - 1) { return true }
        search.values.removeLast()
        return false
    }

    private func accept(_ leaves: [Leaf], _ search: inout Search, checkingVariables count: Int? = nil) -> Bool {
        for leaf in leaves {
            let fits = search.values.prefix(count ?? search.values.count).indices.allSatisfy { position in
                let bytes = search.target[search.values[position]]
                return leaf.isPathField[position] ? SegmentText.isText(bytes) : SegmentText.isOpaque(bytes)
            }
            guard fits else { continue }
            if leaf.method == search.method { search.found.append(leaf) } else { search.sawOtherMethod = true }
        }
        return !search.found.isEmpty
    }
}

/// What a segment's bytes may be.
enum SegmentText {
    static let opaqueBytesMax = 128
    static let textBytesMax = 512

    /// `[A-Za-z0-9._~-]{1,128}`: an id that carries nothing else.
    static func isOpaque(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard (1...opaqueBytesMax).contains(bytes.count) else { return false }
        return bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    /// Valid UTF-8 once percent-decoded, up to 512 bytes.
    static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
        guard let decoded = PercentCoding.decode(bytes), (1...textBytesMax).contains(decoded.count) else { return false }
        return String(validating: decoded, as: UTF8.self) != nil
    }
}
