import WaybillCore
package import WaybillLedger

/// Draws a sample again from the log it was fixed on. Never blocks the caller's thread. Throws `APIProblem` (409) if that log is not here.
package protocol SampleDrawing: Sendable {
    func draw(_ sample: Engagement.Sample, of scope: Engagement.Scope) async throws -> AuditSample
}

/// What the operations on engagements work with.
package struct EngagementDesk: Sendable {
    package var administration: Administration
    package var store: any EngagementStore
    package var drawing: any SampleDrawing
    /// For the store's reads.
    private let queue = BlockingQueue("engagements")

    package init(administration: Administration, store: any EngagementStore, drawing: any SampleDrawing) {
        self.administration = administration
        self.store = store
        self.drawing = drawing
    }

    func all(seenBy principal: Principal) async throws -> [Engagement] {
        try await queue.run { [store] in try store.engagements() }.filter { Self.sees(principal, $0) }
    }

    /// Throws 404, also where it is not theirs to see.
    func one(_ call: APICall) async throws -> Engagement {
        let id = call.values["engagement"] ?? ""
        guard let found = try await queue.run({ [store] in try store.engagement(id) }), Self.sees(call.principal, found) else {
            throw APIProblem(.notFound, "there is no such engagement; GET /v1/engagements lists them")
        }
        return found
    }

    private static func sees(_ principal: Principal, _ engagement: Engagement) -> Bool {
        principal.sees(vendor: engagement.scope.vendor) && principal.sees(engagement: engagement.id)
    }

    /// One act on one of theirs, if it is as the client saw it.
    func act(_ act: EngagementEvent.Act, _ call: APICall) async throws -> APIAnswer {
        let before = try await one(call)
        let after = try await administration.act(act, on: before.id, by: call.principal.id, ifActs: try Self.acts(call))
        return .json(EngagementShapes.json(after, on: call.now.day), etag: String(after.acts))
    }

    private static func acts(_ call: APICall) throws(APIProblem) -> Int? {
        guard let match = call.match else { return nil }
        guard let acts = Int(match) else { throw APIProblem(.changedMeanwhile, "the tag is none of this engagement's; read it again") }
        return acts
    }
}

