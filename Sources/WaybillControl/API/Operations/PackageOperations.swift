import WaybillCore

/// `/v1/packages`: evidence packages, made beside the gate.
package enum PackageOperations {
    private static let resource = "packages"

    package static func all(_ desk: PackageDesk) -> [APIOperation] {
        [
            APIOperation(
                "listPackages", .get, "/v1/packages", resource: resource, "Evidence packages there are, and those being made.",
                permission: .readLog, parameters: APIParameter.paging, answer: .page(of: package)
            ) { call in page(desk.all(seenBy: call.principal), call.page) },
            APIOperation(
                "requestPackage", .post, "/v1/packages", resource: resource,
                "Have an evidence package made: of a vendor and period, of an engagement, or of one person (needs subjects.read too).",
                permission: .readLog, body: .json(request, bytesMax: 4_096), answer: .json(package, status: 202), takesIdempotencyKey: true,
                problems: [.conflict, .unprocessable]
            ) { call in
                let job = try await desk.request(try wanted(call.body), by: call.principal)
                return .json(json(job), status: 202, location: "/v1/packages/\(job.id)")
            },
            APIOperation(
                "getPackage", .get, "/v1/packages/{package}", resource: resource, "One package: how far it is, and what it is when done.",
                permission: .readLog, parameters: [id], answer: .json(package), problems: [.notFound]
            ) { call in .json(json(try desk.one(call.values["package"] ?? "", seenBy: call.principal))) },
            APIOperation(
                "downloadPackage", .get, "/v1/packages/{package}/content", resource: resource,
                "The package as one zip. Each download is an entry of the log.", permission: .readLog, parameters: [id],
                answer: .bytes(mediaTypes: [PackageDesk.mediaType]), problems: [.notFound, .conflict]
            ) { call in
                let content = try await desk.content(call.values["package"] ?? "", for: call.principal)
                return .download(
                    name: content.name, mediaType: PackageDesk.mediaType, bytes: content.outcome.bytes, next: content.next)
            },
            APIOperation(
                "deletePackage", .delete, "/v1/packages/{package}", resource: resource,
                "Cancel a package that is not done, or remove one that is.", permission: .readLog, parameters: [id], answer: .nothing,
                problems: [.notFound]
            ) { call in
                try await desk.remove(call.values["package"] ?? "", by: call.principal)
                return .nothing
            },
        ]
    }

    private static let idShape = JSONShape.text(
        bytes: 32...32,
        pattern: JSONShape.Pattern("^[0-9a-f]{32}$") { text in
            text.utf8.count == 32 && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        })
    private static let id = APIParameter.path("package", idShape, "The package's id.")

    private static let request = JSONShape.named(
        "PackageRequest",
        .object([
            .required("kind", .oneOf(PackageOrder.Kind.allCases.map(\.rawValue))), .optional("vendor", .id, "Of kind `vendor`."),
            .optional("engagement", .text(bytes: 1...32, pattern: EngagementShapes.idPattern), "Of kind `engagement`."),
            .optional("subject", SubjectShapes.id, "Of kind `subject`: the id that a look-up answers."),
            .optional("from", .time, "Entries from this time on; default: the log's beginning. Not of an engagement, which has its own."),
            .optional("until", .time, "And before this one; default: now."),
        ]))

    private static let package = JSONShape.named(
        "Package",
        .object([
            .required("id", idShape), .required("kind", .oneOf(PackageOrder.Kind.allCases.map(\.rawValue))),
            .required("vendor", .nullable(.text())), .required("engagement", .nullable(.text())),
            .required("from", .nullable(.time)), .required("until", .nullable(.time)),
            .required("state", .oneOf(PackageJob.State.allCases.map(\.rawValue))), .required("requested_by", .text()),
            .required("requested_at", .time), .required("ended_at", .nullable(.time)),
            .required("stage", .text(), "What is being done."), .required("done", .count),
            .required("total", .count, "0: not known."),
            .required("failure", .nullable(.text()), "Why there is none, in a sentence."),
            .required("bytes", .nullable(.count)), .required("sha256", .nullable(.sha256), "Of the zip."),
            .required("manifest_sha256", .nullable(.sha256), "Of MANIFEST.note in it."), .required("entries", .nullable(.count)),
            .required("transfers", .nullable(.count)), .required("denied", .nullable(.count)),
            .required("complete", .nullable(.boolean), "Entries show that nothing is missing at both ends; null: not of a vendor."),
            .required("timestamp", .nullable(.boolean), "A time-stamping authority has stamped it."),
            .required("agreements_missing", .list(of: .text()), "Versions that are not kept any more."),
        ]))

    private static func wanted(_ body: JSONValue) throws(APIProblem) -> PackageDesk.Wanted {
        guard let kind = body["kind"].text.flatMap(PackageOrder.Kind.init(rawValue:)) else {
            throw APIProblem(.bodyMalformed, "kind is vendor, engagement or subject", pointer: "/kind")
        }
        for (member, only) in [("vendor", PackageOrder.Kind.vendor), ("engagement", .engagement), ("subject", .subject)] {
            guard body[member].isNull == (kind != only) else {
                let what = kind == only ? "name it, for this kind" : "leave it out, for this kind"
                throw APIProblem(.unprocessable, what, pointer: "/\(member)")
            }
        }
        for member in ["from", "until"] where kind == .engagement && !body[member].isNull {
            throw APIProblem(.unprocessable, "an engagement has its own period; leave it out", pointer: "/\(member)")
        }
        var wanted = PackageDesk.Wanted(kind)
        (wanted.vendor, wanted.engagement, wanted.subject) = (body["vendor"].text, body["engagement"].text, body["subject"].text)
        wanted.from = body["from"].text.flatMap { Timestamp(rfc3339: $0) }
        wanted.until = body["until"].text.flatMap { Timestamp(rfc3339: $0) }
        return wanted
    }

    /// The cursor is the last one's time and id, so that a package removed meanwhile loses nobody's place.
    private static func page(_ all: [PackageJob], _ page: APIPage) -> APIAnswer {
        let rest = all.sorted { key($0) > key($1) }.drop { job in page.cursor.map { key(job) >= $0 } ?? false }
        let items = rest.prefix(page.limit)
        return .page(items: items.map(json), next: items.count < rest.count ? items.last.map(key) : nil)
    }
    private static func key(_ job: PackageJob) -> String {
        let digits = String(job.madeAt.milliseconds)
        return String(repeating: "0", count: max(0, 16 - digits.count)) + digits + job.id
    }

    private static func json(_ job: PackageJob) -> JSONValue {
        let (order, made) = (job.order, job.outcome)
        func number(_ number: Int?) -> JSONValue { number.map { .int(Int64($0)) } ?? .null }
        func flag(_ flag: Bool?) -> JSONValue { flag.map { .bool($0) } ?? .null }
        return .object([
            "id": .string(job.id), "kind": .string(order.kind.rawValue), "vendor": .optional(order.vendor),
            "engagement": .optional(order.engagement), "from": .optional(order.from?.rfc3339), "until": .optional(order.until?.rfc3339),
            "state": .string(job.state.rawValue), "requested_by": .string(job.by), "requested_at": .string(job.madeAt.rfc3339),
            "ended_at": .optional(job.endedAt?.rfc3339), "stage": .string(job.stage), "done": .int(Int64(clamping: job.doneCount)),
            "total": .int(Int64(clamping: job.totalCount)), "failure": .optional(job.failure), "bytes": number(made?.bytes),
            "sha256": .optional(made?.sha256), "manifest_sha256": .optional(made?.manifestSHA256),
            "entries": number(made.map { Int(clamping: $0.entries) }), "transfers": number(made?.transfers), "denied": number(made?.denied),
            "complete": flag(made?.isComplete), "timestamp": flag(made?.isStamped),
            "agreements_missing": .strings(made?.agreementsMissing ?? []),
        ])
    }
}
