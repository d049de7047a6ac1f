import Yams

/// One policy file's bytes as values with positions. Stricter than YAML: what could be read in two ways is refused.
enum YAMLDocument {
    static let bytesMax = 1 << 20
    static let depthMax = 64

    /// Throws the first problem of form; unlike meaning, form cannot be read on after an error.
    static func parse(file: String, bytes: [UInt8]) throws(PolicyProblem) -> PolicyValue {
        let source = try text(file: file, bytes: bytes)
        do {
            // The basic resolver types nothing: `NO`, `1.10` and `2026-01-01` stay the text they are.
            let parser = try Parser(yaml: source, resolver: .basic, constructor: .default, encoding: .utf8)
            guard let root = try parser.singleRoot() else { throw empty(file) }
            let converter = Converter(file: file, lines: Converter.linesIfNeeded(source))
            let value = try converter.value(root, depth: 0)
            if case .text("", false) = value.content { throw empty(file) }
            return value
        } catch let problem as PolicyProblem {
            throw problem
        } catch let error as YamlError {
            throw problem(file: file, error)
        } catch {
            throw PolicyProblem(
                severity: .error, position: SourcePosition(file: file, line: 1, column: 1), code: "yaml_invalid",
                message: "the file is not YAML", remedy: "compare it with the example in policies/")
        }
    }

    private static func text(file: String, bytes: [UInt8]) throws(PolicyProblem) -> String {
        func refuse(_ line: Int, _ code: String, _ message: String, _ remedy: String) -> PolicyProblem {
            PolicyProblem(
                severity: .error, position: SourcePosition(file: file, line: line, column: 1), code: code, message: message, remedy: remedy)
        }
        guard bytes.count <= bytesMax else {
            throw refuse(1, "file_too_large", "the file is larger than 1 MiB", "split it into several files")
        }
        let body = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...]
        guard let text = String(validating: body, as: UTF8.self) else {
            throw refuse(1, "not_utf8", "the file is not valid UTF-8", "save it as UTF-8")
        }
        // Libyaml breaks lines at these too and other readers do not: the same file would mean two things.
        var line = 1
        var previous: Unicode.Scalar = " "
        for scalar in text.unicodeScalars {
            if scalar == "\n" { line += 1 }
            if scalar == "\u{85}" || scalar == "\u{2028}" || scalar == "\u{2029}" || scalar == "\0" || (previous == "\r" && scalar != "\n")
            {
                throw refuse(line, "line_break_unusual", "the line holds an unusual line break or a NUL", "end lines with a line feed only")
            }
            previous = scalar
        }
        return text
    }

    private static func empty(_ file: String) -> PolicyProblem {
        PolicyProblem(
            severity: .error, position: SourcePosition(file: file, line: 1, column: 1), code: "file_empty", message: "the file is empty",
            remedy: "delete it or write its content")
    }

    private static func problem(file: String, _ error: YamlError) -> PolicyProblem {
        func make(_ mark: Mark?, _ code: String, _ message: String, _ remedy: String) -> PolicyProblem {
            let position = SourcePosition(file: file, line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
            return PolicyProblem(severity: .error, position: position, code: code, message: message, remedy: remedy)
        }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _):
            let place = context.map { ", \($0.text) that began in line \($0.mark.line)" } ?? ""
            return make(
                mark, "yaml_invalid", "this is not valid YAML: \(problem)\(place)", "check indentation, colons and quotes at this place")
        case .composer(_, let problem, let mark, _) where problem.contains("another document"):
            return make(mark, "yaml_documents", "the file holds several documents", "put each document into a file of its own")
        case .composer(_, let problem, let mark, _):
            return make(mark, "yaml_alias", "anchors and aliases are refused: \(problem)", "write the value out where it is used")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.map { "`\($0)`" }.joined(separator: ", ")
            return make(context.mark, "duplicate_key", "the key \(names) stands twice in one map, first here", "keep one of them")
        case .reader(let problem, _, _, _):
            return make(nil, "yaml_invalid", "the file cannot be read as YAML: \(problem)", "remove control characters")
        default:
            return make(nil, "yaml_invalid", "the file is not YAML", "compare it with the example in policies/")
        }
    }
}

