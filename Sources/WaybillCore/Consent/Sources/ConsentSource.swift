/// A system that knows consents in its own words: reads one record of its exports or webhooks into what may be believed of it.
///
/// What a source does not say is not guessed: a default, a status that nobody chose, or a time that is only the export's becomes `unknown`,
/// which never permits. A stop is always taken.
package struct ConsentSource: Sendable {
    package var name: String
    /// Of one record; the time of receipt counts for stops without a time of their own.
    let read: @Sendable (SourceRecord, ConsentMap, Timestamp) -> [SourceFinding]

    /// Every source, one line each.
    package static let all: [ConsentSource] = [
        .hubspot,
        .salesforce,
        .sugar,
        .braze,
        .csv,
    ]

    package static func named(_ name: String) -> ConsentSource? { all.first { $0.name == name } }

    /// A JSON document, as a webhook brings it; findings in its order. Throws what is wrong with it, without any of its values.
    package func findings(json bytes: [UInt8], _ map: ConsentMap, now: Timestamp) throws(LineProblem) -> [SourceFinding] {
        try SourceRecord.records(json: bytes, line: 1).flatMap { read($0, map, now) }
    }
}

/// What one statement of a record is taken for.
package enum SourceFinding: Sendable, Equatable {
    /// `why`: of an event that only says that nothing is known; nil: it is taken as it stands.
    case consent(Identifier, ConsentEvent, why: String?)
    case facts([Identifier], SubjectFactsChange)
    /// One sentence, without a value.
    case refused(String)
}

/// One record of an export: names and values, as JSON or as a CSV row has them.
struct SourceRecord {
    var line: Int
    var members: [String: JSONValue]

    /// An object, or those in an array or in the lists that APIs wrap them in.
    static func records(json bytes: [UInt8], line: Int) throws(LineProblem) -> [SourceRecord] {
        let value: JSONValue
        do {
            value = try StrictJSONReader.read(bytes)
        } catch {
            throw LineProblem(line: line, member: nil, message: "column \(error.column): \(error.message)")
        }
        return try records(value, line: line)
    }

    private static let wrappers = ["results", "records", "users", "events"]

    private static func records(_ value: JSONValue, line: Int) throws(LineProblem) -> [SourceRecord] {
        switch value {
        case .array(let items):
            var all: [SourceRecord] = []
            for item in items { all += try records(item, line: line) }
            return all
        case .object(let members):
            for name in wrappers {
                if case .array(let items)? = members[name] { return try records(.array(items), line: line) }
            }
            return [SourceRecord(line: line, members: members)]
        default: throw LineProblem(line: line, member: nil, message: "must be an object or a list of objects")
        }
    }

    subscript(name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    /// Of a string or a number; nil: absent or empty.
    func text(_ name: String) -> String? { self[name].flatMap(\.plainText) }

    /// `true` and `1`, in whatever spelling exports have them.
    func flag(_ name: String) -> Bool? {
        switch self[name] {
        case .bool(let flag)?: flag
        case let value?:
            switch value.plainText?.lowercased() {
            case "true", "1", "yes": true
            case "false", "0", "no": false
            default: nil
            }
        case nil: nil
        }
    }

    func object(_ name: String) -> SourceRecord? {
        guard case .object(let members)? = self[name] else { return nil }
        return SourceRecord(line: line, members: members)
    }

    func objects(_ name: String) -> [SourceRecord] {
        var items: [JSONValue] = []
        switch self[name] {
        case .array(let list)?: items = list
        case .object(let members)?: if case .array(let list)? = members["records"] { items = list }
        default: break
        }
        return items.compactMap { item in
            guard case .object(let members) = item else { return nil }
            return SourceRecord(line: line, members: members)
        }
    }

    func texts(_ name: String) -> [String] {
        switch self[name] {
        case .array(let items)?: items.compactMap(\.plainText)
        case .string(let text)?: text.split(separator: ",").map { $0.filter { $0 != "^" } }.filter { !$0.isEmpty }
        default: []
        }
    }

    /// RFC 3339, also with a zone written `+0000`, a date alone, a date and time with a blank, or milliseconds or seconds since 1970.
    func time(_ name: String) -> SourceTime? {
        switch self[name] {
        case .number(let text)?: Int64(text).flatMap(SourceTime.init(epoch:))
        case .string(let text)?: SourceTime(text)
        default: nil
        }
    }
}

/// When a source says that something happened.
struct SourceTime: Equatable {
    var at: Timestamp
    var dateOnly = false

    init(at: Timestamp) { self.at = at }

    init?(epoch number: Int64) {
        // Seconds have ten digits from 2001 to 2286, milliseconds thirteen.
        switch number {
        case 1_000_000_000..<10_000_000_000: at = Timestamp(seconds: number)
        case 1_000_000_000_000..<10_000_000_000_000: at = Timestamp(nanoseconds: number * 1_000_000)
        default: return nil
        }
    }

    init?(_ text: String) {
        if let day = Day(iso8601: text), (1_970...2_260).contains(day.civil.year) {
            (at, dateOnly) = (day.start, true)
            return
        }
        if let number = Int64(text), let time = SourceTime(epoch: number) {
            self = time
            return
        }
        var spelled = Array(text.utf8)
        guard spelled.count >= 19 else { return nil }
        if spelled[10] == UInt8(ascii: " ") { spelled[10] = UInt8(ascii: "T") }
        let last = spelled.suffix(5)
        if last.first == UInt8(ascii: "+") || last.first == UInt8(ascii: "-"), last.dropFirst().allSatisfy({ (48...57).contains($0) }) {
            spelled.insert(UInt8(ascii: ":"), at: spelled.count - 2)
        }
        guard let at = Timestamp(rfc3339: String(decoding: spelled, as: UTF8.self)) else { return nil }
        self.at = at
    }
}

extension JSONValue {
    var plainText: String? {
        switch self {
        case .string(let text): text.isEmpty ? nil : text
        case .number(let text): text
        case .bool(let flag): flag ? "true" : "false"
        case .null, .array, .object: nil
        }
    }
}
