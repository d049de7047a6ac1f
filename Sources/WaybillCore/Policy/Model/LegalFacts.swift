/// Dated legal facts (`transfers.yaml`): half-open, UTC, each with its source.
package struct LegalFacts: Sendable {
    package struct Adequacy: Sendable {
        package var regime: Regime
        /// A country code, or `EEA`, or `EPO`.
        package var to: String
        package var scope: String
        package var decision: String?
        package var from: Timestamp
        package var until: Timestamp?
        package var confirmed: Bool
    }
    package struct Invalidated: Sendable {
        package var mechanism: String
        package var from: Timestamp
        package var until: Timestamp
    }
    package var adequacy: [Adequacy]
    package var invalidated: [Invalidated]
    package var eea: Set<String>
    /// SCC module → (exporter's role, importer's role).
    package var sccModules: [Int: (Agreement.Role, Agreement.Role)]
    package var childrenAge: [String: Int]
    package var childrenAgeDefault: Int
    package var gpcStates: Set<String>
}

/// `terms.yaml`: a named checklist, whom it binds, and its items.
package struct TermsChecklist: Sendable {
    package var name: String
    /// Regime and roles for which every item is required.
    package var regime: Regime
    package var roles: [Agreement.Role]
    package var usRoles: [Agreement.USRole]
    package var items: [String]
}