/// Yams' tree to ours, refusing anchors, aliases, tags, keys that are not text, duplicates and deep nesting.
private struct Converter {
    let file: String
    /// Nil when the file holds neither `&` nor `!`, so that nothing needs looking up.
    let lines: [Substring.UnicodeScalarView]?

    static func linesIfNeeded(_ source: String) -> [Substring.UnicodeScalarView]? {
        guard source.utf8.contains(where: { $0 == UInt8(ascii: "&") || $0 == UInt8(ascii: "!") }) else { return nil }
        return source.split(separator: "\n", omittingEmptySubsequences: false).map(\.unicodeScalars)
    }

    func value(_ node: Node, depth: Int) throws(PolicyProblem) -> PolicyValue {
        // Marks are taken from each case's payload: `node.mark` would copy the node, and this runs for every one of a large set.
        switch node {
        case .scalar(let scalar):
            let position = try place(scalar.mark, depth)
            return PolicyValue(content: .text(scalar.string, quoted: scalar.style != .plain), position: position)
        case .sequence(let sequence):
            let position = try place(sequence.mark, depth)
            var items: [PolicyValue] = []
            items.reserveCapacity(sequence.count)
            for item in sequence { items.append(try value(item, depth: depth + 1)) }
            return PolicyValue(content: .list(items), position: position)
        case .mapping(let mapping):
            let position = try place(mapping.mark, depth)
            return PolicyValue(content: .map(try members(mapping, depth: depth)), position: position)
        case .alias(let alias):
            throw refuse(
                try place(alias.mark, depth), "yaml_alias", "anchors and aliases are refused", "write the value out where it is used")
        }
    }

    /// The mark as a position, once depth and properties are found in order.
    private func place(_ mark: Mark?, _ depth: Int) throws(PolicyProblem) -> SourcePosition {
        let position = SourcePosition(file: file, line: mark?.line ?? 1, column: mark?.column ?? 1)
        guard depth <= YAMLDocument.depthMax else {
            throw refuse(position, "yaml_too_deep", "values nest deeper than \(YAMLDocument.depthMax)", "flatten the value")
        }
        try refuseProperties(at: position)
        return position
    }

    private func members(_ mapping: Node.Mapping, depth: Int) throws(PolicyProblem) -> [PolicyValue.Member] {
        var members: [PolicyValue.Member] = []
        members.reserveCapacity(mapping.count)
        for (keyNode, valueNode) in mapping {
            let key = try value(keyNode, depth: depth + 1)
            guard case .text(let name, let quoted) = key.content else {
                throw refuse(key.position, "key_not_text", "the key is \(key.kindName)", "write a plain key")
            }
            guard quoted || name != "<<" else {
                throw refuse(key.position, "yaml_merge", "merge keys are refused", "write the members out where they are used")
            }
            // Yams finds equal nodes; `a` and "a" are one key to us and two to it.
            guard !members.contains(where: { $0.key == name }) else {
                throw refuse(key.position, "duplicate_key", "the key `\(name)` stands twice in one map", "keep one of them")
            }
            let member = try value(valueNode, depth: depth + 1)
            members.append(PolicyValue.Member(key: name, keyPosition: key.position, keyQuoted: quoted, value: member))
        }
        return members
    }

    /// A value's mark is where its anchor or tag starts, if it has one.
    private func refuseProperties(at position: SourcePosition) throws(PolicyProblem) {
        guard let lines, position.line <= lines.count else { return }
        switch lines[position.line - 1].dropFirst(position.column - 1).first {
        case "&": throw refuse(position, "yaml_alias", "anchors and aliases are refused", "write the value out where it is used")
        case "!": throw refuse(position, "yaml_tag", "tags are refused", "remove the tag: each key already has its type")
        default: return
        }
    }

    private func refuse(_ position: SourcePosition, _ code: String, _ message: String, _ remedy: String) -> PolicyProblem {
        PolicyProblem(severity: .error, position: position, code: code, message: message, remedy: remedy)
    }
}
