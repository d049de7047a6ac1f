/// Reads and compiles a policy set. Pure: files come in as bytes.
package enum PolicyLoader {
    /// `files`: path relative to the policy directory (`vendors/hubspot.yaml`) → bytes. `tests/` files are checked for form only.
    /// Throws every error found, sorted by position; warnings come back with the set.
    package static func load(files: [String: [UInt8]]) throws(PolicyProblems) -> (set: PolicySet, warnings: [PolicyProblem]) {
        throw PolicyProblems(all: [])
    }
}

package struct PolicyProblems: Error, Sendable {
    package var all: [PolicyProblem]
    package init(all: [PolicyProblem]) { self.all = all }
}
