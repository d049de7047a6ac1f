import WaybillControl

extension GateService {
    /// The API and the console of this gate: every operation and page there is, one line for each group.
    func surface() async throws -> ControlSurface? {
        let access = parts.access
        let operations: [[APIOperation]] = [
            TokenOperations.all(access),
            AccountOperations.all(access),
            SessionOperations.all(access),
            DocumentOperations.all(agreements),
        ]
        let sources = try GateSources(parts: parts, reloader: reloader)
        let console = ConsoleDesk(sources: sources, administration: administration)
        let pages: [[ConsolePage]] = [
            OverviewPages.all(console),
            TransferPages.all(console),
            EngagementPages.all(console),
            LogPages.all(console),
            DocumentPages.all(agreements),
            SignInPages.all(access),
            OwnAccountPages.all(access),
            AccessPages.all(access),
        ]
        return ControlSurface(
            operations: operations.flatMap(\.self), pages: pages.flatMap(\.self), access: access, standing: GateStanding(sources))
    }
}
