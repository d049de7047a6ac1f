/// The members of one import line, each read by its type. Every failure names the line and the member, never the value.
struct LineMembers {
    let line: Int
    /// Where these members stand, for messages: `objections[0].`; empty at the top.
    private let prefix: String
    private let members: [String: JSONValue]

    /// A whole line.
    init(_ bytes: [UInt8], line: Int, known: Set<String>) throws(LineProblem) {
        let value: JSONValue
        do {
            value = try StrictJSONReader.read(bytes)
        } catch {
            throw LineProblem(line: line, member: nil, message: "column \(error.column): \(error.message)")
        }
        try self.init(value, line: line, prefix: "", known: known)
    }

    private init(_ value: JSONValue, line: Int, prefix: String, known: Set<String>) throws(LineProblem) {
        guard case .object(let members) = value else {
            throw LineProblem(line: line, member: prefix.isEmpty ? nil : String(prefix.dropLast()), message: "must be an object")
        }
        self.line = line
        self.prefix = prefix
        self.members = members
        // The name itself could be personal data, so it is not repeated.
        guard members.keys.allSatisfy(known.contains) else {
            throw LineProblem(
                line: line, member: prefix.isEmpty ? nil : String(prefix.dropLast()),
                message: "has an unknown member; known are \(known.sorted().joined(separator: ", "))")
        }
    }

    func problem(_ name: String, _ message: String) -> LineProblem { LineProblem(line: line, member: prefix + name, message: message) }

    func has(_ name: String) -> Bool { members[name] != nil }

    /// Nil if absent or null.
    func present(_ name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    func string(_ name: String) throws(LineProblem) -> String? {
        guard let value = present(name) else { return nil }
        guard case .string(let text) = value else { throw problem(name, "must be a string, not \(value.typeName)") }
        return text
    }

    func requiredString(_ name: String) throws(LineProblem) -> String {
        guard let text = try string(name) else { throw problem(name, "is required") }
        return text
    }

    func bool(_ name: String) throws(LineProblem) -> Bool? {
        guard let value = present(name) else { return nil }
        guard case .bool(let flag) = value else { throw problem(name, "must be true or false, not \(value.typeName)") }
        return flag
    }

    /// A short name from a catalogue, not free text: letters, digits and `._:/-`, 1 to 128 of them. Nothing that could hold an
    /// e-mail address gets into columns that are not sealed.
    func id(_ name: String) throws(LineProblem) -> String? {
        guard let text = try string(name) else { return nil }
        try check(id: text, name)
        return text
    }

    func ids(_ name: String, max: Int) throws(LineProblem) -> [String] {
        var ids: [String] = []
        for text in try strings(name, max: max) {
            try check(id: text, name)
            if !ids.contains(text) { ids.append(text) }
        }
        return ids
    }

    func strings(_ name: String, max: Int) throws(LineProblem) -> [String] {
        var texts: [String] = []
        for value in try array(name, max: max) {
            guard case .string(let text) = value else { throw problem(name, "must hold strings, not \(value.typeName)") }
            texts.append(text)
        }
        return texts
    }

    func array(_ name: String, max: Int) throws(LineProblem) -> [JSONValue] {
        guard let value = present(name) else { return [] }
        guard case .array(let values) = value else { throw problem(name, "must be an array, not \(value.typeName)") }
        guard values.count <= max else { throw problem(name, "holds more than \(max) values") }
        return values
    }

    func objects(_ name: String, max: Int, known: Set<String>) throws(LineProblem) -> [LineMembers] {
        var objects: [LineMembers] = []
        for (i, value) in try array(name, max: max).enumerated() {
            objects.append(try LineMembers(value, line: line, prefix: "\(prefix)\(name)[\(i)].", known: known))
        }
        return objects
    }

    /// RFC 3339, or a date alone, which means its 00:00 UTC.
    func time(_ name: String) throws(LineProblem) -> (at: Timestamp, dateOnly: Bool)? {
        guard let text = try string(name) else { return nil }
        if let day = Day(iso8601: text), (1_700...2_260).contains(day.civil.year) { return (day.start, true) }
        if let at = Timestamp(rfc3339: text) { return (at, false) }
        throw problem(name, "is not a time; write 2026-05-01T00:00:00Z, or 2026-05-01 if the time of day is not known")
    }

    func requiredTime(_ name: String) throws(LineProblem) -> (at: Timestamp, dateOnly: Bool) {
        guard let time = try time(name) else { throw problem(name, "is required") }
        return time
    }

    func choice<Value: RawRepresentable & CaseIterable>(_ name: String, of type: Value.Type) throws(LineProblem) -> Value?
    where Value.RawValue == String {
        guard let text = try string(name) else { return nil }
        guard let value = Value(rawValue: text) else {
            throw problem(name, "must be one of \(Value.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return value
    }

    /// `scheme:value`, made canonical as the gate makes it.
    func identifier(_ text: String, _ name: String) throws(LineProblem) -> Identifier {
        do {
            return try Identifier(importText: text)
        } catch {
            throw problem(name, error.rawValue)
        }
    }

    private func check(id text: String, _ name: String) throws(LineProblem) {
        let isShortName =
            (1...128).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || "._:/-".utf8.contains(byte)
            }
        guard isShortName else {
            throw problem(name, "must be a name of 1 to 128 letters, digits and . _ : / -, as in the policy's catalogue")
        }
    }
}

extension Identifier {
    /// Why a text is no identifier: what is wrong and how to write it, without the text.
    package enum TextProblem: String, Error {
        case noScheme = "must be scheme:value, like email:anna@example.com or crm:17"
        case unusable =
            "is not usable as an identifier; an email: needs one @, a phone: is international (+48 601 234 567), others are 1 to 512 bytes"
    }

    /// The canonical form of each scheme of the catalogue. Others are taken as they are, without white space around them.
    package init(importText text: String) throws(TextProblem) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count),
            parts[0].utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "_") })
        else { throw .noScheme }
        let scheme = String(parts[0])
        guard let identifier = Identifier(scheme: scheme, canonical: Field.Canonical(rawValue: scheme), raw: Array(parts[1].utf8)) else {
            throw .unusable
        }
        self = identifier
    }
}
