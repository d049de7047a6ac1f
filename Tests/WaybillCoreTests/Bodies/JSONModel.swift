import Foundation

@testable import WaybillCore

/// A JSON value, and what should become of it: the rules of policies.md written down as simply as possible, to hold the splicing
/// code against.
indirect enum JSONModel: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(Int)
    case string(String)
    case array([JSONModel])
    case object([(String, JSONModel)])

    static func == (a: JSONModel, b: JSONModel) -> Bool {
        switch (a, b) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): Array(a.unicodeScalars) == Array(b.unicodeScalars)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)):
            a.count == b.count && zip(a, b).allSatisfy { Array($0.0.unicodeScalars) == Array($1.0.unicodeScalars) && $0.1 == $1.1 }
        default: false
        }
    }

    var isScalarOrEmpty: Bool {
        switch self {
        case .array(let elements): elements.isEmpty
        case .object(let members): members.isEmpty
        default: true
        }
    }
}

/// Paths of one record, as text: `a.b`, `a[*]`.
struct ModelShape: Sendable {
    var slots: [String: Int]
    var structure: Set<String>
    var subtrees: Set<String>

    func isKnown(_ path: String) -> Bool {
        (Array(slots.keys) + Array(structure) + Array(subtrees)).contains {
            $0 == path || $0.hasPrefix(path + ".") || $0.hasPrefix(path + "[")
        }
    }
    func hasNames(_ path: String) -> Bool { (Array(slots.keys) + Array(structure) + Array(subtrees)).contains { $0.hasPrefix(path + ".") } }
    func hasElements(_ path: String) -> Bool {
        (Array(slots.keys) + Array(structure) + Array(subtrees)).contains { $0.hasPrefix(path + "[") }
    }

    /// What remains of the value at a path, nil: nothing.
    func reduce(_ value: JSONModel, at path: String, inSubtree: Bool, plan: [BodyRig.Operator]) -> JSONModel? {
        guard isKnown(path) else { return inSubtree ? value : nil }
        let isSubtree = subtrees.contains(path) || (inSubtree && slots[path] == nil)
        switch value {
        case .object(let members) where hasNames(path):
            return .object(
                members.compactMap { name, member in
                    reduce(member, at: path + "." + name, inSubtree: isSubtree, plan: plan).map { (name, $0) }
                })
        case .array(let elements) where hasElements(path):
            return .array(elements.compactMap { reduce($0, at: path + "[*]", inSubtree: isSubtree, plan: plan) })
        case _ where !value.isScalarOrEmpty: return isSubtree ? value : nil
        default:
            if let field = slots[path] { return apply(plan[field], to: value) }
            return structure.contains(path) || isSubtree ? value : nil
        }
    }

    private func apply(_ reduction: BodyRig.Operator, to value: JSONModel) -> JSONModel? {
        switch (reduction, value) {
        case (.drop, _): nil
        case (.keep, _), (_, .null), (_, .array), (_, .object): value
        case (.replace, _): .string("redacted")
        case (.mask, .string(let text)): .string(mask(text))
        case (.mask, .number(let number)): .string(mask(String(number)))
        default: nil
        }
    }

    private func mask(_ text: String) -> String {
        text.count <= 2 ? String(repeating: "*", count: text.count) : String(repeating: "*", count: text.count - 2) + text.suffix(2)
    }
}

/// Small random values and texts, the same for the same seed.
struct JSONMaker {
    var random: SeededRandom
    static let names = ["a", "b", "c", "d e", "é", "f\"", "日本"]
    static let texts = ["", "x", "Anna", "\"\\/\n\u{1}", "Łódź", "😀😀😀", "\u{0}", "12345678901234567", "e\u{301}"]

    mutating func value(depth: Int) -> JSONModel {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 5), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2: .number(.random(in: -1_000_000...1_000_000, using: &random))
        case 3, 4: .string(Self.texts.randomElement(using: &random) ?? "")
        case 5, 6: .array((0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth - 1) })
        default: object(depth: depth)
        }
    }

    mutating func object(depth: Int) -> JSONModel {
        let names = Self.names.shuffled(using: &random).prefix(Int.random(in: 0...5, using: &random))
        return .object(names.map { ($0, value(depth: depth - 1)) })
    }

    mutating func paths(_ count: Int) -> [String] {
        (0..<count).map { _ in
            var path = ""
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                path += "." + (Self.names.randomElement(using: &random) ?? "a")
                if Int.random(in: 0..<4, using: &random) == 0 { path += "[*]" }
            }
            return path
        }
    }

    /// With random white space and random escapes.
    mutating func text(_ value: JSONModel) -> String {
        switch value {
        case .null: "null"
        case .bool(let bool): bool ? "true" : "false"
        case .number(let number): String(number)
        case .string(let text): quoted(text)
        case .array(let elements): "[" + space() + elements.map { text($0) + space() }.joined(separator: "," + space()) + "]"
        case .object(let members):
            "{" + space()
                + members.map { quoted($0) + space() + ":" + space() + text($1) + space() }.joined(separator: "," + space()) + "}"
        }
    }

    private mutating func space() -> String { ["", "", "", " ", "\n\t", "\r "].randomElement(using: &random) ?? "" }

    private mutating func quoted(_ text: String) -> String {
        var quoted = "\""
        for unit in text.utf16 {
            if Int.random(in: 0..<6, using: &random) == 0 || unit < 0x20 || unit == 0x22 || unit == 0x5C || (0xD800...0xDFFF).contains(unit)
            {
                quoted += "\\u" + String(repeating: "0", count: 4 - String(unit, radix: 16).count) + String(unit, radix: 16)
            } else {
                quoted.unicodeScalars.append(Unicode.Scalar(unit) ?? " ")
            }
        }
        return quoted + "\""
    }
}

/// SplitMix64.
struct SeededRandom: RandomNumberGenerator, Sendable {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
