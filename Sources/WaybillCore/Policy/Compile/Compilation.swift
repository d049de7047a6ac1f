/// A policy set in the making: what the readers have found so far, by name.
final class Compilation {
    let problems: ProblemList
    var organisation: Organisation?
    var fields = PolicyTable<Field>(kind: "field", home: "catalog/fields.yaml")
    var purposes = PolicyTable<Purpose>(kind: "purpose", home: "catalog/purposes.yaml")
    var vendors = PolicyTable<Vendor>(kind: "vendor", home: "vendors/")
    var callers = PolicyTable<Caller>(kind: "caller", home: "callers/")
    var notices: [String: Notice] = [:]
    var facts = LegalFacts.none
    var checklists: [TermsChecklist] = []
    var agreements: [Agreement] = []
    var operators = OperatorTable()
    /// Names whose own file is wrong: what refers to them is not reported a second time.
    var unreadable: Set<String> = []

    init(problems: ProblemList) { self.problems = problems }

    /// Regimes that bind by establishment or by assumption; others are judged record by record.
    var boundRegimes: Set<Regime> {
        guard let organisation else { return [] }
        var regimes = Set(organisation.assumedRegimes)
        switch organisation.establishedIn.country {
        case "GB": regimes.insert(.ukGDPR)
        case "CH": regimes.insert(.fadp)
        case "US": regimes.insert(.us)
        case let country where facts.eea.contains(country): regimes.insert(.gdpr)
        default: break
        }
        if !organisation.inScope.isEmpty { regimes.insert(.us) }
        return regimes
    }

    /// The name's id; an unknown one is reported where it stands.
    func resolve<Element>(_ value: PolicyValue, in table: PolicyTable<Element>) -> PolicyIndex<Element>? {
        guard let name = ScalarType<String>.name.read(value, problems) else { return nil }
        if let id = table.ids[name] { return id }
        guard !unreadable.contains(name) else { return nil }
        problems.error(
            value.position, "unknown_\(table.kind)", "there is no \(table.kind) `\(name)`",
            Suggestion.remedy(for: name, among: Array(table.ids.keys), else: "add it to \(table.home)"))
        return nil
    }

    func resolveAll<Element>(_ values: [PolicyValue], in table: PolicyTable<Element>) -> [PolicyIndex<Element>] {
        values.compactMap { resolve($0, in: table) }
    }

    /// Endpoints of a vendor by id or glob (`contacts.*`, `*`); one that matches nothing is reported.
    func resolveEndpoints(_ values: [PolicyValue], of vendor: VendorID) -> Set<EndpointID> {
        let endpoints = vendors[vendor].endpoints
        var found: Set<EndpointID> = []
        for value in values {
            guard let pattern = ScalarType<String>.text.read(value, problems) else { continue }
            let matches = endpoints.indices.filter { Glob.matches(pattern, endpoints[$0].id) }
            if matches.isEmpty {
                problems.error(
                    value.position, "unknown_endpoint", "no endpoint of `\(vendors[vendor].id)` matches `\(pattern)`",
                    Suggestion.remedy(for: pattern, among: endpoints.map(\.id), else: "name an endpoint of that vendor's file"))
            }
            found.formUnion(matches.map { EndpointID($0) })
        }
        return found
    }

    /// Reports a path or template that does not parse at the very character.
    func report(_ error: SyntaxError, in text: PolicyValue.Content, at position: SourcePosition, code: String) {
        var place = position
        if case .text(_, let quoted) = text { place.column += error.offset + (quoted ? 1 : 0) }
        problems.error(place, code, error.message, error.remedy)
    }
}

/// Elements by position and by name. The first of two with one name stays; the second is reported.
struct PolicyTable<Element> {
    static var countMax: Int { 65_535 }
    /// For messages: `field`.
    let kind: String
    /// Where one would add an element.
    let home: String
    private(set) var all: [Element] = []
    private(set) var ids: [String: PolicyIndex<Element>] = [:]

    init(kind: String, home: String) {
        self.kind = kind
        self.home = home
    }

    subscript(id: PolicyIndex<Element>) -> Element {
        get { all[id.position] }
        set { all[id.position] = newValue }
    }

    mutating func add(_ element: Element, named name: String, at position: SourcePosition, _ problems: ProblemList) {
        guard ids[name] == nil else {
            problems.error(position, "duplicate_\(kind)", "the \(kind) `\(name)` is defined twice", "rename one of them, or delete it")
            return
        }
        guard all.count < Self.countMax else {
            problems.error(position, "too_many", "there are more than \(Self.countMax) of \(kind)", "split the set")
            return
        }
        ids[name] = PolicyIndex(all.count)
        all.append(element)
    }
}

/// Each operator with its arguments once, however many agreements use it.
struct OperatorTable: Sendable {
    private struct Key: Hashable {
        var name: String
        var arguments: OperatorArguments
    }
    private(set) var all: [any RedactionOperator] = []
    private var ids: [Key: OperatorID] = [:]

    mutating func id(name: String, arguments: OperatorArguments) throws(OperatorError) -> OperatorID {
        let key = Key(name: name, arguments: arguments)
        if let id = ids[key] { return id }
        let made = try RedactionOperators.make(name: name, arguments: arguments)
        guard all.count < PolicyTable<any RedactionOperator>.countMax else {
            throw OperatorError(message: "the set uses too many different operators", remedy: "use the same arguments in more places")
        }
        let id = OperatorID(all.count)
        all.append(made)
        ids[key] = id
        return id
    }
}

/// `*` stands for any run of characters, dots included; everything else for itself.
enum Glob {
    static func matches(_ pattern: String, _ text: String) -> Bool {
        let pieces = pattern.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard pieces.count > 1, let first = pieces.first, let last = pieces.last else { return pattern == text }
        var rest = Substring(text).utf8
        guard rest.starts(with: first) else { return false }
        rest = rest.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let end = Self.end(of: piece, in: rest) else { return false }
            rest = rest[end...]
        }
        return rest.count >= last.count && rest.suffix(last.count).elementsEqual(last)
    }

    private static func end(of piece: Substring.UTF8View, in text: Substring.UTF8View) -> String.Index? {
        var start = text.startIndex
        while start != text.endIndex {
            if text[start...].starts(with: piece) { return text.index(start, offsetBy: piece.count) }
            start = text.index(after: start)
        }
        return nil
    }
}
