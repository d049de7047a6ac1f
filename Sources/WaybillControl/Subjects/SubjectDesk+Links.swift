package import WaybillCore

extension SubjectDesk {
    package struct NewLink: Sendable {
        package var link: PersonLink
        /// Leads to the person's page; whoever has it sees the page.
        package var path: String
        package var url: String?
    }

    package static let personPath = "/person/"

    /// A link to the person's own page, for as long as `seconds`.
    package func makeLink(_ number: UInt32, seconds: Int64, by actor: SubjectActor) async throws(ControlFailure) -> NewLink {
        guard (60...PersonLinks.secondsMax).contains(seconds) else {
            throw ControlFailure(code: "expiry_unfit", message: "A link lives from 1 minute to 30 days; give a period like 7d or PT12H.")
        }
        let record = try await record(number)
        let until = Timestamp(seconds: now.seconds + seconds)
        let link = PersonLink(id: parts.random(), number: record.history.number, madeAt: now, expiresAt: until, by: actor.id)
        try await note("subject.link", record.history.salt, ["expires_at": until.rfc3339], by: actor)
        try registered { try parts.register.keep(link) }
        let path = Self.personPath + parts.links.token(link)
        return NewLink(link: link, path: path, url: parts.publicURL.map { $0 + path })
    }

    /// Ends every link of the person.
    package func revokeLinks(_ number: UInt32, by actor: SubjectActor) async throws(ControlFailure) -> Int {
        let record = try await record(number)
        let count = try registered { try parts.register.revokeLinks(of: record.history.number, at: now) }
        try await note("subject.link.revoke", record.history.salt, ["links": String(count)], by: actor)
        return count
    }

    /// Whose page a token opens; nil: it is forged, over, revoked, or the person is gone, and which of them is not told.
    package func opened(_ token: String) async throws(ControlFailure) -> (link: PersonLink, record: KnownSubject)? {
        guard let id = parts.links.id(token, now: now), let link = try registered({ try parts.register.link(id) }), link.revokedAt == nil,
            link.number != 0, now < link.expiresAt
        else { return nil }
        do throws(ControlFailure) {
            return (link, try await record(link.number))
        } catch  where error.code == Self.unknown.code {
            return nil
        }
    }

    // MARK: Erasure

    /// The person asks; a privacy officer decides. Asking again changes nothing.
    package func askErasure(_ number: UInt32, by actor: SubjectActor) async throws(ControlFailure) -> ErasureRequest {
        let record = try await record(number)
        let request = try registered { try parts.register.ask(erasureOf: record.history.number, at: now) }
        try await note("subject.erasure.ask", record.history.salt, ["request": String(request.id)], by: actor)
        return request
    }

    package func erasureRequests(_ state: ErasureRequest.State?, limit: Int) throws(ControlFailure) -> [ErasureRequest] {
        try registered { try parts.register.erasureRequests(state, limit: limit) }
    }

    /// Without `isConfirmed`: nothing about the person leaves any more, and who received something. With it all is destroyed, links too.
    package func erase(_ number: UInt32, isConfirmed: Bool, by actor: SubjectActor) async throws(ControlFailure) -> JSONValue {
        let record = try await record(number)
        guard let identifier = record.identifiers.first else { throw Self.unknown }
        let number = record.history.number
        guard isConfirmed else {
            // It stops everything about the person, and a stop is in force before its entry.
            let report = try await parts.erasing.erase(identifier, isConfirmed: false)
            try await note("subject.erase.begin", record.history.salt, [:], by: actor)
            return report
        }
        let asked = try registered { try parts.register.openRequest(of: number) }
        try await note("subject.erase", record.history.salt, [:], by: actor)
        // Links and requests go with the person.
        let report = try await parts.erasing.erase(identifier, isConfirmed: true)
        if let asked { try registered { try parts.register.decide(asked.id, .confirmed, by: actor.id, at: now) } }
        return report
    }

    /// Why is told to the person outside; the request stays as it was decided.
    package func refuseErasure(_ id: Int64, by actor: SubjectActor) async throws(ControlFailure) {
        guard let request = try registered({ try parts.register.erasureRequest(id) }), request.state == .open else {
            throw ControlFailure(code: "request_unknown", message: "There is no such open request; look at the list again.")
        }
        try await note("subject.erasure.refuse", nil, ["request": String(id)], by: actor)
        try registered { try parts.register.decide(id, .refused, by: actor.id, at: now) }
    }
}
