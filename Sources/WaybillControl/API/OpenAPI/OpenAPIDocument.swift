import WaybillCore

/// The API's document, OpenAPI 3.1, made of the operations that are served: what it says is what the machine checks.
package struct OpenAPIDocument: Sendable {
    package let value: JSONValue

    /// Throws if the operations do not fit together: a defect of ours.
    package init(_ operations: [APIOperation]) throws(ControlFailure) {
        var named: [String: JSONValue] = ["Problem": Self.problem]
        var paths: [String: [String: JSONValue]] = [:]
        for operation in operations {
            paths[operation.path, default: [:]][operation.method.rawValue.lowercased()] = try Self.operation(operation, &named)
        }
        let resources = Set(operations.map(\.resource)).sorted()
        value = .object([
            "openapi": "3.1.0",
            "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
            "info": .object([
                "title": "Waybill", "version": .string(Self.version),
                "description": "Vendors, agreements, consents, transfers and the log of one gate. docs/api.md says how to ask.",
            ]),
            "servers": .array([.object(["url": "/"])]),
            "tags": .array(resources.map { .object(["name": .string($0)]) }),
            "security": .array([.object(["token": .array([])]), .object(["session": .array([])])]),
            "paths": .object(paths.mapValues { .object($0) }),
            "components": .object([
                "schemas": .object(named),
                "securitySchemes": .object([
                    "token": .object([
                        "type": "http", "scheme": "bearer",
                        "description": "A token of an account or a machine. A client certificate of a known machine stands for one.",
                    ]),
                    "session": .object([
                        "type": "apiKey", "in": "cookie", "name": .string(ConsoleCookie.session),
                        "description": "The console's session, with Sec-Fetch-Site: same-origin; reads only.",
                    ]),
                ]),
            ]),
        ])
    }

    /// Of the API, not of Waybill.
    static let version = "1.0.0"

    /// RFC 9457.
    private static let problem = JSONValue.object([
        "type": "object", "required": .strings(["type", "title", "status", "detail", "code"]),
        "properties": .object([
            "type": .object(["type": "string", "format": "uri"]), "title": .object(["type": "string"]),
            "status": .object(["type": "integer", "minimum": .int(400), "maximum": .int(599)]), "detail": .object(["type": "string"]),
            "code": .object(["type": "string"]),
            "pointer": .object(["type": "string", "description": "RFC 6901: the member of the body at fault."]),
            "parameter": .object(["type": "string", "description": "The variable of the path or the query at fault."]),
        ]),
    ])

    private static func operation(
        _ operation: APIOperation, _ named: inout [String: JSONValue]
    ) throws(ControlFailure) -> JSONValue {
        var parameters: [JSONValue] = []
        for parameter in operation.parameters {
            var members: [String: JSONValue] = [
                "name": .string(parameter.name), "in": .string(parameter.place.rawValue), "required": .bool(parameter.isRequired),
                "description": .string(parameter.summary), "schema": try parameter.schema.schema(&named),
            ]
            if case .list = parameter.schema { (members["style"], members["explode"]) = ("form", .bool(false)) }
            parameters.append(.object(members))
        }
        parameters += headers(of: operation)
        var members: [String: JSONValue] = [
            "operationId": .string(operation.id), "tags": .strings([operation.resource]), "summary": .string(operation.summary),
            "x-waybill-permission": .string(operation.permission.rawValue),
            "description": .string(
                "Needs the permission `\(operation.permission.rawValue)`, which "
                    + operation.permission.roles.map(\.rawValue).sorted().joined(separator: ", ") + " have."),
            "responses": .object(try responses(of: operation, &named)),
        ]
        if !parameters.isEmpty { members["parameters"] = .array(parameters) }
        if let body = operation.body { members["requestBody"] = try requestBody(body, &named) }
        if operation.method != .get { members["security"] = .array([.object(["token": .array([])])]) }
        if operation.isSigned { members["security"] = .array([]) }
        return .object(members)
    }

    private static func headers(of operation: APIOperation) -> [JSONValue] {
        var headers: [JSONValue] = []
        if operation.needsMatch {
            headers.append(header("If-Match", true, #"^"[!#-~]{1,64}"$"#, "The ETag that the last GET of it answered."))
        }
        if operation.takesIdempotencyKey {
            headers.append(
                header(
                    "Idempotency-Key", false, #"^[!#-\[\]-~]{1,128}$"#,
                    "A key of your own for this one thing; a repeated request is answered as the first was, for 24 hours."))
        }
        return headers
    }

    private static func header(_ name: String, _ isRequired: Bool, _ pattern: String, _ summary: String) -> JSONValue {
        .object([
            "name": .string(name), "in": "header", "required": .bool(isRequired), "description": .string(summary),
            "schema": .object(["type": "string", "pattern": .string(pattern)]),
        ])
    }

    private static func requestBody(_ body: APIBody, _ named: inout [String: JSONValue]) throws(ControlFailure) -> JSONValue {
        let content: JSONValue
        switch body {
        case .json(let shape, _): content = .object(["application/json": .object(["schema": try shape.schema(&named)])])
        case .ndjson(let line, _):
            // OpenAPI 3.1 describes no lines: the schema of one stands beside.
            content = .object([
                "application/x-ndjson": .object(["schema": .object(["type": "string"]), "x-waybill-line": try line.schema(&named)])
            ])
        case .bytes(let mediaTypes, _):
            content = .object(Dictionary(uniqueKeysWithValues: mediaTypes.map { ($0, JSONValue.object([:])) }))
        }
        return .object([
            "required": .bool(true), "content": content, "description": .string("At most \(body.bytesMax) bytes."),
        ])
    }
}
