import WaybillControl
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillStorage

extension Wiring {
    /// The desk for vendors, agreements and callers. `putStanding`, `reload`: of a running gate; without one, its next start reads all.
    static func desk(
        _ settings: Settings, _ directory: PolicyDirectory, control: ControlDatabase, administration: Administration,
        set: @escaping @Sendable () -> PolicySet,
        check: @escaping @Sendable (PolicySet) throws -> Void,
        enter: @escaping @Sendable (LogNotice) async throws(RecordError) -> UInt64, putStanding: @escaping @Sendable () throws -> Void = {},
        reload: @escaping @Sendable () async -> String? = { nil }
    ) -> AgreementDesk {
        var parts = AgreementDesk.Parts(
            store: control, administration: administration, set: set, files: { try directory.readFiles() }, check: check,
            suspensions: { Suspensions(try control.suspensionEvents()) }, enter: enter, putStanding: putStanding, reload: reload,
            clock: { SystemWallClock().now() })
        parts.file = { try directory.readFile($0) }
        parts.transfers = { try Wiring.transfers(settings, $0, $1) }
        parts.impacts = ImpactQueue(limits: ImpactJob.limits, runner: { YieldingThread.run($0) })
        return AgreementDesk(parts)
    }

    /// As far as the index is, then from the log itself. Pages of a fixed size, so that memory is bounded.
    static func transfers(_ settings: Settings, _ filter: TransferFilter, _ visit: (IndexedTransfer) throws -> Bool) throws {
        let logs = try searchedLogs(settings)
        defer { for log in logs { log.close() } }
        let search = try TransferSearch(logs, index: transferIndex(settings))
        var cursor: ExportCursor?
        repeat {
            let page = try search.list(filter, limit: replayPageTransfers, from: cursor)
            for transfer in page.items { if try !visit(transfer) { return } }
            cursor = page.next
        } while cursor != nil
    }

    private static let replayPageTransfers = 1_000

    /// Secrets that a set names must be there.
    static func check(_ set: PolicySet, _ settings: Settings) throws { _ = try secrets(settings, set) }

    /// For reading: nothing can be entered, so nothing can be done.
    static func readingDesk(_ settings: Settings) throws -> AgreementDesk {
        let control = try control(settings)
        let directory = PolicyDirectory(settings.policies, store: control)
        let set = try directory.loadForCommand()
        let refuse: @Sendable (LogNotice) async throws(RecordError) -> UInt64 = { (_) async throws(RecordError) in
            throw RecordError(code: .closed, message: "This command only reads.")
        }
        let administration = Administration(
            engagements: control, suspensions: control, known: { Administration.Known(set) }, enter: refuse, log: { ("", 0) },
            putInForce: { _ in }, clock: { SystemWallClock().now() })
        return desk(
            settings, directory, control: control, administration: administration, set: { set }, check: { try check($0, settings) },
            enter: refuse)
    }
}

extension GateService {
    init(parts: GateParts, state: GateState, set: PolicySet, reloader: PolicyReloader) {
        let administration = Wiring.administration(
            parts.settings, control: parts.control, log: parts.log, known: { Administration.Known(reloader.set) },
            putInForce: { parts.put($0, in: state) })
        // Acts take effect with the next request.
        let desk = Wiring.desk(
            parts.settings, PolicyDirectory(parts.settings.policies, store: parts.control), control: parts.control,
            administration: administration,
            set: { reloader.set },
            check: {
                try parts.history.check($0)
                try Wiring.check($0, parts.settings)
            }, enter: { (notice) async throws(RecordError) in try await parts.log.enter(notice) },
            putStanding: { try parts.put(standingOf: nil, in: state) },
            reload: {
                await reloader.reload()
                return await reloader.status.failure
            })
        self.init(parts: parts, state: state, set: set, reloader: reloader, administration: administration, agreements: desk)
    }
}
