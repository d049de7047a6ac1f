import WaybillDelivery
import WaybillLedger
import Yams

/// One sink as it is written: every key known to its kind, every value of the right form.
struct SinkDeclaration {
    var name: String
    var kind: SinkKind
    var format: any ExportFormat
    var values: [String: String]

    /// With paths resolved against `base`.
    func settings(base: String) -> Settings.Sink {
        var values = values
        for option in kind.allOptions where option.isPath {
            if let path = values[option.name] { values[option.name] = Files.resolve(path, against: base) }
        }
        return Settings.Sink(name: name, kind: kind, format: format, values: values)
    }
}

/// What stands under `sinks`, and everything wrong with it.
struct SinkSection {
    static let nameCharactersMax = 40
    private(set) var sinks: [SinkDeclaration] = []
    private(set) var problems: [String] = []
    /// `waybill.yaml:3:9`.
    private let position: (Node) -> String

    init(_ mapping: Node.Mapping, position: @escaping (Node) -> String) {
        self.position = position
        for (key, value) in mapping { read(key, value) }
    }

    private mutating func read(_ key: Node, _ value: Node) {
        guard let name = key.string, Self.isName(name) else {
            problems.append(
                "\(position(key)): a sink's name must be lower-case letters, digits, `-` and `_`, at most \(Self.nameCharactersMax)")
            return
        }
        guard let mapping = value.mapping else {
            problems.append("\(position(value)): `sinks.\(name)` must hold keys and values")
            return
        }
        guard let kind = kind(of: mapping, name, at: key) else { return }
        let count = problems.count
        let values = values(mapping, name, kind)
        for option in kind.allOptions where option.isRequired && mapping[Node(option.name)] == nil {
            problems.append("\(position(key)): `sinks.\(name)` has no `\(option.name)`: \(option.expectation)")
        }
        let formatName = values[SinkKinds.formatName.name] ?? SinkKinds.formatName.fallback ?? ""
        guard let format = ExportFormats.named(formatName) else {
            let names = ExportFormats.all.map(\.name).joined(separator: ", ")
            problems.append("\(position(key)): `sinks.\(name).format` must be one of \(names)")
            return
        }
        if problems.count == count { sinks.append(SinkDeclaration(name: name, kind: kind, format: format, values: values)) }
    }

    private mutating func kind(of mapping: Node.Mapping, _ name: String, at key: Node) -> SinkKind? {
        let written = mapping[Node(SinkKinds.kindName.name)]
        if let kind = written?.string.flatMap(SinkKinds.named) { return kind }
        problems.append("\(position(written ?? key)): `sinks.\(name).kind` must be \(SinkKinds.kindName.expectation)")
        return nil
    }

    private mutating func values(_ mapping: Node.Mapping, _ name: String, _ kind: SinkKind) -> [String: String] {
        var values: [String: String] = [:]
        for (key, value) in mapping {
            let word = key.string ?? ""
            guard let option = kind.allOptions.first(where: { $0.name == word }) else {
                problems.append("\(position(key)): unknown key `sinks.\(name).\(word)`: \(hint(word, kind))")
                continue
            }
            guard key.anchor == nil, value.anchor == nil else {
                problems.append("\(position(key)): anchors are not allowed: write the value where it is needed")
                continue
            }
            // What stands in a secret's place may be the secret, so no value is shown.
            guard let text = value.scalar?.string, option.accepts(text) else {
                problems.append("\(position(value)): `sinks.\(name).\(word)` must be \(option.expectation)")
                continue
            }
            values[word] = text
        }
        return values
    }

    private func hint(_ word: String, _ kind: SinkKind) -> String {
        let near = kind.allOptions.map(\.name).min { EditDistance.between(word, $0) < EditDistance.between(word, $1) }
        let close = near.flatMap { EditDistance.between(word, $0) <= 3 ? "did you mean `\($0)`?" : nil }
        return close ?? "a sink of kind \(kind.name) has none; see docs/reference/configuration.md"
    }

    private static func isName(_ name: String) -> Bool {
        (1...nameCharactersMax).contains(name.utf8.count)
            && name.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f }
    }
}

/// The part of `docs/reference/configuration.md` about sinks.
enum SinkReference {
    static var text: String {
        """

        ## Sinks

        `sinks` names places that every entry of the log is given to, each by its own thread and cursor; [docs/sinks.md](../sinks.md) says
        what each promises. Under a name stand `kind` and the keys of that kind; others are refused. Secrets are written
        `${secret:NAME}` and kept like vendors' credentials. Relative paths are relative to the directory of the configuration file.


        """
            + SinkKinds.all.map { kind in
                "### `kind: \(kind.name)`\n\n\(kind.summary)\n\n| key | holds | default | meaning |\n|---|---|---|---|\n"
                    + kind.allOptions.filter { $0.name != SinkKinds.kindName.name }.map(row).joined()
            }.joined(separator: "\n")
    }

    private static func row(_ option: SinkOption) -> String {
        let fallback = option.isRequired ? "required" : option.fallback.map { "`\($0)`" } ?? ""
        return "| `\(option.name)` | \(option.expectation) | \(fallback) | \(option.summary) |\n"
    }
}
