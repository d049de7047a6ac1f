/// A link to one person's page.
package struct PersonLink: Sendable, Equatable {
    /// 16 random bytes.
    package var id: Fingerprint
    /// Of the subject; 0: erased.
    package var number: UInt32
    package var madeAt: Timestamp
    package var expiresAt: Timestamp
    package var by: String
    package var revokedAt: Timestamp?

    package init(id: Fingerprint, number: UInt32, madeAt: Timestamp, expiresAt: Timestamp, by: String, revokedAt: Timestamp? = nil) {
        self.id = id
        self.number = number
        self.madeAt = madeAt
        self.expiresAt = expiresAt
        self.by = by
        self.revokedAt = revokedAt
    }
}

/// Somebody asked to be erased; a privacy officer confirms or refuses.
package struct ErasureRequest: Sendable, Equatable {
    package enum State: String, Sendable, CaseIterable { case open, confirmed, refused }
    package var id: Int64
    /// 0: erased.
    package var number: UInt32
    package var askedAt: Timestamp
    package var state: State
    package var decidedAt: Timestamp?
    package var by: String?

    package init(id: Int64, number: UInt32, askedAt: Timestamp, state: State, decidedAt: Timestamp? = nil, by: String? = nil) {
        self.id = id
        self.number = number
        self.askedAt = askedAt
        self.state = state
        self.decidedAt = decidedAt
        self.by = by
    }
}

/// Links, requests and webhooks that were seen. Blocks; names subjects by number only. Throws one sentence with the remedy.
package protocol SubjectRegister: Sendable {
    func keep(_ link: PersonLink) throws
    func link(_ id: Fingerprint) throws -> PersonLink?
    func links(of number: UInt32) throws -> [PersonLink]
    /// Returns how many were in force.
    func revokeLinks(of number: UInt32, at now: Timestamp) throws -> Int

    /// One open request a person: asking again changes nothing.
    func ask(erasureOf number: UInt32, at now: Timestamp) throws -> ErasureRequest
    func openRequest(of number: UInt32) throws -> ErasureRequest?
    func erasureRequests(_ state: ErasureRequest.State?, limit: Int) throws -> [ErasureRequest]
    func erasureRequest(_ id: Int64) throws -> ErasureRequest?
    /// Also names who confirmed what an erasure has done already.
    func decide(_ id: Int64, _ state: ErasureRequest.State, by: String, at now: Timestamp) throws
    /// Erased: the number is taken out of links and requests, and open requests are done.
    func forget(_ numbers: [UInt32], at now: Timestamp) throws

    func knows(webhook id: String, of source: String) throws -> Bool
    /// This delivery was taken. Older ones than `keptFrom` are forgotten.
    func note(webhook id: String, of source: String, at now: Timestamp, keptFrom: Timestamp) throws
}
