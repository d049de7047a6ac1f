import WaybillControl

extension GateService {
    /// The API and the console of this gate: every operation and page there is, one line for each group. Nil: nobody can sign in yet.
    func surface() async throws -> ControlSurface? { nil }
}