/// `/v1/engagements` with samples, evidence and findings.
package enum EngagementOperations {
    package static func all(_ desk: EngagementDesk) -> [APIOperation] { reads(desk) + acts(desk) + findings(desk) }

    private static let id = APIParameter.path(
        "engagement", .text(bytes: 1...32, pattern: EngagementShapes.idPattern), "The engagement's id, like 2026-1.")

    private static func reads(_ desk: EngagementDesk) -> [APIOperation] {
        [
            APIOperation(
                "listEngagements", .get, "/v1/engagements", resource: "engagements", "Audits of vendors.", permission: .readAudits,
                parameters: APIParameter.paging + [
                    .query("vendor", .id, "Only of this vendor."),
                    .query("state", .oneOf(Engagement.State.allCases.map(\.rawValue)), "Only in this state."),
                ], answer: .page(of: EngagementShapes.engagement)
            ) { call in
                let (vendor, state) = (call.values["vendor"], call.values["state"])
                let all = try await desk.all(seenBy: call.principal).filter {
                    vendor ?? $0.scope.vendor == $0.scope.vendor && state ?? $0.state.rawValue == $0.state.rawValue
                }
                return page(all, call)
            },
            APIOperation(
                "getEngagement", .get, "/v1/engagements/{engagement}", resource: "engagements", "Everything about one engagement.",
                permission: .readAudits, parameters: [id], answer: .json(EngagementShapes.engagement), problems: [.notFound]
            ) { call in
                let found = try await desk.one(call)
                return .json(EngagementShapes.json(found, on: call.now.day), etag: String(found.acts))
            },
            APIOperation(
                "drawSample", .get, "/v1/engagements/{engagement}/samples/{number}", resource: "engagements",
                "The transfers of a sample, drawn again from the log.", permission: .readAudits,
                parameters: [id, .path("number", .integer(1...1_000), "Of the sample, from 1.")], answer: .json(EngagementShapes.drawn),
                problems: [.notFound, .conflict]
            ) { call in
                let engagement = try await desk.one(call)
                guard let number = Int(call.values["number"] ?? ""), engagement.samples.indices.contains(number - 1) else {
                    throw APIProblem(.notFound, "the engagement has no sample of that number")
                }
                return .json(EngagementShapes.json(try await desk.drawing.draw(engagement.samples[number - 1], of: engagement.scope)))
            },
        ]
    }

    /// In the order in which they were opened: `2026-9` before `2026-10`.
    private static func page(_ all: [Engagement], _ call: APICall) -> APIAnswer {
        let sorted = all.sorted { ($0.opened.at, $0.id) < ($1.opened.at, $1.id) }
        let first = call.page.cursor.flatMap { cursor in sorted.firstIndex { $0.id == cursor } }.map { $0 + 1 } ?? 0
        let all = sorted.dropFirst(first)
        let items = all.prefix(call.page.limit)
        return .page(
            items: items.map { EngagementShapes.json($0, on: call.now.day) }, next: items.count < all.count ? items.last?.id : nil)
    }

    private static func acts(_ desk: EngagementDesk) -> [APIOperation] {
        [
            APIOperation(
                "openEngagement", .post, "/v1/engagements", resource: "engagements", "Open an audit of one vendor.",
                permission: .conductAudits, body: .json(EngagementShapes.opening),
                answer: .json(EngagementShapes.engagement, status: 201), takesIdempotencyKey: true, problems: [.unprocessable]
            ) { call in
                let scope = try EngagementShapes.scope(call.body)
                guard call.principal.sees(vendor: scope.vendor), call.principal.engagement == nil else {
                    throw APIProblem(.unprocessable, "the policies in force know no such vendor", pointer: "/vendor")
                }
                let made = try await desk.administration.open(scope, by: call.principal.id)
                return .json(
                    EngagementShapes.json(made, on: call.now.day), status: 201, etag: String(made.acts),
                    location: "/v1/engagements/\(made.id)")
            },
            APIOperation(
                "fixSample", .post, "/v1/engagements/{engagement}/samples", resource: "engagements",
                "Fix a sample: a seed, a count, and the entries that the log has now.", permission: .conductAudits, parameters: [id],
                body: .json(EngagementShapes.sampling), answer: .json(EngagementShapes.engagement), takesIdempotencyKey: true,
                problems: [.notFound, .conflict, .unprocessable]
            ) { call in
                let engagement = try await desk.one(call)
                let after = try await desk.administration.sample(
                    engagement.id, seed: call.body["seed"].text ?? "", count: Int(call.body["count"].integer ?? 0), by: call.principal.id)
                return .json(EngagementShapes.json(after, on: call.now.day), etag: String(after.acts))
            },
            APIOperation(
                "addEvidence", .post, "/v1/engagements/{engagement}/evidence", resource: "engagements",
                "Enter a document that was shown, by its digest; the document stays where it is.", permission: .conductAudits,
                parameters: [id], body: .json(EngagementShapes.evidence), answer: .json(EngagementShapes.engagement),
                takesIdempotencyKey: true, problems: [.notFound, .conflict, .unprocessable]
            ) { call in
                try await desk.act(
                    .evidence(
                        .init(
                            name: call.body["name"].text ?? "", sha256: call.body["sha256"].text ?? "",
                            bytes: Int(call.body["bytes"].integer ?? 0), note: call.body["note"].text ?? "")), call)
            },
            APIOperation(
                "closeEngagement", .post, "/v1/engagements/{engagement}/close", resource: "engagements",
                "Close it; every finding must be settled.", permission: .conductAudits, parameters: [id],
                body: .json(.object([.required("summary", .text(bytes: 1...500), "What came of it, in words.")])),
                answer: .json(EngagementShapes.engagement), needsMatch: true, takesIdempotencyKey: true,
                problems: [.notFound, .conflict, .unprocessable]
            ) { call in try await desk.act(.close(summary: call.body["summary"].text ?? ""), call) },
        ]
    }

    private static func findings(_ desk: EngagementDesk) -> [APIOperation] {
        [
            APIOperation(
                "addFinding", .post, "/v1/engagements/{engagement}/findings", resource: "engagements",
                "Enter what was found. A critical finding suspends the vendor's agreements at once.", permission: .conductAudits,
                parameters: [id], body: .json(EngagementShapes.finding), answer: .json(EngagementShapes.engagement),
                takesIdempotencyKey: true, problems: [.notFound, .conflict, .unprocessable]
            ) { call in try await desk.act(.finding(try EngagementShapes.finding(call.body)), call) },
            APIOperation(
                "settleFinding", .post, "/v1/engagements/{engagement}/findings/{number}/settle", resource: "engagements",
                "Say that a finding is mended, or that its risk is borne.", permission: .conductAudits,
                parameters: [id, .path("number", .integer(1...100_000), "Of the finding, from 1.")], body: .json(EngagementShapes.settling),
                answer: .json(EngagementShapes.engagement), needsMatch: true, takesIdempotencyKey: true,
                problems: [.notFound, .conflict, .unprocessable]
            ) { call in
                try await desk.act(
                    .settle(
                        number: Int(call.values["number"] ?? "") ?? 0, how: call.body["how"].text == "accepted" ? .accepted : .resolved,
                        answer: call.body["answer"].text ?? ""), call)
            },
        ]
    }
}
