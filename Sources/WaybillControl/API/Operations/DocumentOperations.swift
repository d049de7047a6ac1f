import WaybillCore
import WaybillLedger

/// `/v1/vendors`, `/v1/agreements`, and drafts of callers: one set of operations for each kind.
package struct DocumentOperations: Sendable {
    package static func all(_ desk: AgreementDesk) -> [APIOperation] {
        PolicyDocumentName.Kind.allCases.flatMap { DocumentOperations(kind: $0, desk: desk).operations } + StopOperations.all(desk)
    }

    let kind: PolicyDocumentName.Kind
    let desk: AgreementDesk
    private var plural: String { kind.folder }
    private var root: String { "/v1/\(plural)" }
    private var one: String { "\(root)/{\(kind.rawValue)}" }
    private var word: String { kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst() }
    private var id: APIParameter { .path(kind.rawValue, .id, "The \(kind.rawValue)'s id.") }

    private var operations: [APIOperation] {
        // Callers in force are a resource of their own.
        (kind == .caller ? [] : reading) + drafting + approving + (kind == .caller ? [] : stopping) + [terminate]
    }

    private var reading: [APIOperation] {
        [
            APIOperation(
                "list\(word)s", .get, root, resource: plural, "Every \(kind.rawValue) with its versions, by id; `limit` counts documents.",
                permission: .readPolicies,
                parameters: APIParameter.paging + [.query("state", DocumentShapes.state, "Only versions in this state.")],
                answer: .page(of: DocumentShapes.version)
            ) { [self] call in
                try await refusing {
                    let page = try await desk.page(
                        kind, from: call.page.cursor, limit: call.page.limit, where: desk.isSeen(kind, by: call.principal))
                    let wanted = page.versions.filter { sees(call.principal, $0) }
                        .filter { call.values["state"] == nil || $0.state.rawValue == call.values["state"] }
                    return .page(items: wanted.map { DocumentShapes.json($0) }, next: page.next)
                }
            },
            APIOperation(
                "get\(word)", .get, one, resource: plural, "Everything about one \(kind.rawValue): versions, text, problems, history.",
                permission: .readPolicies, parameters: [id], answer: .json(DocumentShapes.document), problems: [.notFound]
            ) { [self] call in
                try await refusing {
                    let name = name(call)
                    try await seen(name, by: call.principal)
                    var report = try await desk.show(name)
                    if let vendor = call.principal.vendor { report = try await shown(report, to: vendor) }
                    return .json(DocumentShapes.json(report), etag: report.versions.first.map { $0.tag ?? "v-\($0.digest)" })
                }
            },
            APIOperation(
                "list\(word)Versions", .get, "\(one)/versions", resource: plural, "The versions of one \(kind.rawValue), a draft first.",
                permission: .readPolicies, parameters: [id] + APIParameter.paging, answer: .page(of: DocumentShapes.version),
                problems: [.notFound]
            ) { [self] call in
                try await refusing {
                    let versions = try await seen(name(call), by: call.principal)
                    let from = call.page.cursor.flatMap { Int($0) } ?? 0
                    let end = min(versions.count, from + call.page.limit)
                    guard from <= end else { return .page(items: [], next: nil) }
                    return .page(
                        items: versions[from..<end].map { DocumentShapes.json($0) }, next: end < versions.count ? String(end) : nil)
                }
            },
            APIOperation(
                "get\(word)Difference", .get, "\(one)/diff", resource: plural,
                "What the draft changes, in sentences; without a draft, what the newest version changed.", permission: .readPolicies,
                parameters: [id], answer: .json(.object([.required("changes", .list(of: DocumentShapes.change, count: 0...1_000_000))])),
                problems: [.notFound]
            ) { [self] call in
                try await refusing {
                    try await seen(name(call), by: call.principal)
                    // A vendor's auditor sees versions, not drafts.
                    guard call.principal.vendor == nil else { throw AgreementDesk.unknown(name(call)) }
                    return .json(.object(["changes": .array(try await desk.difference(name(call)).map { DocumentShapes.json($0) })]))
                }
            },
        ]
    }

    private var drafting: [APIOperation] {
        [
            create("draft\(word)", root, [], "Make a draft: of a new \(kind.rawValue), or of the next version of one there is."),
            create("draft\(word)Version", "\(one)/versions", [id], "Make a draft of the next version."),
            APIOperation(
                "get\(word)Draft", .get, "\(one)/draft", resource: plural, "The draft, with what lint says of the policies with it.",
                permission: .readPolicies, parameters: [id], answer: .json(DocumentShapes.document), problems: [.notFound]
            ) { [self] call in
                try await refusing {
                    // A vendor's auditor sees versions, not drafts.
                    guard call.principal.vendor == nil else { throw AgreementDesk.unknown(name(call)) }
                    let report = try await desk.show(name(call))
                    guard let tag = report.versions.first?.tag else { throw AgreementDesk.unknown(name(call)) }
                    return .json(DocumentShapes.json(report), etag: tag)
                }
            },
            APIOperation(
                "change\(word)Draft", .put, "\(one)/draft", resource: plural, "Change the draft; it leaves review.",
                permission: .draftPolicies, parameters: [id], body: body, answer: .json(DocumentShapes.version), needsMatch: true,
                problems: [.notFound, .conflict, .unprocessable]
            ) { [self] call in try await keep(call, name(call), tag: call.match, status: 200) },
            APIOperation(
                "discard\(word)Draft", .delete, "\(one)/draft", resource: plural, "Throw the draft away; what is approved stays.",
                permission: .draftPolicies, parameters: [id], answer: .nothing, needsMatch: true, problems: [.notFound, .conflict]
            ) { [self] call in
                try await refusing {
                    try await desk.discard(name(call), tag: call.match ?? "", by: call.principal.id)
                    return .nothing
                }
            },
            APIOperation(
                "submit\(word)", .post, "\(one)/submit", resource: plural,
                "Put the draft before approvers; refused in lint's words if the policies were broken with it.",
                permission: .draftPolicies, parameters: [id], answer: .json(DocumentShapes.version), takesIdempotencyKey: true,
                problems: [.notFound, .conflict, .unprocessable]
            ) { [self] call in
                try await refusing { answer(try await desk.submit(name(call), by: call.principal.id)) }
            },
        ]
    }

    private var approving: [APIOperation] {
        [
            APIOperation(
                "get\(word)Impact", .get, "\(one)/impact", resource: plural,
                "The impact of the draft on the last 30 days of transfers; worked out if it was not for this text. "
                    + "202 while that takes longer than 2 seconds: ask again.",
                permission: .readPolicies, parameters: [id], answer: .json(ImpactShapes.impact), accepted: ImpactShapes.underWay,
                problems: [.notFound, .conflict, .unprocessable]
            ) { [self] call in
                try await refusing {
                    guard call.principal.vendor == nil else { throw AgreementDesk.unknown(name(call)) }
                    switch try await desk.impactStanding(of: name(call), by: call.principal.id) {
                    case .known(let impact): return .json(ImpactShapes.json(impact))
                    case .working(let job):
                        let id = ConsoleAddress.part(call.values[kind.rawValue] ?? "")
                        return .json(ImpactShapes.json(job), status: 202, location: "/v1/\(plural)/\(id)/impact")
                    }
                }
            },
            APIOperation(
                "approve\(word)", .post, "\(one)/approve", resource: plural,
                "Approve what was submitted, by its digest; never what one drafted or changed oneself. In force within a second.",
                permission: .approveAgreements, parameters: [id], body: .json(DocumentShapes.digest), answer: .json(DocumentShapes.version),
                takesIdempotencyKey: true, problems: [.notFound, .conflict, .unprocessable]
            ) { [self] call in
                try await refusing {
                    answer(try await desk.approve(name(call), digest: call.body["digest"].text ?? "", by: call.principal.id))
                }
            },
            APIOperation(
                "reject\(word)", .post, "\(one)/reject", resource: plural, "Send what was submitted back to its authors, with words.",
                permission: .approveAgreements, parameters: [id], body: .json(DocumentShapes.rejection),
                answer: .json(DocumentShapes.version), takesIdempotencyKey: true, problems: [.notFound, .conflict, .unprocessable]
            ) { [self] call in
                try await refusing {
                    let (digest, why) = (call.body["digest"].text ?? "", call.body["why"].text ?? "")
                    return answer(try await desk.reject(name(call), digest: digest, why: why, by: call.principal.id))
                }
            },
        ]
    }

    private var stopping: [APIOperation] {
        [("suspend", true, Permission.stopTransfers), ("resume", false, .approveAgreements)].map { act, isStop, permission in
            APIOperation(
                "\(act)\(word)", .post, "\(one)/\(act)", resource: plural,
                isStop ? "Nothing goes there any more, from the next request on." : "Lift the stop.", permission: permission,
                parameters: [id], body: .json(DocumentShapes.reason), answer: .json(DocumentShapes.stop), takesIdempotencyKey: true,
                problems: [.notFound, .conflict, .unprocessable]
            ) { [self] call in
                try await refusing {
                    let id = name(call).id
                    let target: SuspensionEvent.Target = kind == .vendor ? .vendor(id) : .agreement(id)
                    let why = call.body["why"].text ?? ""
                    return .json(DocumentShapes.json(try await desk.set(target, isStop: isStop, why: why, by: call.principal.id)))
                }
            }
        }
    }

    private var terminate: APIOperation {
        APIOperation(
            "terminate\(word)", .post, "\(one)/terminate", resource: plural, "End it for good: every version, from the next request on.",
            permission: .approveAgreements, parameters: [id], body: .json(DocumentShapes.reason),
            answer: .json(.object([.required("versions", .list(of: DocumentShapes.version, count: 0...100_000))])),
            takesIdempotencyKey: true, problems: [.notFound, .conflict, .unprocessable]
        ) { [self] call in
            try await refusing {
                let versions = try await desk.terminate(name(call), why: call.body["why"].text ?? "", by: call.principal.id)
                return .json(.object(["versions": .array(versions.map { DocumentShapes.json($0) })]))
            }
        }
    }

    // MARK: Parts

    private var body: APIBody { .json(DocumentShapes.draft, bytesMax: 4 * AgreementDesk.documentBytesMax) }

    private func create(_ operation: String, _ path: String, _ parameters: [APIParameter], _ summary: String) -> APIOperation {
        APIOperation(
            operation, .post, path, resource: plural, summary, permission: .draftPolicies, parameters: parameters, body: body,
            answer: .json(DocumentShapes.version, status: 201), takesIdempotencyKey: true,
            problems: [.notFound, .conflict, .unprocessable]
        ) { [self] call in
            let bytes = Array((call.body["text"].text ?? "").utf8)
            var name = name(call)
            if name.id.isEmpty {
                do throws(PolicyProblem) {
                    name = PolicyDocumentName(kind, try PolicyLoader.head(path: name.path(version: 0), bytes: bytes).id)
                } catch {
                    throw APIProblem(.unprocessable, "\(DeskProblem(error).sentence).", pointer: "/text")
                }
            }
            return try await keep(call, name, tag: nil, status: 201)
        }
    }

    private func keep(_ call: APICall, _ name: PolicyDocumentName, tag: String?, status: Int) async throws -> APIAnswer {
        try await refusing(pointer: "/text") {
            let text = Array((call.body["text"].text ?? "").utf8)
            let report = try await desk.draft(name, text: text, tag: tag, by: call.principal.id)
            return .json(
                DocumentShapes.json(report), status: status, etag: report.tag,
                location: status == 201 ? "/v1/\(name.kind.folder)/\(name.id)/draft" : nil)
        }
    }

    private func answer(_ report: VersionReport) -> APIAnswer {
        .json(DocumentShapes.json(report), etag: report.tag ?? "v-\(report.digest)")
    }

    private func name(_ call: APICall) -> PolicyDocumentName { PolicyDocumentName(kind, call.values[kind.rawValue] ?? "") }

    private func sees(_ principal: Principal, _ report: VersionReport) -> Bool {
        guard let vendor = principal.vendor else { return true }
        return report.tag == nil && (kind == .vendor ? report.id : report.vendor) == vendor
    }

    /// The versions there are for whoever asks; none: it does not exist.
    @discardableResult
    private func seen(_ name: PolicyDocumentName, by principal: Principal) async throws(DeskRefusal) -> [VersionReport] {
        let versions = try await desk.versions(of: name).filter { sees(principal, $0) }
        guard !versions.isEmpty else { throw AgreementDesk.unknown(name) }
        return versions
    }

    /// Without drafts, and without who did what in the house.
    private func shown(_ report: DocumentReport, to vendor: String) async throws(DeskRefusal) -> DocumentReport {
        var shown = report
        shown.versions = report.versions.filter { $0.tag == nil }
        shown.text = ""
        if let version = shown.versions.first { shown.text = String(decoding: try await desk.text(of: version), as: UTF8.self) }
        (shown.problems, shown.history) = ([], [])
        return shown
    }
}

