package import WaybillCore

/// Establishes who asks, by what they show. Each refusal is counted against its address and entered in the log by whoever implements this;
/// what was shown is in neither.
package protocol Authenticating: Sendable {
    /// Of `Authorization: Bearer`. Throws `APIProblem` (401 `credential_missing` with the reason in words; 429 while locked out).
    func principal(token: String, address: String, now: Timestamp) async throws -> Principal
    /// Of a client certificate that the listener has verified: its DNS names. Nil: none of them is a machine's.
    func principal(certificateNames: [String], address: String, now: Timestamp) async throws -> Principal?
    /// Of the console's cookie; nil: no such session, or it is over.
    func session(cookie: String, now: Timestamp) async throws -> ConsoleSession?
    /// Somebody known asked for what their roles or scopes do not permit: entered in the log.
    func refused(_ principal: Principal, _ permission: Permission, now: Timestamp) async
}

package struct ConsoleSession: Sendable, Equatable {
    package var principal: Principal
    /// What each form of the session carries, in its field `csrf`.
    package var formToken: String

    package init(principal: Principal, formToken: String) {
        self.principal = principal
        self.formToken = formToken
    }
}
