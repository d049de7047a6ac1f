import FoundationEssentials
import WaybillCore

/// `/v1/consents`: one, many, what changed, one person's history, receipts.
package enum ConsentsOperations {
    private static let resource = "consents"

    package static func all(_ desk: SubjectDesk) -> [APIOperation] {
        [record(desk), bulk(desk), changes(desk), counts(desk), history(desk), receipt(desk)]
    }

    private static let result = JSONShape.named(
        "ConsentResult",
        .object([
            .required("line", .integer(1...Int.max)), .required("result", .oneOf(["taken", "duplicate", "refused"])),
            .optional("event", SubjectShapes.id), .optional("subject", SubjectShapes.id), .optional("member", .nullable(.text())),
            .optional("message", .text()),
        ]))

    private static func record(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "recordConsent", .post, "/v1/consents", resource: resource,
            "Record one consent event. Repeated, it is one event; a stop binds the next send.", permission: .changeSubjects,
            body: .json(SubjectShapes.consent, bytesMax: 64 << 10), answer: .json(result, status: 201), takesIdempotencyKey: true,
            problems: [.unprocessable, .unavailable]
        ) { call in
            let line: ConsentLine
            do {
                line = try ConsentLine(Array(try JSONEncoder().encode(call.body)), line: 1)
            } catch let problem as LineProblem {
                throw APIProblem(.unprocessable, problem.message, pointer: problem.member.map { "/\($0)" } ?? "")
            }
            do throws(ControlFailure) {
                try desk.check(purpose: line.event.purpose, line.event.recipients)
            } catch {
                throw APIProblem(.unprocessable, error.message, pointer: error.code == "purpose_unknown" ? "/purpose" : "/recipients")
            }
            let actor = SubjectActor(call.principal.id)
            let isStop = line.event.state.isStop
            let detail = [
                "state": line.event.state.rawValue, "purpose": line.event.purpose ?? "",
                "recipients": line.event.recipients.joined(separator: " "),
            ]
            let entered = try await answering { () async throws(ControlFailure) in
                if !isStop { try await desk.note("consents.record", nil, detail, by: actor) }
                let batch = try await desk.storing { () throws(ConsentStoreError) in
                    try await desk.parts.records.apply([.consent(line)], atomically: true, now: call.now)
                }
                if isStop, batch.refused.isEmpty { try await desk.note("consents.record", nil, detail, by: actor) }
                return batch
            }
            if let problem = entered.refused.first {
                throw APIProblem(.unprocessable, problem.message, pointer: problem.member.map { "/\($0)" } ?? "")
            }
            guard let one = entered.entered.first else { throw APIProblem(.failed, "The event was not taken; send it again.") }
            let event = desk.parts.ids.event(one.number, one.sequence)
            return .json(
                .object([
                    "line": .int(1), "result": .string(one.isDuplicate ? "duplicate" : "taken"), "event": .string(event),
                    "subject": .string(desk.parts.ids.subject(one.number)),
                ]), status: 201)
        }
    }

    private static func bulk(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "importConsents", .post, "/v1/consents/bulk", resource: resource,
            """
            Record many: a line, an event; a line of the answer for each, in order. Every line is taken or refused by itself; one that was taken \
            and names what the policies do not know says so in `message`.
            """,
            permission: .changeSubjects, body: .ndjson(line: SubjectShapes.consent), answer: .ndjson(line: result),
            problems: [.unavailable]
        ) { call in
            try await answering { () async throws(ControlFailure) in
                try await desk.note("consents.bulk", nil, [:], by: SubjectActor(call.principal.id))
            }
            let run = BulkConsents(desk, input: call.nextBytes)
            return .stream(mediaType: "application/x-ndjson", next: { try await run.next() })
        }
    }

    private static func changes(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "listConsentChanges", .get, "/v1/consents", resource: resource, "What changed, newest first, without identifiers.",
            permission: .readSubjects, parameters: APIParameter.paging, answer: .page(of: SubjectShapes.event)
        ) { call in
            var before: Int64?
            if let cursor = call.page.cursor {
                guard let place = Int64(cursor), place > 0 else {
                    throw APIProblem(.parameterMalformed, "Give the cursor as the page before gave it.", parameter: "cursor")
                }
                before = place
            }
            let limit = call.page.limit
            let found = try await answering { () async throws(ControlFailure) in
                try await desk.storing { () throws(ConsentStoreError) in
                    try await desk.parts.records.changes(before: before, limit: limit)
                }
            }
            return .page(
                items: found.map { desk.view($0.event, of: $0.number, withProof: false) },
                next: found.count == limit ? found.last.map { String($0.event.sequence) } : nil)
        }
    }

    private static func counts(_ desk: SubjectDesk) -> APIOperation {
        let line = JSONShape.object([
            .required("purpose", .nullable(.text())), .required("state", SubjectShapes.state), .required("events", .integer(0...Int.max)),
        ])
        return APIOperation(
            "countConsents", .get, "/v1/consents/counts", resource: resource, "How many events there are of each purpose and state.",
            permission: .readSubjects, answer: .json(.object([.required("counts", .list(of: line, count: 0...10_000))]))
        ) { _ in
            let counts = try await answering { () async throws(ControlFailure) in
                try await desk.storing { () throws(ConsentStoreError) in try await desk.parts.records.counts() }
            }
            return .json(
                .object([
                    "counts": .array(
                        counts.map {
                            .object([
                                "purpose": .optional($0.purpose), "state": .string($0.state.rawValue), "events": .int(Int64($0.events)),
                            ])
                        })
                ]))
        }
    }

    private static func history(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "getConsentHistory", .get, "/v1/consents/history/{subject}", resource: resource,
            "Every event of one person, newest first, and what stands now by purpose and vendor, and why.", permission: .readSubjects,
            parameters: [SubjectShapes.subjectParameter],
            answer: .json(
                .object([
                    .required("subject", SubjectShapes.id), .required("standings", .list(of: SubjectShapes.standing, count: 0...10_000)),
                    .required("events", .list(of: SubjectShapes.event, count: 0...100_000)),
                ])), problems: [.notFound]
        ) { call in
            let record = try await answering { () async throws(ControlFailure) in try await desk.record(id: call.values["subject"] ?? "") }
            return .json(
                .object([
                    "subject": .string(desk.parts.ids.subject(record.history.number)), "standings": .array(desk.standings(record.history)),
                    "events": .array(desk.history(record)),
                ]))
        }
    }

    private static func receipt(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "getConsentReceipt", .get, "/v1/consents/{event}/receipt", resource: resource,
            "The receipt of one event as ISO/IEC TS 27560 has it, signed with the log's key.", permission: .readSubjects,
            parameters: [.path("event", SubjectShapes.id, "The event's id.")], answer: .json(SubjectShapes.receipt), problems: [.notFound]
        ) { call in
            let found = try await answering { () async throws(ControlFailure) in try await desk.receipt(event: call.values["event"] ?? "") }
            guard let found else { throw APIProblem(.notFound, "There is no such event; the person's history lists them.") }
            return .json(found)
        }
    }
}
