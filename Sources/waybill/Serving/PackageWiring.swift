import WaybillControl
import WaybillLedger

extension GateService {
    /// Once: it owns the folder of packages.
    func packageDesk(_ subjects: SubjectDesk) throws -> PackageDesk {
        let (log, reloader) = (parts.log, reloader)
        let files = GatePackages(
            settings: parts.settings, policies: { reloader.set }, enter: { log.enterAndWait($0) }, logger: parts.logger)
        let desk = try PackageDesk(
            shelf: files, engagements: parts.control, subjects: subjects, access: parts.access, runner: { YieldingThread.run($0) })
        let agreements = agreements
        parts.jobs.add { await desk.stop() }
        parts.jobs.add { await agreements.stopImpacts() }
        return desk
    }
}
