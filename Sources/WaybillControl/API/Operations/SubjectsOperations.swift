import WaybillCore
import WaybillLedger

/// `/v1/subjects`: looking up, facts, disclosures, and what a person may ask for. Identifiers stand in bodies only, never in a URL.
package enum SubjectsOperations {
    private static let resource = "subjects"
    private static let confirmation = JSONShape.object([
        .required("confirm", .text(bytes: 1...64), "Give it back to do it."), .required("until", SubjectShapes.time),
    ])

    package static func all(_ desk: SubjectDesk) -> [APIOperation] {
        [
            lookup(desk), get(desk), disclosures(desk), erasure(desk), restriction(desk), objections(desk), preference(desk), consent(desk),
            signals(desk), export(desk), link(desk), revoke(desk), requests(desk), refuse(desk),
        ]
    }

    private static func lookup(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "lookUpSubject", .post, "/v1/subjects/lookup", resource: resource,
            "Find a person by any identifier; the answer's id stands for them everywhere else.", permission: .readSubjects,
            body: .json(.object([.required("identifier", SubjectShapes.identifier, "scheme:value")]), bytesMax: 4_096),
            answer: .json(SubjectShapes.subject), problems: [.notFound]
        ) { call in
            let text = call.body["identifier"].text ?? ""
            let record: KnownSubject?
            do throws(ControlFailure) { record = try await desk.find(text) } catch where error.code == "subject_malformed" {
                throw APIProblem(.unprocessable, error.message, pointer: "/identifier")
            } catch {
                throw APIProblem(subjects: error)
            }
            guard let record else { throw APIProblem(.notFound, SubjectDesk.unknown.message) }
            return .json(desk.view(record))
        }
    }

    private static func get(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "getSubject", .get, "/v1/subjects/{subject}", resource: resource, "Facts, identifiers, and what stands by purpose and vendor.",
            permission: .readSubjects, parameters: [SubjectShapes.subjectParameter], answer: .json(SubjectShapes.subject),
            problems: [.notFound]
        ) { call in .json(desk.view(try await record(call, desk))) }
    }

    private static func disclosures(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "listDisclosures", .get, "/v1/subjects/{subject}/disclosures", resource: resource,
            "Who received what about the person, newest first.", permission: .readSubjects,
            parameters: [SubjectShapes.subjectParameter] + APIParameter.paging, answer: .page(of: SubjectShapes.disclosure),
            problems: [.notFound]
        ) { call in
            var from: ExportCursor?
            if let cursor = call.page.cursor {
                from = ExportCursor(cursor)
                guard from != nil else {
                    throw APIProblem(.parameterMalformed, "Give the cursor as the page before gave it.", parameter: "cursor")
                }
            }
            let (found, place, limit) = (try await record(call, desk), from, call.page.limit)
            let page = try await answering { () async throws(ControlFailure) in try await desk.disclosures(found, limit: limit, from: place) }
            return .page(items: page.items.map(SubjectDesk.view), next: page.next?.description)
        }
    }

    private static func erasure(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "eraseSubject", .post, "/v1/subjects/{subject}/erasure", resource: resource,
            "Stop everything about the person and list who received something; with `confirm`, destroy all that is held. No way back.",
            permission: .eraseSubjects, parameters: [SubjectShapes.subjectParameter],
            body: .json(.object([.required("confirm", .boolean)]), bytesMax: 1_024), answer: .json(.any), problems: [.notFound, .conflict]
        ) { call in
            let found = try await record(call, desk)
            let isConfirmed = call.body["confirm"].flag ?? false
            return .json(
                try await answering { () async throws(ControlFailure) in
                    try await desk.erase(found.history.number, isConfirmed: isConfirmed, by: SubjectActor(call.principal.id))
                })
        }
    }

    private static func restriction(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "restrictSubject", .put, "/v1/subjects/{subject}/restriction", resource: resource,
            "Restrict processing (Article 18), or lift that.", permission: .changeSubjects, parameters: [SubjectShapes.subjectParameter],
            body: .json(.object([.required("restricted", .boolean)]), bytesMax: 1_024), answer: .json(SubjectShapes.subject),
            problems: [.notFound, .conflict]
        ) { call in try await act(.restrict(call.body["restricted"].flag ?? true), call, desk) }
    }

    private static func objections(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "objectSubject", .post, "/v1/subjects/{subject}/objections", resource: resource,
            "Enter an objection, or take one back. Opting in again after a US opt-out takes two requests: the first answers `confirm`.",
            permission: .changeSubjects, parameters: [SubjectShapes.subjectParameter],
            body: .json(
                .object([
                    .required("scope", SubjectShapes.scope), .required("action", .oneOf(["object", "withdraw"])),
                    .optional("confirm", .text(bytes: 1...64), "Of the first step's answer."),
                ]), bytesMax: 1_024), answer: .json(.any), problems: [.notFound, .conflict, .unprocessable]
        ) { call in
            let scope = call.body["scope"].text.flatMap { SubjectProfile.ObjectionScope(rawValue: $0) }
            if call.body["action"].text == "withdraw" { return try await act(.takeBack(scope, confirm: call.body["confirm"].text), call, desk) }
            return try await act(scope.map { .object($0) } ?? .signal(.gpc(true)), call, desk)
        }
    }

    private static func preference(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "setPreference", .put, "/v1/subjects/{subject}/preference", resource: resource,
            "The person's ceiling of personalization, 0 to 3; null: none of their own.", permission: .changeSubjects,
            parameters: [SubjectShapes.subjectParameter],
            body: .json(.object([.required("level", .nullable(.integer(0...3)))]), bytesMax: 1_024),
            answer: .json(SubjectShapes.subject), problems: [.notFound, .conflict]
        ) { call in try await act(.preference(call.body["level"].integer.map { Int($0) }), call, desk) }
    }

    private static func consent(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "changeConsent", .post, "/v1/subjects/{subject}/consents", resource: resource, "Give or withdraw a consent of one person.",
            permission: .changeSubjects, parameters: [SubjectShapes.subjectParameter],
            body: .json(
                .object([
                    .required("action", .oneOf(["give", "withdraw"])), .optional("purpose", .nullable(SubjectShapes.name)),
                    .optional("recipients", .list(of: SubjectShapes.name, count: 0...256)), .optional("notice", .nullable(SubjectShapes.name)),
                    .optional("proof", .nullable(.text(bytes: 1...4_096))), .optional("explicit", .boolean),
                ]), bytesMax: 64 << 10), answer: .json(SubjectShapes.subject), problems: [.notFound, .conflict, .unprocessable]
        ) { call in
            let recipients = call.body["recipients"].items.compactMap(\.text)
            guard call.body["action"].text == "give" else {
                return try await act(.withdraw(purpose: call.body["purpose"].text, recipients: recipients), call, desk)
            }
            guard let purpose = call.body["purpose"].text else {
                throw APIProblem(.unprocessable, "A consent is for one purpose; name it.", pointer: "/purpose")
            }
            let grant = SubjectAct.Grant(
                purpose: purpose, recipients: recipients, notice: call.body["notice"].text, proof: call.body["proof"].text,
                explicit: call.body["explicit"].flag ?? false)
            return try await act(.give(grant), call, desk)
        }
    }

    private static func signals(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "addSignal", .post, "/v1/subjects/{subject}/signals", resource: resource,
            "A privacy signal of the person: GPC, a GPP or a US-privacy string. One that cannot be read denies wherever US opt-outs matter.",
            permission: .changeSubjects, parameters: [SubjectShapes.subjectParameter],
            body: .json(
                .object([
                    .optional("gpc", .boolean), .optional("gpp", .text(bytes: 0...GPPString.bytesMax)),
                    .optional("usprivacy", .text(bytes: 0...64)),
                ]), bytesMax: 8_192), answer: .json(SubjectShapes.subject), problems: [.notFound, .unprocessable]
        ) { call in
            switch (call.body["gpc"].flag, call.body["gpp"].text, call.body["usprivacy"].text) {
            case (let gpc?, nil, nil): try await act(.signal(.gpc(gpc)), call, desk)
            case (nil, let text?, nil): try await act(.signal(.gpp(text: text)), call, desk)
            case (nil, nil, let text?): try await act(.signal(.usPrivacy(text: text)), call, desk)
            default: throw APIProblem(.unprocessable, "Give one of gpc, gpp and usprivacy.", pointer: "")
            }
        }
    }

    private static func export(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "exportSubject", .get, "/v1/subjects/{subject}/export", resource: resource,
            "All that is held about the person (Articles 15 and 20), disclosures included.", permission: .readSubjects,
            parameters: [SubjectShapes.subjectParameter], answer: .json(.any), problems: [.notFound]
        ) { call in
            let found = try await record(call, desk)
            return .json(
                try await answering { () async throws(ControlFailure) in
                    try await desk.export(found.history.number, by: SubjectActor(call.principal.id))
                })
        }
    }

    private static func link(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "makePersonLink", .post, "/v1/subjects/{subject}/link", resource: resource,
            "A link to the person's own page. Whoever has it sees the page: send it to the person only.", permission: .changeSubjects,
            parameters: [SubjectShapes.subjectParameter],
            body: .json(
                .object([.optional("seconds", .integer(60...Int(PersonLinks.secondsMax)), "How long it lives; default 7 days.")]),
                bytesMax: 1_024),
            answer: .json(
                .object([
                    .required("path", .text()), .required("url", .nullable(.text()), "Null: no public URL is configured."),
                    .required("expires_at", SubjectShapes.time),
                ]), status: 201), problems: [.notFound]
        ) { call in
            let found = try await record(call, desk)
            let made = try await answering { () async throws(ControlFailure) in
                try await desk.makeLink(
                    found.history.number, seconds: call.body["seconds"].integer ?? PersonLinks.secondsDefault,
                    by: SubjectActor(call.principal.id))
            }
            return .json(
                .object([
                    "path": .string(made.path), "url": .optional(made.url), "expires_at": .string(made.link.expiresAt.rfc3339),
                ]), status: 201)
        }
    }

    private static func revoke(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "revokePersonLinks", .delete, "/v1/subjects/{subject}/link", resource: resource, "End every link to the person's page.",
            permission: .changeSubjects, parameters: [SubjectShapes.subjectParameter],
            answer: .json(.object([.required("revoked", .integer(0...Int.max))])), problems: [.notFound]
        ) { call in
            let found = try await record(call, desk)
            let count = try await answering { () async throws(ControlFailure) in
                try await desk.revokeLinks(found.history.number, by: SubjectActor(call.principal.id))
            }
            return .json(.object(["revoked": .int(Int64(count))]))
        }
    }

    private static func requests(_ desk: SubjectDesk) -> APIOperation {
        let request = JSONShape.object([
            .required("request", .integer(1...Int.max)), .required("subject", .nullable(SubjectShapes.id)),
            .required("asked_at", SubjectShapes.time), .required("state", .oneOf(ErasureRequest.State.allCases.map(\.rawValue))),
            .required("decided_at", .nullable(SubjectShapes.time)), .required("by", .nullable(.text())),
        ])
        return APIOperation(
            "listErasureRequests", .get, "/v1/subjects/erasure-requests", resource: resource,
            "Who asked on their page to be erased, newest first. To grant one, erase the subject.", permission: .readSubjects,
            answer: .json(.object([.required("requests", .list(of: request, count: 0...1_000))]))
        ) { _ in
            let all = try await answering { () async throws(ControlFailure) in try desk.erasureRequests(nil, limit: 1_000) }
            return .json(
                .object([
                    "requests": .array(
                        all.map { request in
                            .object([
                                "request": .int(request.id),
                                "subject": request.number == 0 ? .null : .string(desk.parts.ids.subject(request.number)),
                                "asked_at": .string(request.askedAt.rfc3339), "state": .string(request.state.rawValue),
                                "decided_at": .optional(request.decidedAt?.rfc3339), "by": .optional(request.by),
                            ])
                        })
                ]))
        }
    }

    private static func refuse(_ desk: SubjectDesk) -> APIOperation {
        APIOperation(
            "refuseErasure", .post, "/v1/subjects/erasure-requests/{request}/refuse", resource: resource,
            "Refuse a request to be erased; tell the person why outside.", permission: .eraseSubjects,
            parameters: [.path("request", .integer(1...Int.max), "Its number.")], answer: .nothing, problems: [.notFound]
        ) { call in
            let id = Int64(call.values["request"] ?? "") ?? 0
            try await answering { () async throws(ControlFailure) in try await desk.refuseErasure(id, by: SubjectActor(call.principal.id)) }
            return .nothing
        }
    }

    // MARK: Plumbing

    private static func record(_ call: APICall, _ desk: SubjectDesk) async throws(APIProblem) -> KnownSubject {
        try await answering { () async throws(ControlFailure) in try await desk.record(id: call.values["subject"] ?? "") }
    }

    private static func act(_ act: SubjectAct, _ call: APICall, _ desk: SubjectDesk) async throws -> APIAnswer {
        let found = try await record(call, desk)
        let outcome = try await answering { () async throws(ControlFailure) in
            try await desk.act(act, on: found.history.number, by: SubjectActor(call.principal.id))
        }
        switch outcome {
        case .done(let record): return .json(desk.view(record))
        case .confirm(let token, let until):
            return .json(.object(["confirm": .string(token), "until": .string(until.rfc3339)]), status: 202)
        }
    }
}
