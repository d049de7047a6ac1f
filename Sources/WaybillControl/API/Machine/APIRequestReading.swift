import Crypto
import HTTPTypes
import Hummingbird
import WaybillCore

/// Makes of a request the call that its operation declares, or says what is wrong with it.
struct APIRequestReading {
    let operation: APIOperation
    let request: Request
    let target: APITarget
    /// Of the path's variables, in its order.
    let pathValues: [String]
    let cursors: APICursors

    /// The call, and the bytes it was or will be read from. Throws `APIProblem`.
    func call(of principal: Principal, now: Timestamp) async throws -> (APICall, RequestBytes) {
        var call = APICall(principal: principal, now: now)
        call.values = try values()
        if operation.isPaged {
            if let limit = call.values["limit"].flatMap({ Int($0) }) { call.page.limit = limit }
            call.page.cursor = try call.values["cursor"].map { text throws(APIProblem) in try cursors.opened(text, operation, call.values) }
        }
        call.match = try match()
        var hash = SHA256()
        hash.update(data: Array("\(request.method.rawValue) \(request.head.path ?? "")\n\(request.headers[.contentType] ?? "")\n".utf8))
        let bytes = RequestBytes(request.body, bytesMax: operation.body?.bytesMax ?? 0, hash: hash)
        try checkFraming()
        switch operation.body {
        case nil: break
        case .json(let shape, _):
            try checkMediaType(["application/json"])
            call.body = try Self.document(try await bytes.all(), shape)
        case .ndjson:
            try checkMediaType(["application/x-ndjson"])
            call.nextBytes = { try await bytes.next() }
        case .bytes(let mediaTypes, _):
            try checkMediaType(mediaTypes)
            call.nextBytes = { try await bytes.next() }
        }
        return (call, bytes)
    }

    private static func document(_ bytes: [UInt8], _ shape: JSONShape) throws(APIProblem) -> JSONValue {
        let value: JSONValue
        do { value = try JSONReader.read(bytes) } catch { throw APIProblem(.bodyMalformed, error.sentence, pointer: "") }
        if let fault = shape.fault(of: value) {
            throw APIProblem(.bodyMalformed, "the member at the pointer \(fault.sentence)", pointer: fault.pointer)
        }
        return value
    }

    private func values() throws(APIProblem) -> [String: String] {
        var values: [String: String] = [:]
        let declared = Dictionary(uniqueKeysWithValues: operation.parameters.map { ($0.name, $0) })
        for (name, value) in zip(operation.pathNames, pathValues) { values[name] = value }
        for (name, value) in target.query {
            guard let parameter = declared[name], parameter.place == .query else {
                let names = operation.parameters.filter { $0.place == .query }.map(\.name).joined(separator: ", ")
                throw APIProblem(
                    .parameterMalformed,
                    "the query has a variable that is not taken; \(names.isEmpty ? "there are none" : "there are \(names)")")
            }
            guard values.updateValue(value, forKey: name) == nil else {
                throw APIProblem(.parameterMalformed, "it stands in the query twice; give it once", parameter: name)
            }
        }
        for parameter in operation.parameters {
            guard let text = values[parameter.name] else {
                if parameter.isRequired { throw APIProblem(.parameterMalformed, "it is missing", parameter: parameter.name) }
                continue
            }
            guard let value = parameter.schema.value(ofVariable: text) else {
                throw APIProblem(.parameterMalformed, "it is not of the type that the API's document says", parameter: parameter.name)
            }
            if let fault = parameter.schema.fault(of: value) {
                throw APIProblem(.parameterMalformed, "it \(fault.sentence)", parameter: parameter.name)
            }
        }
        return values
    }

    private func checkFraming() throws(APIProblem) {
        guard request.headers[values: .contentEncoding].allSatisfy({ $0.lowercased() == "identity" }) else {
            throw APIProblem(.mediaTypeUnsupported, "bodies are taken without Content-Encoding")
        }
        let length = request.headers[.contentLength].flatMap { Int($0) } ?? 0
        guard let body = operation.body else {
            guard length == 0, request.headers[.transferEncoding] == nil else {
                throw APIProblem(.bodyMalformed, "this operation takes no body; send none", pointer: "")
            }
            return
        }
        guard length <= body.bytesMax else {
            throw APIProblem(.bodyTooLarge, "the body may have at most \(body.bytesMax) bytes")
        }
    }

    private func checkMediaType(_ taken: [String]) throws(APIProblem) {
        let fields = request.headers[values: .contentType]
        let pieces = (fields.first ?? "").split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
        let isUTF8 = pieces.dropFirst().allSatisfy { !$0.hasPrefix("charset=") || ["charset=utf-8", "charset=\"utf-8\""].contains($0) }
        guard fields.count == 1, let type = pieces.first, taken.contains(type) || taken.contains("*/*"), isUTF8 else {
            throw APIProblem(.mediaTypeUnsupported, "send Content-Type: \(taken.joined(separator: " or ")), in UTF-8 where it is text")
        }
    }

    /// The one strong tag of `If-Match`, without its quotes.
    private func match() throws(APIProblem) -> String? {
        let fields = request.headers[values: .ifMatch]
        guard let field = fields.first else {
            guard operation.needsMatch else { return nil }
            throw APIProblem(.matchMissing, "send If-Match with the ETag that the last GET of it answered")
        }
        guard fields.count == 1, field.utf8.count <= 256 else { throw Self.malformedMatch }
        if field == "*", operation.needsMatch {
            throw APIProblem(.matchMissing, "send If-Match with the ETag that the last GET of it answered; * names no version")
        }
        if field.hasPrefix("W/\"") { throw APIProblem(.changedMeanwhile, "a weak tag never matches; read it again and send its ETag") }
        guard field.utf8.count >= 2, field.hasPrefix("\""), field.hasSuffix("\""), !field.dropFirst().dropLast().contains("\"") else {
            guard operation.needsMatch else { return nil }
            throw Self.malformedMatch
        }
        return String(field.dropFirst().dropLast())
    }

    private static let malformedMatch = APIProblem(.headerMalformed, "If-Match takes one tag in quotes, as ETag gave it")

    /// Of `Idempotency-Key`, a structured-field text or the bare key; nil: there is none.
    func idempotencyKey() throws(APIProblem) -> String? {
        guard let name = HTTPField.Name("Idempotency-Key") else { return nil }
        let fields = request.headers[values: name]
        guard var key = fields.first.map({ Substring($0) }) else { return nil }
        if key.count >= 2, key.hasPrefix("\""), key.hasSuffix("\"") { key = key.dropFirst().dropLast() }
        let isPlain = key.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        guard fields.count == 1, isPlain, (1...APILimits.idempotencyKeyCharactersMax).contains(key.utf8.count) else {
            throw APIProblem(
                .headerMalformed,
                "Idempotency-Key takes 1 to \(APILimits.idempotencyKeyCharactersMax) visible ASCII characters, in quotes or without")
        }
        return String(key)
    }
}

extension APIOperation {
    var isPaged: Bool { if case .page = answer { true } else { false } }
}
