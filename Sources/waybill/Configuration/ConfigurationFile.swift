import Yams

/// `waybill.yaml` as it is written: every key checked against the table, and where each stands. Values are read elsewhere.
struct ConfigurationFile {
    static let bytesMax = 1 << 20
    /// Of the file, as the user named it.
    let name: String
    /// Dotted key → `waybill.yaml:3:9`.
    private(set) var positions: [String: String] = [:]
    /// Keys of the mappings users fill (`resolve`), in the file's order.
    private(set) var entries: [String: [String]] = [:]
    /// What stands under `sinks`.
    private(set) var sinks: [SinkDeclaration] = []
    private(set) var isEmpty = true
    private var problems: [String] = []

    init(text: String, name: String) throws(CommandFailure) {
        self.name = name
        let root: Node?
        let parser: Parser
        do {
            parser = try Parser(yaml: text)
            root = try parser.singleRoot()
        } catch {
            throw CommandFailure("\(name) is not valid YAML, \(ConfigurationFile.oneLine("\(error)"))", remedy: "mend the file")
        }
        guard let root, root != Node("") else { return }
        guard let mapping = root.mapping else {
            throw CommandFailure("\(name) must hold keys and values", remedy: "see docs/reference/configuration.md")
        }
        isEmpty = mapping.isEmpty
        // Nodes hold their anchors weakly; the parser owns them.
        withExtendedLifetime(parser) { walk(mapping, prefix: "") }
        if !problems.isEmpty { throw CommandFailure(problems.joined(separator: "\n")) }
    }

    private mutating func walk(_ mapping: Node.Mapping, prefix: String) {
        for (keyNode, value) in mapping {
            guard let part = keyNode.string else {
                problems.append("\(position(keyNode)): keys must be plain texts")
                continue
            }
            let key = prefix.isEmpty ? part : "\(prefix).\(part)"
            if keyNode.anchor != nil || value.anchor != nil {
                problems.append("\(position(keyNode)): anchors are not allowed: write the value where it is needed")
            } else {
                check(key, value, at: keyNode)
            }
        }
    }

    private mutating func check(_ key: String, _ value: Node, at keyNode: Node) {
        let known = ConfigurationKey.all.first { $0.name == key }
        let isSection = ConfigurationKey.all.contains { $0.name.hasPrefix(key + ".") }
        if let known, fits(value, known.kind) {
            positions[key] = position(value)
            if case .sinks = known.kind, let mapping = value.mapping {
                let section = SinkSection(mapping, position: position)
                sinks = section.sinks
                problems += section.problems
            }
            if case .addresses = known.kind { entries[key] = value.mapping?.keys.compactMap(\.string) ?? [] }
        } else if isSection, let section = value.mapping {
            walk(section, prefix: key)
        } else if let known {
            problems.append("\(position(value)): `\(key)` must be \(known.expectation)")
        } else if isSection {
            problems.append("\(position(value)): `\(key)` must hold keys and values")
        } else {
            let near = ConfigurationKey.all.map(\.name).min { EditDistance.between(key, $0) < EditDistance.between(key, $1) }
            let hint = near.flatMap { EditDistance.between(key, $0) <= 3 ? "did you mean `\($0)`?" : nil }
            problems.append("\(position(keyNode)): unknown key `\(key)`: \(hint ?? "remove it, or see docs/reference/configuration.md")")
        }
    }

    private func fits(_ value: Node, _ kind: ConfigurationKey.Kind) -> Bool {
        switch kind {
        case .paths, .texts: value.sequence.map { $0.allSatisfy { $0.scalar != nil } } ?? false
        case .addresses: value.mapping.map { $0.allSatisfy { $0.key.scalar != nil && $0.value.scalar != nil } } ?? false
        case .sinks: value.mapping != nil
        default: value.scalar != nil
        }
    }

    private func position(_ node: Node) -> String {
        guard let mark = node.mark else { return name }
        return "\(name):\(mark.line):\(mark.column)"
    }

    private static func oneLine(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).map { $0.trimmed() }.filter { !$0.isEmpty && !$0.hasPrefix("^") }.joined(separator: ", ")
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    func trimmed() -> String {
        var rest = self[...]
        while rest.first?.isWhitespace == true { rest.removeFirst() }
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }
}

/// How many characters must change to make one word of another, for "did you mean".
enum EditDistance {
    static func between(_ a: String, _ b: String) -> Int {
        let (from, to) = (Array(a), Array(b))
        var row = Array(0...to.count)
        for (i, c) in from.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, d) in to.enumerated() {
                let substituted = diagonal + (c == d ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, row[j + 1] + 1)
            }
        }
        return row[to.count]
    }
}
