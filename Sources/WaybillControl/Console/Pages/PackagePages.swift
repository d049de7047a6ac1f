package import WaybillCore
import WaybillLedger

/// Evidence packages: the list, asking for one, how far it is, and its download.
package enum PackagePages {
    static let path = "/console/packages"
    private static let followSeconds = 2

    package static func all(_ desk: PackageDesk, policies: @escaping @Sendable () -> PolicySet) -> [ConsolePage] {
        [
            ConsolePage(.get, path, permission: .readLog) { call in list(desk, policies(), call) },
            ConsolePage(.post, path, permission: .readLog) { call in
                let job = try await desk.request(try wanted(call), by: try who(call))
                return .redirect(own(job), notice: "The package is being made. It runs beside the gate; the page may be left.")
            },
            ConsolePage(.get, "\(path)/{package}", permission: .readLog) { call in
                show(try desk.one(call.values["package"] ?? "", seenBy: try who(call)), call)
            },
            ConsolePage(.get, "\(path)/{package}/content", permission: .readLog) { call in
                let content = try await desk.content(call.values["package"] ?? "", for: try who(call))
                return .file(name: content.name, mediaType: PackageDesk.mediaType, next: content.next)
            },
            ConsolePage(.post, "\(path)/{package}/delete", permission: .readLog, form: "\(path)/{package}") { call in
                try await desk.remove(call.values["package"] ?? "", by: try who(call))
                return .redirect(path, notice: "The package is removed.")
            },
        ]
    }

    private static func own(_ job: PackageJob) -> String { "\(path)/\(job.id)" }

    private static func who(_ call: ConsoleCall) throws(APIProblem) -> Principal {
        guard let principal = call.principal else { throw APIProblem(.credentialMissing, "Sign in first.") }
        return principal
    }

    // MARK: Asking

    /// Of the page that lists them, and of the log's.
    static func vendorForm(_ policies: PolicySet, _ call: ConsoleCall) -> ConsoleForm? {
        guard call.principal?.engagement == nil else { return nil }
        var form = ConsoleForm(
            call, action: path, heading: "Of a vendor and a period",
            lead: "What the vendor got, with proofs that anybody can check without Waybill. Nobody is named in it.", prefix: "vendor",
            isSent: call.field("kind") == nil || call.field("kind") == PackageOrder.Kind.vendor.rawValue)
        form.hide("kind", PackageOrder.Kind.vendor.rawValue)
        let vendors = call.principal?.vendor.map { [$0] } ?? policies.vendors.map(\.id).sorted()
        form.add("vendor", "Vendor", .select(vendors.map { .init($0) }))
        form.add("from", "From (UTC)", .date, hint: "Empty: the log's beginning.", isOptional: true)
        form.add("until", "Before (UTC)", .date, hint: "Empty: now.", isOptional: true)
        form.button("Make the package", tone: "primary")
        return form
    }

    /// `engagement`: its id.
    static func form(engagement: String, _ call: ConsoleCall) -> ConsoleForm {
        var form = ConsoleForm(
            call, action: path, heading: "Evidence package",
            lead: "What the vendor got in the engagement's period, with proofs that anybody can check without Waybill.", prefix: "package",
            isSent: false)
        form.hide("kind", PackageOrder.Kind.engagement.rawValue)
        form.hide("engagement", engagement)
        form.button("Make the package")
        return form
    }

    /// `subject`: the person's id.
    static func form(subject: String, _ call: ConsoleCall) -> ConsoleForm {
        var form = ConsoleForm(
            call, action: path, heading: "Evidence package",
            lead: "What was sent about this person, with proofs. It names them by every identifier that is known: keep it private.",
            prefix: "package", isSent: false)
        form.hide("kind", PackageOrder.Kind.subject.rawValue)
        form.hide("subject", subject)
        form.button("Make the package")
        return form
    }

    private static func wanted(_ call: ConsoleCall) throws -> PackageDesk.Wanted {
        guard let kind = call.field("kind").flatMap(PackageOrder.Kind.init(rawValue:)) else {
            throw FormProblem("Choose what the package is about.")
        }
        var wanted = PackageDesk.Wanted(kind)
        wanted.vendor = kind == .vendor ? call.field("vendor") : nil
        wanted.engagement = kind == .engagement ? call.field("engagement") : nil
        wanted.subject = kind == .subject ? call.field("subject") : nil
        if kind == .vendor { (wanted.from, wanted.until) = (try day(call, "from"), try day(call, "until")) }
        return wanted
    }

    private static func day(_ call: ConsoleCall, _ name: String) throws(FormProblem) -> Timestamp? {
        guard let text = call.field(name) else { return nil }
        guard let day = Day(iso8601: text) else { throw FormProblem("A day looks like 2026-12-31.", field: name) }
        return day.start
    }

    // MARK: Showing

    private static func list(_ desk: PackageDesk, _ policies: PolicySet, _ call: ConsoleCall) -> ConsoleAnswer {
        let jobs = call.principal.map { desk.all(seenBy: $0) } ?? []
        let rows = jobs.map { job in
            [
                ConsolePart.time(job.madeAt), ConsolePart.cell(about(job.order), path: own(job)), ConsolePart.cell(job.by),
                ConsolePart.badgesCell([badge(job)]), ConsolePart.cell(job.outcome.map { size($0.bytes) }),
                ConsolePart.number(job.outcome?.transfers ?? 0),
            ]
        }
        let table = ConsolePart.table(
            "Packages, newest first; each is removed a day after it was made", id: "packages",
            ["Asked for", "About", "By", "State", "Size", .number("Transfers")], rows, empty: "There is no package now.")
        return ConsolePart.page(
            "Evidence packages", lead: "Made beside the gate, one at a time. Every request and every download is an entry of the log.",
            [ConsolePart.part("table", table)]
                + [
                    vendorForm(policies, call), call.principal?.engagement.map { form(engagement: $0, call) },
                ].compactMap { $0.map { ConsolePart.part("form", $0.json) } })
    }

    private static func show(_ job: PackageJob, _ call: ConsoleCall) -> ConsoleAnswer {
        var parts: [JSONValue] = []
        switch job.state {
        case .waiting, .running: parts.append(progress(job))
        case .done: break
        case .failed, .ended:
            parts.append(
                ConsolePart.part("notice", ConsolePart.notice(.bad, heading: "There is no package", job.failure ?? "Ask for it again.")))
        }
        parts.append(ConsolePart.part("facts", facts(job)))
        if job.outcome != nil {
            parts.append(
                ConsolePart.part(
                    "code", ConsolePart.code("How to check it", "unzip PACKAGE.zip && python3 PACKAGE/verify.py --key 'KEY OF THE LOG'")))
        }
        var form = ConsoleForm(
            call, action: "\(own(job))/delete",
            lead: job.state.isFinished ? nil : "Nothing of it is kept.", prefix: "delete", isSent: false)
        form.button(job.state.isFinished ? "Remove it now" : "Cancel", tone: "danger")
        parts.append(ConsolePart.part("form", form.json))
        return ConsolePart.page(
            "Evidence package", lead: about(job.order), badges: [badge(job)],
            actions: job.outcome == nil ? [] : [ConsolePart.action("Download", "\(own(job))/content", isPrimary: true)],
            crumbs: [("Evidence packages", path)], parts)
    }

    private static func progress(_ job: PackageJob) -> JSONValue {
        let text =
            job.state == .waiting
            ? "It waits for others to be done."
            : job.totalCount == 0
                ? "It has begun."
                : "\(job.stage.prefix(1).uppercased())\(job.stage.dropFirst()): \(ConsolePart.grouped(Int(clamping: job.doneCount))) of "
                    + "\(ConsolePart.grouped(Int(clamping: job.totalCount)))."
        return ConsolePart.progress(text, path: own(job), percent: job.percent, seconds: followSeconds)
    }

    private static func facts(_ job: PackageJob) -> JSONValue {
        var items: [(term: String, cell: JSONValue)] = [
            ("Asked for", ConsolePart.time(job.madeAt)), ("By", ConsolePart.cell(job.by)),
            ("From", job.order.from.map { ConsolePart.time($0) } ?? ConsolePart.cell("the log's beginning")),
            ("Before", job.order.until.map { ConsolePart.time($0) } ?? ConsolePart.cell("when it was made")),
        ]
        guard let made = job.outcome else { return ConsolePart.facts(items) }
        items += [
            ("Made", ConsolePart.time(job.endedAt)), ("Size", ConsolePart.cell(size(made.bytes))),
            ("Transfers", ConsolePart.number(made.transfers)), ("Denials", ConsolePart.number(made.denied)),
            ("Entries", ConsolePart.number(Int(clamping: made.entries))),
        ]
        if let isComplete = made.isComplete {
            let words = isComplete ? "yes: no gap, and both ends are shown" : "an end of the period is not shown by an entry (gaps.json)"
            items.append(("Complete", ConsolePart.cell(words)))
        }
        items.append(("Time-stamp", ConsolePart.cell(made.isStamped ? "by the configured authority" : "none")))
        if !made.agreementsMissing.isEmpty {
            items.append(("Agreements not kept any more", ConsolePart.lines(made.agreementsMissing)))
        }
        items += [
            ("SHA-256 of the zip", ConsolePart.codeCell(made.sha256)),
            ("SHA-256 of its manifest", ConsolePart.codeCell(made.manifestSHA256)),
        ]
        return ConsolePart.facts(items)
    }

    private static func about(_ order: PackageOrder) -> String {
        switch order.kind {
        case .vendor: "vendor \(order.vendor ?? "")"
        case .engagement: "engagement \(order.engagement ?? "") with \(order.vendor ?? "")"
        case .subject: "a person"
        }
    }

    private static func badge(_ job: PackageJob) -> JSONValue {
        switch job.state {
        case .waiting: ConsolePart.badge("waiting")
        case .running: ConsolePart.badge("being made", .info)
        case .done: ConsolePart.badge("ready", .ok)
        case .failed: ConsolePart.badge("failed", .bad)
        case .ended: ConsolePart.badge("ended", .warn)
        }
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 1 << 20 ? "\(max(1, bytes >> 10)) KiB" : "\(bytes >> 20) MiB"
    }
}
