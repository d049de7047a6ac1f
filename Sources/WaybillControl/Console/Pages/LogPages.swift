import WaybillCore
import WaybillLedger

/// The transfer log: its state, verifying it, taking it out.
package enum LogPages {
    static let path = "/console/log"
    /// Entries read at once for a download.
    private static let entriesAtOnce = 2_000

    package static func all(_ desk: ConsoleDesk) -> [ConsolePage] {
        [
            ConsolePage(.get, path, permission: .readLog) { call in try await show(desk, call) },
            ConsolePage(.post, "\(path)/verify", permission: .readLog, form: path) { call in
                let began = await desk.beginVerification(by: call.principal?.id ?? "")
                return .redirect(
                    path + "#verify", notice: began ? "Verification has begun." : "A verification is under way already; this is it.")
            },
            ConsolePage(.get, "\(path)/export", permission: .readLog) { call in try export(desk, call) },
            ConsolePage(.get, "/console/sinks", permission: .readOperations) { call in await sinks(desk, call) },
        ]
    }

    private static func show(_ desk: ConsoleDesk, _ call: ConsoleCall) async throws -> ConsoleAnswer {
        let state = await desk.sources.state()
        let checkpoint = try await desk.sources.checkpoint()
        let keys = try await desk.sources.keys()
        var values: [String: JSONValue] = [
            "header": ConsolePart.header(
                "Log", lead: "Every transfer, denial and administrative act, in an order that cannot be changed unnoticed.",
                badges: [state.logFailure == nil ? ConsolePart.badge("takes entries", .ok) : ConsolePart.badge("takes no entries", .bad)]),
            "facts": facts(state), "witnesses": witnesses(state.witnesses),
            "checkpoint": checkpoint.map { ConsolePart.code("Checkpoint", $0) } ?? .null,
            "no_checkpoint": checkpoint == nil ? ConsolePart.empty("No checkpoint may be shown yet; look again in a second.") : .null,
            "keys": ConsolePart.code("Keys that verify the log", keys.joined(separator: "\n")),
            "verification": verification(await desk.verification.standing), "export": exportForm(desk, call),
        ]
        let running = await desk.verification.standing.map { $0.endedAt == nil } ?? false
        if !running {
            var form = ConsoleForm(
                call, action: "\(path)/verify", lead: "Reads every entry again, beside the gate. One at a time; the page may be left.")
            form.button("Verify the log now", tone: "primary")
            values["verify"] = form.json
        }
        values["package"] = PackagePages.vendorForm(desk.sources.policies, call)?.json ?? .null
        return .page("log", title: "Log", .object(values))
    }

    private static func facts(_ state: ConsoleGateState) -> JSONValue {
        let age = state.log.checkpointAgeMilliseconds().map { "\($0 / 1_000) s ago" } ?? "not by this process yet"
        return ConsolePart.facts([
            ("Name", ConsolePart.codeCell(state.origin)),
            ("State", ConsolePart.cell(state.logFailure ?? "open: it takes entries")),
            ("Entries", ConsolePart.number(Int(clamping: state.log.size))),
            ("Under the last checkpoint", ConsolePart.number(Int(clamping: state.log.signedSize))), ("Last signed", ConsolePart.cell(age)),
        ])
    }

    private static func witnesses(_ standings: [WitnessFollower.Standing]) -> JSONValue {
        ConsolePart.table(
            "Witnesses, who keep this log from showing two histories", id: "witnesses",
            ["Witness", "State", .number("Entries cosigned"), "Last cosigned", "Why not"],
            standings.map { witness in
                let badge =
                    witness.fault?.isEvidence == true
                    ? ConsolePart.badgeCell("contradicts this log", .bad)
                    : witness.isStale ? ConsolePart.badgeCell("stale", .bad) : ConsolePart.badgeCell("cosigns", .ok)
                return [
                    ConsolePart.cell(witness.name), badge, ConsolePart.number(Int(clamping: witness.size)),
                    ConsolePart.cell("\(witness.ageMilliseconds / 1_000) s ago"), ConsolePart.cell(witness.fault?.message),
                ]
            }, empty: "No witness is configured: a rolled-back log could only be told from checkpoints that others kept.")
    }

    private static func verification(_ standing: ConsoleJob<ConsoleVerification>.Standing?) -> JSONValue {
        var values: [String: JSONValue] = [
            "notice": .null, "facts": .null, "faults": .null, "is_running": .bool(false), "done": .null, "total": .null,
            "percent": .string("0"),
        ]
        guard let standing else { return .null }
        guard let ended = standing.endedAt else {
            values["is_running"] = .bool(true)
            values["done"] = .string(ConsolePart.grouped(Int(clamping: standing.done)))
            values["total"] = standing.total == 0 ? .null : .string(ConsolePart.grouped(Int(clamping: standing.total)))
            values["percent"] = .string(String(standing.total == 0 ? 0 : 100 * standing.done / standing.total))
            return .object(values)
        }
        guard let result = standing.result else {
            values["notice"] = ConsolePart.notice(.bad, standing.failure ?? "")
            return .object(values)
        }
        let entries = result.shards.reduce(0) { $0 + $1.entries }
        values["notice"] =
            result.faults.isEmpty
            ? ConsolePart.notice(.ok, heading: "The log is whole", "\(ConsolePart.grouped(Int(clamping: entries))) entries were verified.")
            : ConsolePart.notice(.bad, heading: "The log is not whole", "Keep a copy of everything before anything else is done.")
        values["facts"] = ConsolePart.facts(
            [
                ("Begun", ConsolePart.time(standing.begunAt)), ("Ended", ConsolePart.time(ended)),
                ("Begun by", ConsolePart.cell(standing.by)),
                (
                    "Checkpoint kept outside",
                    ConsolePart.cell(result.hasOutsideCheckpoint ? "compared" : "none, so a rolled-back store could not be told")
                ),
            ]
                + result.shards.map {
                    ("Root of \($0.name)", ConsolePart.cell($0.root, note: "\(ConsolePart.grouped(Int(clamping: $0.entries))) entries"))
                })
        if !result.faults.isEmpty {
            values["faults"] = ConsolePart.table(
                "Faults", id: "faults", ["Where", "What", "What follows"],
                result.faults.map { fault in
                    [
                        ConsolePart.cell("\(fault.shard)\(fault.index.map { ", entry \($0)" } ?? "")"), ConsolePart.cell(fault.what),
                        ConsolePart.cell(fault.kind.consequence),
                    ]
                }, empty: "")
        }
        return .object(values)
    }

    private static func exportForm(_ desk: ConsoleDesk, _ call: ConsoleCall) -> JSONValue {
        var form = ConsoleForm(call, action: "\(path)/export", method: .get)
        form.add("format", "Format", .select(ExportFormats.all.map { .init($0.name) }))
        if call.principal?.vendor == nil {
            form.add(
                "vendor", "Vendor", .select([.init("", "all")] + desk.sources.policies.vendors.map(\.id).sorted().map { .init($0) }))
        }
        form.add("since", "From (UTC)", .date, hint: "Entries of this day and later.")
        form.add("until", "Before (UTC)", .date, hint: "Entries before this day; without both, the whole log.")
        form.button("Download", tone: "primary")
        return form.json
    }

    /// The beginning of the day that a field names; nil: none is named.
    private static func day(_ name: String, _ call: ConsoleCall) throws(APIProblem) -> Timestamp? {
        guard let text = call.field(name) else { return nil }
        guard let day = Day(iso8601: text) else {
            throw APIProblem(.parameterMalformed, "That is no day; give it as 2026-12-31.", parameter: name)
        }
        return day.start
    }

    private static func export(_ desk: ConsoleDesk, _ call: ConsoleCall) throws -> ConsoleAnswer {
        guard let format = ExportFormats.named(call.field("format") ?? "ndjson") else {
            throw APIProblem(.parameterMalformed, "There is no such format; choose one of the list.", parameter: "format")
        }
        let vendor = call.principal?.vendor ?? call.field("vendor")
        var pull = ExportPull(format: format, vendor: vendor, entriesMax: entriesAtOnce)
        (pull.since, pull.until) = (try day("since", call), try day("until", call))
        if let since = pull.since, let until = pull.until, since >= until {
            throw APIProblem(.parameterMalformed, "The period ends before it begins; give a later end.", parameter: "until")
        }
        let download = ExportDownload(desk.sources, pull)
        return .file(
            name: "waybill-\(vendor.map { "\($0)-" } ?? "")\(call.now.day.iso8601).\(format.fileExtension)", mediaType: format.mediaType
        ) { try await download.next() }
    }

    private static func sinks(_ desk: ConsoleDesk, _ call: ConsoleCall) async -> ConsoleAnswer {
        let state = await desk.sources.state()
        let table = ConsolePart.table(
            "Sinks", id: "sinks",
            [
                "Sink", "State", .number("Entries behind"), .number("Delivered since start"), .number("Failures since start"),
                "Last success", "Why",
            ],
            state.sinks.map { sink in
                let badge =
                    sink.failure != nil
                    ? ConsolePart.badgeCell("fails", .bad)
                    : sink.behindEntries > Attention.sinkBehindEntriesMax
                        ? ConsolePart.badgeCell("behind", .warn) : ConsolePart.badgeCell("keeps up", .ok)
                return [
                    ConsolePart.cell(sink.name), badge, ConsolePart.number(Int(clamping: sink.behindEntries)),
                    ConsolePart.number(Int(clamping: sink.deliveredEntries)), ConsolePart.number(Int(clamping: sink.failures)),
                    ConsolePart.time(sink.lastSuccess), ConsolePart.cell(sink.failure),
                ]
            }, empty: "No sink is configured. The section sinks of the configuration file names where entries go.")
        return ConsolePart.page(
            "Sinks", lead: "Where entries of the log are sent on. A sink that is away holds up nothing; what it misses comes later.",
            [ConsolePart.part("table", table)])
    }
}

/// A whole export, page after page, as fast as the browser takes it.
actor ExportDownload {
    private let sources: any ConsoleSources
    private var pull: ExportPull
    private var isFirst = true
    private var isAtEnd = false

    init(_ sources: any ConsoleSources, _ pull: ExportPull) {
        self.sources = sources
        self.pull = pull
    }

    func next() async throws -> [UInt8]? {
        while !isAtEnd {
            let page = try await sources.export(pull)
            isAtEnd = page.isAtEnd || page.next == nil
            pull.cursor = page.next
            // Every page of a pull has the format's header; a file has one.
            let bytes = isFirst ? page.bytes : Array(page.bytes.dropFirst(pull.format.header.count))
            isFirst = false
            if !bytes.isEmpty { return bytes }
        }
        return nil
    }
}
