package import WaybillCore

/// One page or form of the console. The routes and the table of permissions are made of the list of these.
///
/// Whoever serves them has done before `run`: who asks, whether they may, for POST the token against forged requests, limits, fields of the form.
package struct ConsolePage: Sendable {
    package enum Method: String, Sendable { case get = "GET", post = "POST" }
    package var method: Method
    /// From the root, its variables in braces: `/console/agreements/{agreement}`.
    package var path: String
    /// Nil: for people who are not signed in (signing in, a person's page).
    package var permission: Permission?
    /// Of a POST: the path of the GET that shows its form, with the same variables. What was refused is shown there, with what was typed.
    /// Nil: its own path.
    package var form: String?
    package var run: @Sendable (ConsoleCall) async throws -> ConsoleAnswer

    package init(
        _ method: Method, _ path: String, permission: Permission?, form: String? = nil,
        run: @escaping @Sendable (ConsoleCall) async throws -> ConsoleAnswer
    ) {
        self.method = method
        self.path = path
        self.permission = permission
        self.form = form
        self.run = run
    }
}

package struct ConsoleCall: Sendable {
    /// Nil where `permission` is.
    package var principal: Principal?
    package var now: Timestamp
    /// Variables of the path.
    package var values: [String: String]
    /// Of the query of a GET or the form of a POST; a name given more than once has all its values.
    package var fields: [String: [String]]
    /// Files of a `multipart/form-data` form, by the field's name.
    package var files: [String: ConsoleUpload]
    /// A GET that shows its form again, because the POST was refused for this; `fields` is then what was typed.
    package var problem: FormProblem?
    /// Of who asks: for rate limits, never for logs.
    package var address: String
    /// By name, without the prefix `__Host-`; of the others only what access itself sets.
    package var cookies: [String: String]

    package init(principal: Principal?, now: Timestamp) {
        self.principal = principal
        self.now = now
        values = [:]
        fields = [:]
        files = [:]
        address = ""
        cookies = [:]
    }

    /// The first value, without blanks around it; nil: not given or empty.
    package func field(_ name: String) -> String? {
        guard let text = fields[name]?.first else { return nil }
        let trimmed = String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        return trimmed.isEmpty ? nil : trimmed
    }
}

package enum ConsoleAnswer: Sendable {
    /// A template by its name, a page's title, and what the template shows. Values are escaped where they are shown.
    case page(String, title: String, JSONValue, status: Int = 200, cookies: [ConsoleCookie] = [])
    /// After a form (303), with what the next page says at its top.
    case redirect(String, notice: String? = nil, cookies: [ConsoleCookie] = [])
    /// A download.
    case file(name: String, mediaType: String, next: @Sendable () async throws -> [UInt8]?)
}

/// A file that somebody sent: digested as it arrived, and not kept, in memory either.
package struct ConsoleUpload: Sendable, Equatable {
    /// As the browser named it, without a path; not to be trusted.
    package var name: String
    package var bytes: Int
    /// Hex.
    package var sha256: String

    package init(name: String, bytes: Int, sha256: String) {
        self.name = name
        self.bytes = bytes
        self.sha256 = sha256
    }
}

/// `HttpOnly`, `SameSite=Lax`, `Secure` over TLS with the prefix `__Host-`, path `/`.
package struct ConsoleCookie: Sendable, Equatable {
    /// Of the cookie that `Authenticating.session` is asked about.
    package static let session = "waybill_session"
    /// Of somebody who is on the way to the identity provider; given to pages in `ConsoleCall.cookies`.
    package static let provider = "waybill_oidc"
    package var name: String
    /// Nil: forget it.
    package var value: String?
    package var secondsMax: Int
    package init(name: String, value: String?, secondsMax: Int) {
        self.name = name
        self.value = value
        self.secondsMax = secondsMax
    }
}

/// Why a form was not done: shown at its top, beside the field at fault.
package struct FormProblem: Error, Sendable, Equatable {
    package var message: String
    package var field: String?
    /// Of the page that shows it.
    package var status: Int
    package init(_ message: String, field: String? = nil, status: Int = 422) {
        self.status = status
        self.message = message
        self.field = field
    }
}
