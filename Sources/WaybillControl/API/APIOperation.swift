package import WaybillCore

/// One operation of the API. The routes, the OpenAPI document and the table of permissions are made of one list of these, so that none of
/// them can say what the others do not do.
package struct APIOperation: Sendable {
    package enum Method: String, Sendable, CaseIterable { case get = "GET", post = "POST", put = "PUT", patch = "PATCH", delete = "DELETE" }

    /// OpenAPI's `operationId`: `listVendors`.
    package var id: String
    package var method: Method
    /// From the root, its variables in braces: `/v1/vendors/{vendor}`.
    package var path: String
    /// OpenAPI's `tags`: the resource, in the plural.
    package var resource: String
    package var summary: String
    package var permission: Permission
    /// Variables of the path and of the query, all of them; what is not listed is refused.
    package var parameters: [APIParameter] = []
    /// Nil: it takes no body, and one is refused.
    package var body: APIBody?
    package var answer: APIAnswerShape
    /// Of what takes longer than a request may: answered with 202 in the place of `answer` while it is under way.
    package var accepted: JSONShape?
    /// Refused without `If-Match` (428), and with one that is not the resource's `ETag` now (412).
    package var needsMatch = false
    /// Takes `Idempotency-Key`: a repeated request is answered as the first was, and done once.
    package var takesIdempotencyKey = false
    /// The body is signed by who sends it, and `run` verifies that: no credential is asked for. Of webhooks only.
    package var isSigned = false
    /// The problems it can answer beyond those that any operation can, by their code.
    package var problems: [APIProblem.Code] = []
    package var run: @Sendable (APICall) async throws -> APIAnswer

    package init(
        _ id: String, _ method: Method, _ path: String, resource: String, _ summary: String, permission: Permission,
        parameters: [APIParameter] = [], body: APIBody? = nil, answer: APIAnswerShape, accepted: JSONShape? = nil, needsMatch: Bool = false,
        takesIdempotencyKey: Bool = false, problems: [APIProblem.Code] = [],
        run: @escaping @Sendable (APICall) async throws -> APIAnswer
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.resource = resource
        self.summary = summary
        self.permission = permission
        self.parameters = parameters
        self.body = body
        self.answer = answer
        self.accepted = accepted
        self.needsMatch = needsMatch
        self.takesIdempotencyKey = takesIdempotencyKey
        self.problems = problems
        self.run = run
    }
}

package struct APIParameter: Sendable {
    package enum Place: String, Sendable { case path, query }
    package var name: String
    package var place: Place
    package var isRequired: Bool
    package var schema: JSONShape
    package var summary: String

    package static func path(_ name: String, _ schema: JSONShape, _ summary: String) -> Self {
        Self(name: name, place: .path, isRequired: true, schema: schema, summary: summary)
    }
    package static func query(_ name: String, _ schema: JSONShape, _ summary: String) -> Self {
        Self(name: name, place: .query, isRequired: false, schema: schema, summary: summary)
    }
    /// Of every list: `cursor` as the answer before gave it, `limit` items a page.
    package static let paging: [Self] = [
        .query("cursor", .text(bytes: 1...512), "Where the page before ended: its `next_cursor`."),
        .query("limit", .integer(1...APIPage.limitMax), "Items a page; default \(APIPage.limitDefault)."),
    ]
}

package enum APIBody: Sendable {
    /// One JSON document of this shape.
    case json(JSONShape, bytesMax: Int = 1 << 20)
    /// A line, a JSON document; handed over as it comes.
    case ndjson(line: JSONShape, bytesMax: Int = 256 << 20)
    /// Any bytes: evidence, a webhook that is verified over its bytes.
    case bytes(mediaTypes: [String], bytesMax: Int)
}

package enum APIAnswerShape: Sendable {
    case json(JSONShape, status: Int = 200)
    /// `{"items": [...], "next_cursor": "..." | null}`.
    case page(of: JSONShape)
    /// One result a line, in the order of the lines that came.
    case ndjson(line: JSONShape)
    case bytes(mediaTypes: [String])
    case nothing
}

/// A request that its operation declares valid: permitted, its variables and body of the declared shape.
package struct APICall: Sendable {
    package var principal: Principal
    package var now: Timestamp
    /// Of path and query, by name.
    package var values: [String: String]
    /// Of `.json`; else `.null`.
    package var body: JSONValue
    /// Of `.ndjson` and `.bytes`; throws `APIProblem` beyond the limit. Ends with nil.
    package var nextBytes: @Sendable () async throws -> [UInt8]?
    /// The `ETag` the client holds, without its quotes; there if the operation `needsMatch`.
    package var match: String?
    package var page: APIPage
    /// Of an operation that `isSigned`: header fields by their names in lower case, and path and query as they were called.
    package var headers: [String: String] = [:]
    package var target = ""

    package init(principal: Principal, now: Timestamp) {
        self.principal = principal
        self.now = now
        values = [:]
        body = .null
        nextBytes = { nil }
        page = APIPage()
    }
}

package struct APIPage: Sendable, Equatable {
    package static let limitDefault = 50
    package static let limitMax = 500
    package var cursor: String?
    package var limit = Self.limitDefault
    package init() {}
}

/// What an operation answers with. `etag`: without its quotes.
package enum APIAnswer: Sendable {
    case json(JSONValue, status: Int = 200, etag: String? = nil, location: String? = nil)
    case page(items: [JSONValue], next: String?)
    /// Lines or bytes; nil ends them.
    case stream(mediaType: String, next: @Sendable () async throws -> [UInt8]?)
    /// A file to be kept, of so many bytes. `name`: as `ConsoleAddress.fileName` makes it.
    case download(name: String, mediaType: String, bytes: Int, next: @Sendable () async throws -> [UInt8]?)
    case nothing
}
