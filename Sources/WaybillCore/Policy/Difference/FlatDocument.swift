/// A document as one text a path: `purposes[newsletter].fields.phone` → `mask keep_last 2`. Whatever can differ between two documents
/// differs here; how they are written (comments, order of keys, quotes) does not.
struct FlatDocument {
    /// A step's name, and for an entry of a list what tells it from the others.
    struct Path: Hashable, Comparable {
        var steps: [String]

        var text: String {
            steps.reduce("") { text, step in text.isEmpty || step.hasPrefix("[") ? text + step : "\(text).\(step)" }
        }
        static func < (a: Self, b: Self) -> Bool { a.steps.lexicographicallyPrecedes(b.steps) }
        func starts(with other: [String]) -> Bool { steps.starts(with: other) }
    }
    /// Members that tell entries of a list apart, the first that is there; what it is called is told by it, and not compared.
    private static let names = ["id", "org", "url", "request", "as", "agreement", "token_sha256", "mtls_san", "name", "file", "scheme"]
    /// Of mechanisms, which have no name of their own.
    private static let mechanism = ["mechanism", "decision", "module"]

    private(set) var values: [Path: String] = [:]

    init(_ document: PolicyValue) { add(document, at: []) }

    private mutating func add(_ value: PolicyValue, at steps: [String]) {
        switch value.content {
        case .text(let text, _): values[Path(steps: steps)] = text
        case .map(let members):
            // An operator with its arguments is one thing.
            if steps.dropLast().last == "fields", members.count == 1 { return values[Path(steps: steps)] = Self.plain(value) }
            if members.isEmpty { values[Path(steps: steps)] = "{}" }
            for member in members { add(member.value, at: steps + [member.key]) }
        case .list(let items):
            if items.isEmpty { values[Path(steps: steps)] = "[]" }
            var seen: [String: Int] = [:]
            for item in items {
                let key = Self.key(of: item)
                let times = seen[key, default: 0]
                seen[key] = times + 1
                let step = times == 0 ? "[\(key)]" : "[\(key) #\(times + 1)]"
                if case .text = item.content { values[Path(steps: steps + [step])] = "" } else { add(item, at: steps + [step]) }
            }
            // Mechanisms are tried in order, and of `subject` the first present counts.
            if let name = steps.last, ["transfer", "subject", "endpoints"].contains(name), items.count > 1 {
                values[Path(steps: steps + ["order"])] = items.map(Self.key).joined(separator: ", ")
            }
        }
    }

    private static func key(of item: PolicyValue) -> String {
        guard case .map(let members) = item.content else { return plain(item) }
        let parts = mechanism.compactMap { item[$0]?.text }
        if item["mechanism"] != nil { return parts.joined(separator: " ") }
        for name in names { if let text = item[name]?.text { return text } }
        return members.first.map { "\($0.key) \(plain($0.value))" } ?? ""
    }

    /// `mask keep_last 2`, `keep`.
    static func plain(_ value: PolicyValue) -> String {
        switch value.content {
        case .text(let text, _): text
        case .list(let items): items.map(plain).joined(separator: ", ")
        case .map(let members): members.map { "\($0.key) \(plain($0.value))" }.joined(separator: " ")
        }
    }
}
