import FoundationEssentials
import WaybillLedger

/// A JSON document as a value. Numbers are whole or `Double`.
package enum JSONValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])

    package subscript(_ name: String) -> JSONValue {
        guard case .object(let members) = self else { return .null }
        return members[name] ?? .null
    }
    package var text: String? { if case .string(let text) = self { text } else { nil } }
    package var integer: Int64? { if case .int(let number) = self { number } else { nil } }
    package var flag: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    package var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
    package var members: [String: JSONValue] { if case .object(let members) = self { members } else { [:] } }
    package var isNull: Bool { self == .null }

    /// Null where there is nothing.
    package static func optional(_ text: String?) -> Self { text.map { .string($0) } ?? .null }
    package static func strings(_ texts: some Sequence<String>) -> Self { .array(texts.map { .string($0) }) }
}

extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try container.decodeIfFits(Bool.self) {
            self = .bool(flag)
        } else if let number = try container.decodeIfFits(Int64.self) {
            self = .int(number)
        } else if let number = try container.decodeIfFits(Double.self) {
            self = .double(number)
        } else if let text = try container.decodeIfFits(String.self) {
            self = .string(text)
        } else if let items = try container.decodeIfFits([JSONValue].self) {
            self = .array(items)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .int(let number): try container.encode(number)
        case .double(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let items): try container.encode(items)
        case .object(let members): try container.encode(members)
        }
    }
}

extension SingleValueDecodingContainer {
    /// Nil: it is of another type.
    fileprivate func decodeIfFits<Value: Decodable>(_ type: Value.Type) throws -> Value? {
        do { return try decode(type) } catch DecodingError.typeMismatch, DecodingError.dataCorrupted { return nil }
    }
}

extension JSONValue {
    /// What any value encodes to.
    package init(encoding value: some Encodable) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: try JSONEncoder().encode(value))
    }

    /// Of a shape's own type. Throws `DecodingError`.
    package func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: try JSONEncoder().encode(self))
    }
}

extension JSONValue {
    /// Of what the ledger writes.
    init(canonical value: CanonicalValue) {
        switch value {
        case .string(let text): self = .string(text)
        case .int(let number): self = .int(Int64(number))
        case .bool(let flag): self = .bool(flag)
        case .array(let items): self = .array(items.map { JSONValue(canonical: $0) })
        case .object(let members): self = .object(members.mapValues { JSONValue(canonical: $0) })
        }
    }
}