extension AgreementDesk {
    /// The ids that a page is made of: where a page ends must not name another's document either.
    nonisolated func isSeen(_ kind: PolicyDocumentName.Kind, by principal: Principal?) -> @Sendable (String) -> Bool {
        guard let vendor = principal?.vendor else { return { _ in true } }
        guard kind == .agreement else { return { $0 == vendor } }
        let set = parts.set()
        let mine = Set(set.agreements.filter { set[$0.vendor].id == vendor }.map(\.id))
        return { mine.contains($0) }
    }
}

/// What a desk refuses, as a problem.
func refusing<Value>(pointer: String? = nil, _ work: () async throws -> Value) async throws -> Value {
    do { return try await work() } catch let refusal as DeskRefusal { throw APIProblem(refusal, pointer: pointer) }
}

/// `/v1/stops`, the kill switch, and `/v1/due`.
enum StopOperations {
    static func all(_ desk: AgreementDesk) -> [APIOperation] {
        [
            APIOperation(
                "listStops", .get, "/v1/stops", resource: "stops", "What is stopped now, by whom, when and why.", permission: .readPolicies,
                parameters: APIParameter.paging, answer: .page(of: DocumentShapes.stopInForce)
            ) { call in
                try await refusing {
                    let stops = try await desk.stops().filter { sees(call.principal, $0.target) }
                    let from = call.page.cursor.flatMap { Int($0) } ?? 0
                    let end = min(stops.count, from + call.page.limit)
                    guard from <= end else { return .page(items: [], next: nil) }
                    return .page(items: stops[from..<end].map { DocumentShapes.json($0) }, next: end < stops.count ? String(end) : nil)
                }
            },
            act("stop", "/v1/stops", "Stop a vendor, an agreement or a field: in force with the next request.", .stopTransfers, true, desk),
            act("liftStop", "/v1/stops/lift", "Lift a stop.", .approveAgreements, false, desk),
            APIOperation(
                "listDue", .get, "/v1/due", resource: "due", "Reviews, ends, due diligence and certifications, the next first.",
                permission: .readPolicies,
                parameters: APIParameter.paging + [.query("within_days", .integer(0...3_650), "Only what is due within so many days.")],
                answer: .page(of: DocumentShapes.due)
            ) { call in
                try await refusing {
                    let dates = try await desk.due(within: call.values["within_days"].flatMap { Int($0) })
                        .filter { date in call.principal.vendor.map { date.kind == .vendor && date.id == $0 } ?? true }
                    let from = call.page.cursor.flatMap { Int($0) } ?? 0
                    let end = min(dates.count, from + call.page.limit)
                    guard from <= end else { return .page(items: [], next: nil) }
                    return .page(items: dates[from..<end].map { DocumentShapes.json($0) }, next: end < dates.count ? String(end) : nil)
                }
            },
        ]
    }

