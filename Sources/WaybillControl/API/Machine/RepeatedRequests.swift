import Crypto
package import WaybillCore

/// Remembers requests by their `Idempotency-Key`, so that a repeated one is answered as the first was and done once.
///
/// Must last over a restart. Implementations block on their own executor, never on the caller's.
package protocol RepeatedRequests: Sendable {
    /// Keeps the key as begun unless it is known; what was known before is the answer, nil if nothing was. Forgets what is older than
    /// `since`, and of who asks very often the oldest. Throws `APIProblem` (503) when no more can be kept.
    func begin(_ key: RequestKey, now: Timestamp, since: Timestamp) async throws -> KnownRequest?
    func finish(_ key: RequestKey, fingerprint: [UInt8], answer: KeptAnswer) async throws
    /// Nothing was done: the key is free again.
    func release(_ key: RequestKey) async throws
}

/// SHA-256 over who asked, for which operation, with which key: what people chose as a key is not kept.
package struct RequestKey: Sendable, Hashable {
    package var bytes: [UInt8]
    /// Of who asked, so that one cannot use up what is kept for all: the beginning of a SHA-256.
    package var who: [UInt8]

    init(principal: String, operation: String, key: String) {
        bytes = Array(SHA256.hash(data: Array("\(principal)\n\(operation)\n\(key)".utf8)))
        who = Array(SHA256.hash(data: Array(principal.utf8)).prefix(16))
    }
}

package enum KnownRequest: Sendable, Equatable {
    /// Not finished, by this process or one before it.
    case begun
    case done(fingerprint: [UInt8], answer: KeptAnswer)
}

package struct KeptAnswer: Sendable, Equatable {
    /// Longer ones are not kept; that the request was done is.
    package static let bytesMax = 64 * 1_024
    package var status: Int
    package var mediaType: String?
    package var etag: String?
    package var location: String?
    /// Nil: it was too long to keep.
    package var body: [UInt8]?

    package init(status: Int, mediaType: String?, etag: String?, location: String?, body: [UInt8]?) {
        self.status = status
        self.mediaType = mediaType
        self.etag = etag
        self.location = location
        self.body = body
    }
}
