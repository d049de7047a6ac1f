import HTTPTypes
import Hummingbird
import WaybillCore

/// Who sends a request, by the credential it shows: a bearer token, else the client certificate of its connection, else the console's cookie.
struct CredentialReading {
    let request: Request
    let context: ControlContext
    let access: any Authenticating

    /// Throws 401.
    func principal(now: Timestamp) async throws -> Principal {
        if let token = try bearerToken() { return try await access.principal(token: token, address: context.address, now: now) }
        let names = await context.certificateNames()
        if !names.isEmpty, let machine = try await access.principal(certificateNames: names, address: context.address, now: now) {
            return machine
        }
        // A browser's own reads only: what changes something is done by the console's forms, which carry their token.
        if [.get, .head].contains(request.method), let cookie = sameOriginCookie(),
            let session = try await access.session(cookie: cookie, now: now)
        {
            return session.principal
        }
        throw APIProblem(.credentialMissing, "send Authorization: Bearer with a token of yours, or a client certificate")
    }

    private func bearerToken() throws -> String? {
        let fields = request.headers[values: .authorization]
        guard let field = fields.first else { return nil }
        let scheme = "bearer "
        guard fields.count == 1, field.prefix(scheme.count).lowercased() == scheme, field.utf8.count > scheme.utf8.count else {
            throw APIProblem(.credentialMissing, "Authorization must be there once, with the scheme Bearer and a token")
        }
        return String(field.dropFirst(scheme.count))
    }

    private func sameOriginCookie() -> String? {
        guard let site = HTTPField.Name("Sec-Fetch-Site"), request.headers[values: site] == ["same-origin"] else { return nil }
        return ConsoleHeaders.cookie(ConsoleCookie.session, of: request, isTLS: context.isSecure)
    }
}