    private static func act(
        _ id: String, _ path: String, _ summary: String, _ permission: Permission, _ isStop: Bool, _ desk: AgreementDesk
    ) -> APIOperation {
        APIOperation(
            id, .post, path, resource: "stops", summary, permission: permission, body: .json(DocumentShapes.stopRequest),
            answer: .json(DocumentShapes.stop), takesIdempotencyKey: true, problems: [.notFound, .conflict, .unprocessable]
        ) { call in
            let (name, vendor) = (call.body["id"].text ?? "", call.body["vendor"].text)
            let target: SuspensionEvent.Target
            switch call.body["kind"].text {
            case "vendor": target = .vendor(name)
            case "agreement": target = .agreement(name)
            default: target = .field(name, vendor: vendor)
            }
            guard vendor == nil || call.body["kind"].text == "field" else {
                throw APIProblem(.unprocessable, "Only a field is stopped for one vendor; leave `vendor` out.", pointer: "/vendor")
            }
            return try await refusing {
                let why = call.body["why"].text ?? ""
                return .json(DocumentShapes.json(try await desk.set(target, isStop: isStop, why: why, by: call.principal.id)))
            }
        }
    }

    private static func sees(_ principal: Principal, _ target: SuspensionEvent.Target) -> Bool {
        guard let vendor = principal.vendor else { return true }
        return switch target {
        case .vendor(let id): id == vendor
        case .field(_, let of): of == vendor
        case .agreement: false
        }
    }
}
