import WaybillControl
import WaybillCore
import WaybillStorage

/// Requests by their `Idempotency-Key`, in the control database.
struct KeptRequests: RepeatedRequests {
    private let table: RequestTable

    init(_ database: ControlDatabase) { table = RequestTable(database) }

    func begin(_ key: RequestKey, now: Timestamp, since: Timestamp) async throws -> KnownRequest? {
        do {
            guard let row = try await table.begin(key.bytes, of: key.who, now: now, since: since) else { return nil }
            guard let fingerprint = row.fingerprint else { return .begun }
            return .done(
                fingerprint: fingerprint,
                answer: KeptAnswer(
                    status: row.status, mediaType: row.mediaType, etag: row.etag, location: row.location, body: row.body))
        } catch let error as ControlDatabaseError {
            throw APIProblem(.unavailable, error.message)
        }
    }

    func finish(_ key: RequestKey, fingerprint: [UInt8], answer: KeptAnswer) async throws {
        var row = RequestTable.Row()
        row.fingerprint = fingerprint
        row.status = answer.status
        (row.mediaType, row.etag, row.location) = (answer.mediaType, answer.etag, answer.location)
        row.body = answer.body
        try await table.finish(key.bytes, row)
    }

    func release(_ key: RequestKey) async throws { try await table.forget(key.bytes) }
}
