extension JSONShape {
    /// As JSON Schema 2020-12, which OpenAPI 3.1 takes as it is. What is named is put into `named`, and referred to.
    ///
    /// Throws if one name stands for two shapes: a defect of ours.
    func schema(_ named: inout [String: JSONValue]) throws(ControlFailure) -> JSONValue {
        switch self {
        case .any: return .object([:])
        case .boolean: return .object(["type": "boolean"])
        case .integer(let range):
            return .object(["type": "integer", "minimum": .int(Int64(range.lowerBound)), "maximum": .int(Int64(range.upperBound))])
        case .number: return .object(["type": "number"])
        case .text(let length, let pattern):
            var members: [String: JSONValue] = ["type": "string", "maxLength": .int(Int64(length.upperBound))]
            if length.lowerBound > 0 { members["minLength"] = .int(Int64(length.lowerBound)) }
            members["pattern"] = pattern.map { .string($0.expression) }
            members["format"] = pattern?.format.map { .string($0) }
            return .object(members)
        case .oneOf(let words): return .object(["type": "string", "enum": .strings(words)])
        case .list(let shape, let count):
            return .object([
                "type": "array", "items": try shape.schema(&named), "minItems": .int(Int64(count.lowerBound)),
                "maxItems": .int(Int64(count.upperBound)),
            ])
        case .map(let shape, let count):
            return .object([
                "type": "object", "additionalProperties": try shape.schema(&named), "minProperties": .int(Int64(count.lowerBound)),
                "maxProperties": .int(Int64(count.upperBound)),
            ])
        case .object(let members): return try Self.schema(of: members, &named)
        case .nullable(let shape): return .object(["anyOf": .array([try shape.schema(&named), .object(["type": "null"])])])
        case .named(let name, let shape):
            let schema = try shape.schema(&named)
            guard named[name] == nil || named[name] == schema else {
                throw ControlFailure(
                    code: "api_operations", message: "Two shapes of the API are named \(name); this is a defect of Waybill.")
            }
            named[name] = schema
            return .object(["$ref": .string("#/components/schemas/\(name)")])
        }
    }

    private static func schema(of members: [Member], _ named: inout [String: JSONValue]) throws(ControlFailure) -> JSONValue {
        var properties: [String: JSONValue] = [:]
        for member in members {
            var schema = try member.shape.schema(&named).members
            if !member.summary.isEmpty { schema["description"] = .string(member.summary) }
            properties[member.name] = .object(schema)
        }
        var object: [String: JSONValue] = ["type": "object", "properties": .object(properties), "additionalProperties": .bool(false)]
        let required = members.filter(\.isRequired).map(\.name)
        if !required.isEmpty { object["required"] = .strings(required) }
        return .object(object)
    }
}

extension JSONValue: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self = .string(text) }
}
