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

    private let root: Node

    package init(endpoints: [Endpoint]) {
        let draft = NodeDraft()
        for (index, endpoint) in endpoints.enumerated() {
            draft.add(Leaf(endpoint, id: EndpointID(index)), segments: endpoint.template.segments[...])
        }
        root = Node(draft)
    }

    /// `target`: path and query as received, without scheme and authority.
    package func match(method: String, target: [UInt8]) throws(Failure) -> Match {
        let parts = try RequestTarget(target)
        switch method {
        case "OPTIONS", "TRACE", "CONNECT": throw .methodNotAllowed
        default: break
        }
        var search = Search(target: target, segments: parts.segments, method: method == "HEAD" ? "GET" : method)
        guard root.find(&search, segment: 0) else {
            throw search.sawOtherMethod ? .methodNotAllowed : .noEndpoint
        }
        let allowed =
            parts.query.isEmpty
            ? search.found : search.found.filter { leaf in parts.query.allSatisfy { $0.isNamed(in: leaf.queryAllow, target) } }
        guard let first = allowed.first else { throw .queryNotAllowed }
        if allowed.count == 1 { return Match(endpoints: first.alone, variables: search.variables(first)) }
        let ordered = allowed.filter(\.hasOnly) + allowed.filter { !$0.hasOnly }
        return Match(endpoints: ordered.map(\.endpoint), variables: search.variables(first))
    }
}

extension EndpointMatcher {
    /// An endpoint at the end of its template. A class, as is `Node`: a search hands them on.
    private final class Leaf: Sendable {
        let endpoint: EndpointID
        /// What a match says where there is no other.
        let alone: [EndpointID]
        let method: String
        let hasOnly: Bool
        let names: [String]
        /// By variable: it holds a path field and so any text, else an opaque id.
        let isPathField: [Bool]
        let queryAllow: [[UInt8]]

        init(_ endpoint: Endpoint, id: EndpointID) {
            self.endpoint = id
            alone = [id]
            method = endpoint.template.method
            hasOnly = !endpoint.only.isEmpty
            queryAllow = endpoint.queryAllow.map { Array($0.utf8) }
            names = endpoint.template.segments.compactMap { segment in
                switch segment {
                case .literal: nil
                case .variable(let name, _, _), .rest(let name): name
                }
            }
            isPathField = endpoint.template.segments.compactMap { segment in
                switch segment {
                case .literal: nil
                case .variable(let name, _, _): endpoint.pathFields.contains { $0.variable == name }
                case .rest: false
                }
            }
        }
    }

    /// One place in the tree of templates while it grows.
    private final class NodeDraft {
        var literals: [(text: [UInt8], child: NodeDraft)] = []
        var variables: [(prefix: [UInt8], suffix: [UInt8], child: NodeDraft)] = []
        var leaves: [Leaf] = []
        var rests: [Leaf] = []

        func add(_ leaf: Leaf, segments: ArraySlice<RequestTemplate.Segment>) {
            guard let segment = segments.first else { return leaves.append(leaf) }
            switch segment {
            case .literal(let text): child(literal: Array(text.utf8)).add(leaf, segments: segments.dropFirst())
            case .variable(_, let prefix, let suffix):
                child(prefix: Array(prefix.utf8), suffix: Array(suffix.utf8)).add(leaf, segments: segments.dropFirst())
            case .rest: rests.append(leaf)
            }
        }

        private func child(literal: [UInt8]) -> NodeDraft {
            if let known = literals.first(where: { $0.text == literal }) { return known.child }
            literals.append((literal, NodeDraft()))
            return literals[literals.count - 1].child
        }

        private func child(prefix: [UInt8], suffix: [UInt8]) -> NodeDraft {
            if let known = variables.first(where: { $0.prefix == prefix && $0.suffix == suffix }) { return known.child }
            variables.append((prefix, suffix, NodeDraft()))
            return variables[variables.count - 1].child
        }
    }

    private struct Search {
        let target: [UInt8]
        let segments: [Range<Int>]
        let method: String
        var values: [Range<Int>] = []
        var found: [Leaf] = []
        var sawOtherMethod = false

        func variables(_ leaf: Leaf) -> [(name: String, value: Range<Int>)] {
            values.isEmpty ? [] : zip(leaf.names, values).map { (name: $0, value: $1) }
        }

        func isSegment(_ range: Range<Int>, _ text: [UInt8]) -> Bool {
            guard range.count == text.count else { return false }
            for i in text.indices where target[range.lowerBound + i] != text[i] { return false }
            return true
        }

        mutating func accept(_ leaves: [Leaf], checkingVariables count: Int? = nil) -> Bool {
            for leaf in leaves {
                let fits = values.prefix(count ?? values.count).indices.allSatisfy { position in
                    let bytes = target[values[position]]
                    return leaf.isPathField[position] ? SegmentText.isText(bytes) : SegmentText.isOpaque(bytes)
                }
                guard fits else { continue }
                if leaf.method == method { found.append(leaf) } else { sawOtherMethod = true }
            }
            return !found.isEmpty
        }
    }

    /// One place in the tree of templates.
    private final class Node: Sendable {
        private let literals: [(text: [UInt8], child: Node)]
        /// By literal: length and last byte, which tell most apart without a look at the text.
        private let literalMarks: [SIMD2<Int32>]
        /// Longest affixes first.
        private let variables: [(prefix: [UInt8], suffix: [UInt8], child: Node)]
        private let leaves: [Leaf]
        private let rests: [Leaf]

        init(_ draft: NodeDraft) {
            literals = draft.literals.map { ($0.text, Node($0.child)) }
            literalMarks = draft.literals.map { Self.mark($0.text.count, $0.text.last) }
            variables = draft.variables.sorted { $0.prefix.count + $0.suffix.count > $1.prefix.count + $1.suffix.count }
                .map { ($0.prefix, $0.suffix, Node($0.child)) }
            leaves = draft.leaves
            rests = draft.rests
        }

        private static func mark(_ count: Int, _ last: UInt8?) -> SIMD2<Int32> {
            SIMD2(Int32(truncatingIfNeeded: count), Int32(last ?? 0))
        }

        /// Depth first in order of precedence, so that the first hit is the most literal one.
        func find(_ search: inout Search, segment index: Int) -> Bool {
            if index == search.segments.count { return search.accept(leaves) }
            let segment = search.segments[index]
            let mark = Self.mark(segment.count, segment.isEmpty ? nil : search.target[segment.upperBound - 1])
            for i in literalMarks.indices where literalMarks[i] == mark && search.isSegment(segment, literals[i].text) {
                if literals[i].child.find(&search, segment: index + 1) { return true }
                break
            }
            for (prefix, suffix, child) in variables {
                let bytes = search.target[segment]
                guard bytes.count > prefix.count + suffix.count, bytes.starts(with: prefix),
                    bytes.suffix(suffix.count).elementsEqual(suffix)
                else { continue }
                search.values.append((segment.lowerBound + prefix.count)..<(segment.upperBound - suffix.count))
                if child.find(&search, segment: index + 1) { return true }
                search.values.removeLast()
            }
            guard !rests.isEmpty, let last = search.segments.last else { return false }
            guard search.segments[index...].allSatisfy({ SegmentText.isOpaque(search.target[$0]) }) else { return false }
            search.values.append(segment.lowerBound..<last.upperBound)
            if search.accept(rests, checkingVariables: search.values.count - 1) { return true }
            search.values.removeLast()
            return false
        }
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
