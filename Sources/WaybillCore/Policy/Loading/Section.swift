/// A map of a policy file while it is read: keys are taken one by one, and `finish` reports those nobody asked for.
struct Section {
    let problems: ProblemList
    let position: SourcePosition
    /// For messages: `the endpoint`.
    let what: String
    private let members: [PolicyValue.Member]
    private var taken: [Bool]
    private var known: [String] = []

    /// Nil, with a problem reported, if the value is not a map.
    init?(_ value: PolicyValue, _ what: String, _ problems: ProblemList) {
        guard case .map(let members) = value.content else {
            problems.error(value.position, "wrong_kind", "\(what) must be a map, not \(value.kindName)", "write `key: value` members")
            return nil
        }
        self.problems = problems
        self.what = what
        self.members = members
        position = value.position
        taken = Array(repeating: false, count: members.count)
    }

    /// The value of `key`, if written.
    mutating func optional(_ key: String) -> PolicyValue? {
        known.append(key)
        guard let index = members.firstIndex(where: { $0.key == key }) else { return nil }
        taken[index] = true
        return members[index].value
    }

    /// The value of `key`; its absence is reported at the start of the map.
    mutating func required(_ key: String) -> PolicyValue? {
        if let value = optional(key) { return value }
        problems.error(position, "missing_key", "\(what) lacks `\(key)`", "add `\(key): …`")
        return nil
    }

    mutating func required<T>(_ key: String, _ type: ScalarType<T>) -> T? { required(key).flatMap { type.read($0, problems) } }

    mutating func optional<T>(_ key: String, _ type: ScalarType<T>) -> T? { optional(key).flatMap { type.read($0, problems) } }

    /// The items of a list; none if the key is not written.
    mutating func list(_ key: String) -> [PolicyValue] {
        guard let value = optional(key) else { return [] }
        return Section.items(value, "`\(key)`", problems)
    }

    mutating func list<T>(_ key: String, _ type: ScalarType<T>) -> [T] { list(key).compactMap { type.read($0, problems) } }

    /// The members of a map with free keys; none if the key is not written.
    mutating func map(_ key: String) -> [PolicyValue.Member] {
        guard let value = optional(key) else { return [] }
        return Section.members(value, "`\(key)`", problems)
    }

    /// The map at `key` as a section.
    mutating func section(_ key: String) -> Section? { optional(key).flatMap { Section($0, "`\(key)`", problems) } }

    mutating func requiredSection(_ key: String) -> Section? { required(key).flatMap { Section($0, "`\(key)`", problems) } }

    /// Reports a key the design names and this version does not build.
    mutating func notBuiltYet(_ key: String) {
        guard let value = optional(key) else { return }
        problems.error(
            value.position, "not_built_yet", "`\(key)` is not built yet in this version", "remove it, or keep this endpoint out of the set")
    }

    func has(_ key: String) -> Bool { members.contains { $0.key == key } }

    /// Reports every key that was not asked for.
    func finish() {
        for (member, taken) in zip(members, taken) where !taken {
            let all = "use one of \(known.map { "`\($0)`" }.joined(separator: ", "))"
            problems.error(
                member.keyPosition, "unknown_key", "\(what) has no key `\(member.key)`",
                Suggestion.remedy(for: member.key, among: known, else: all))
        }
    }

    static func items(_ value: PolicyValue, _ what: String, _ problems: ProblemList) -> [PolicyValue] {
        guard case .list(let items) = value.content else {
            problems.error(value.position, "wrong_kind", "\(what) must be a list, not \(value.kindName)", "write `[…]`")
            return []
        }
        return items
    }

    static func members(_ value: PolicyValue, _ what: String, _ problems: ProblemList) -> [PolicyValue.Member] {
        guard case .map(let members) = value.content else {
            problems.error(value.position, "wrong_kind", "\(what) must be a map, not \(value.kindName)", "write `{…}`")
            return []
        }
        return members
    }
}
