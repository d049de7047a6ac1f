import WaybillCore

extension OpenAPIDocument {
    /// By status: the answer, and every problem the operation or the machine before it can answer with.
    static func responses(of operation: APIOperation, _ named: inout [String: JSONValue]) throws(ControlFailure) -> [String: JSONValue] {
        var responses: [String: JSONValue] = [:]
        for (status, codes) in Dictionary(grouping: problems(of: operation), by: \.status) {
            let lines = codes.sorted { $0.name < $1.name }.map { "\($0.title) (`\($0.name)`)" }
            var response: [String: JSONValue] = [
                "description": .string(lines.joined(separator: "; ")),
                "content": .object([
                    "application/problem+json": .object(["schema": .object(["$ref": "#/components/schemas/Problem"])])
                ]),
            ]
            if let header = problemHeaders[status] { response["headers"] = header }
            responses[String(status)] = .object(response)
        }
        let (status, answer) = try answer(of: operation, &named)
        responses[String(status)] = answer
        if let accepted = operation.accepted {
            responses["202"] = content(["application/json": .object(["schema": try accepted.schema(&named)])])
        }
        if operation.method == .get, case .json = operation.answer {
            responses["304"] = .object(["description": "It still has the tag of If-None-Match."])
        }
        return responses
    }

    static func problems(of operation: APIOperation) -> Set<APIProblem.Code> {
        var codes = Set(APIProblem.Code.general + operation.problems)
        if operation.body != nil { codes.formUnion([.bodyTooLarge, .mediaTypeUnsupported]) }
        if operation.needsMatch { codes.formUnion([.matchMissing, .changedMeanwhile]) }
        if operation.takesIdempotencyKey { codes.formUnion([.keyReused, .keyInProgress, .conflict]) }
        if operation.isPaged { codes.insert(.unprocessable) }
        return codes
    }

    private static let problemHeaders: [Int: JSONValue] = [
        401: headers("WWW-Authenticate", "Bearer"), 429: headers("Retry-After", "Seconds to wait."),
        503: headers("Retry-After", "Seconds to wait."),
    ]

    private static func headers(_ name: String, _ summary: String) -> JSONValue {
        .object([name: .object(["description": .string(summary), "schema": .object(["type": "string"])])])
    }

    private static func answer(
        of operation: APIOperation, _ named: inout [String: JSONValue]
    ) throws(ControlFailure) -> (status: Int, JSONValue) {
        switch operation.answer {
        case .json(let shape, let status):
            return (status, content(["application/json": .object(["schema": try shape.schema(&named)])]))
        case .page(let item):
            let schema = JSONValue.object([
                "type": "object", "required": .strings(["items", "next_cursor"]), "additionalProperties": .bool(false),
                "properties": .object([
                    "items": .object(["type": "array", "items": try item.schema(&named), "maxItems": .int(Int64(APIPage.limitMax))]),
                    "next_cursor": .object([
                        "type": .strings(["string", "null"]), "description": "Where the next page begins; null: this was the last.",
                    ]),
                ]),
            ])
            return (200, content(["application/json": .object(["schema": schema])]))
        case .ndjson(let line):
            return (
                200,
                content([
                    "application/x-ndjson": .object(["schema": .object(["type": "string"]), "x-waybill-line": try line.schema(&named)])
                ])
            )
        case .bytes(let mediaTypes):
            return (200, content(Dictionary(uniqueKeysWithValues: mediaTypes.map { ($0, JSONValue.object([:])) })))
        case .nothing: return (204, .object(["description": "Done."]))
        }
    }

    private static func content(_ content: [String: JSONValue]) -> JSONValue {
        .object(["description": "Done.", "content": .object(content)])
    }
}
