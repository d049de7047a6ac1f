import Crypto
import FoundationEssentials
import WaybillControl
import WaybillCore

extension GateService {
    /// The API and the console of this gate: every operation and page there is, one line for each group.
    func surface() async throws -> ControlSurface? {
        let access = parts.access
        let subjects = try subjectDesk()
        let policies: @Sendable () -> PolicySet = { [reloader] in reloader.set }
        let packages = try packageDesk(subjects)
        let logs = try LogQuestions(parts.settings, publication: parts.publication)
        let sources = try GateSources(parts: parts, reloader: reloader)
        let console = ConsoleDesk(sources: sources, administration: administration)
        let operations: [[APIOperation]] = [
            TokenOperations.all(access),
            AccountOperations.all(access),
            SessionOperations.all(access),
            RegisterOperations.all(policies),
            DecisionOperations.all(policies),
            TransferOperations.all(logs),
            EngagementOperations.all(EngagementDesk(administration: administration, store: parts.control, drawing: logs)),
            LogOperations.all(logs),
            VerificationOperations.all(console),
            PackageOperations.all(packages),
            SinkOperations.all(SinkQuestions(parts)),
            DocumentOperations.all(agreements),
            ConsentsOperations.all(subjects),
            SubjectsOperations.all(subjects),
            WebhooksOperations.all(try webhookDesk(subjects)),
        ]
        let pages: [[ConsolePage]] = [
            OverviewPages.all(console),
            TransferPages.all(console),
            EngagementPages.all(console),
            LogPages.all(console),
            PackagePages.all(packages, policies: policies),
            DocumentPages.all(agreements),
            SignInPages.all(access),
            OwnAccountPages.all(access),
            AccessPages.all(access),
            SubjectPages.all(subjects),
            ConsentPages.all(subjects),
            PersonPages.all(subjects),
        ]
        var surface = ControlSurface(
            operations: operations.flatMap(\.self), pages: pages.flatMap(\.self), access: access, standing: GateStanding(sources))
        surface.repeats = KeptRequests(parts.control)
        surface.cursorKey = parts.keyring.cursors.withUnsafeBytes { Array($0) }
        return surface
    }
}
