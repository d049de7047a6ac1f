import WaybillControl

extension GateService {
    /// The API and the console of this gate: every operation and page there is, one line for each group.
    func surface() async throws -> ControlSurface? {
        let access = parts.access
        let subjects = try subjectDesk()
        let operations: [[APIOperation]] = [
            TokenOperations.all(access),
            ConsentsOperations.all(subjects),
            SubjectsOperations.all(subjects),
            WebhooksOperations.all(try webhookDesk(subjects)),
        ]
        let pages: [[ConsolePage]] = [
            SubjectPages.all(subjects),
            ConsentPages.all(subjects),
            PersonPages.all(subjects),
        ]
        return ControlSurface(operations: operations.flatMap(\.self), pages: pages.flatMap(\.self), access: access)
    }
}
