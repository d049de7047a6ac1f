/// Where a document is not of its shape, and what would be. Holds no value and no name that the document brought along.
package struct ShapeFault: Error, Sendable, Equatable {
    /// Steps from the member at fault up to the document.
    private var steps: [String] = []
    /// What is wanted there.
    package var sentence: String

    init(_ sentence: String) { self.sentence = sentence }

    /// RFC 6901.
    package var pointer: String {
        steps.reversed().map { "/" + $0.replacing("~", with: "~0").replacing("/", with: "~1") }.joined()
    }

    func below(_ step: String) -> ShapeFault {
        var fault = self
        fault.steps.append(step)
        return fault
    }
}

extension JSONShape {
    /// Nil: the value is of this shape.
    package func fault(of value: JSONValue) -> ShapeFault? {
        switch self {
        case .any: return nil
        case .named(_, let shape): return shape.fault(of: value)
        case .nullable(let shape): return value.isNull ? nil : shape.fault(of: value)
        case .boolean: return value.flag == nil ? ShapeFault("must be true or false") : nil
        case .integer(let range): return Self.fault(ofInteger: value, range)
        case .number:
            switch value {
            case .int, .double: return nil
            default: return ShapeFault("must be a number")
            }
        case .text(let length, let pattern): return Self.fault(ofText: value, length, pattern)
        case .oneOf(let words):
            return value.text.map(words.contains) ?? false ? nil : ShapeFault("must be one of \(words.joined(separator: ", "))")
        case .list(let shape, let count):
            guard case .array(let items) = value, count.contains(items.count) else {
                return ShapeFault("must be a list of \(Self.words(count)) items")
            }
            for (i, item) in items.enumerated() { if let fault = shape.fault(of: item) { return fault.below(String(i)) } }
            return nil
        case .map(let shape, let count):
            guard case .object(let members) = value, count.contains(members.count) else {
                return ShapeFault("must be an object of \(Self.words(count)) members")
            }
            // The names are the client's own, so that the pointer ends here.
            for (_, member) in members.sorted(by: { $0.key < $1.key }) {
                if let fault = shape.fault(of: member) { return ShapeFault("a value of it \(fault.sentence)") }
            }
            return nil
        case .object(let members): return Self.fault(ofObject: value, members)
        }
    }

    private static func fault(ofInteger value: JSONValue, _ range: ClosedRange<Int>) -> ShapeFault? {
        if let number = value.integer.flatMap({ Int(exactly: $0) }), range.contains(number) { return nil }
        return ShapeFault("must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }

    private static func fault(ofText value: JSONValue, _ length: ClosedRange<Int>, _ pattern: Pattern?) -> ShapeFault? {
        // As JSON Schema counts, so that the document says exactly what is taken; the bytes are at most four times as many.
        guard let text = value.text, text.unicodeScalars.count <= length.upperBound, text.unicodeScalars.count >= length.lowerBound else {
            return ShapeFault("must be a text of \(words(length)) characters")
        }
        guard let pattern, !pattern.matches(text) else { return nil }
        return ShapeFault("must be \(pattern.format.map { "a \($0)" } ?? "a text") of the form \(pattern.expression)")
    }

    private static func fault(ofObject value: JSONValue, _ members: [Member]) -> ShapeFault? {
        guard case .object(let given) = value else { return ShapeFault("must be an object") }
        var known = 0
        for member in members {
            guard let value = given[member.name] else {
                if member.isRequired { return ShapeFault("is missing").below(member.name) }
                continue
            }
            known += 1
            if let fault = member.shape.fault(of: value) { return fault.below(member.name) }
        }
        guard known == given.count else {
            return ShapeFault("has a member that is not taken; members are \(members.map(\.name).joined(separator: ", "))")
        }
        return nil
    }

    private static func words(_ range: ClosedRange<Int>) -> String {
        range.lowerBound == range.upperBound ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }
}

extension JSONShape {
    /// The value that a variable of the path or the query stands for; nil: none of this shape.
    func value(ofVariable text: String) -> JSONValue? {
        switch self {
        case .named(_, let shape), .nullable(let shape): return shape.value(ofVariable: text)
        case .boolean: return text == "true" ? .bool(true) : text == "false" ? .bool(false) : nil
        case .integer:
            guard let number = Int64(text), String(number) == text else { return nil }
            return .int(number)
        case .number: return Double(text).flatMap { $0.isFinite ? .double($0) : nil }
        case .list(let shape, _):
            let items = text.split(separator: ",", omittingEmptySubsequences: false).map { shape.value(ofVariable: String($0)) }
            return items.contains { $0 == nil } ? nil : .array(items.compactMap { $0 })
        case .text, .oneOf, .any: return .string(text)
        case .map, .object: return nil
        }
    }
}
