import HTTPTypes
import Hummingbird

/// What every answer of the console tells the browser to keep to.
enum ConsoleHeaders {
    static let policy =
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; form-action 'self'; frame-ancestors 'none'; "
        + "base-uri 'none'"
    private static let always: [(String, String)] = [
        ("Content-Security-Policy", policy), ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"), ("X-Frame-Options", "DENY"),
    ]

    static func add(to response: inout Response, isTLS: Bool, cacheControl: String = "no-store") {
        for (name, value) in always { if let name = HTTPField.Name(name) { response.headers[name] = value } }
        response.headers[.cacheControl] = cacheControl
        if isTLS { response.headers[.strictTransportSecurity] = "max-age=31536000" }
    }

    /// `HttpOnly`, `SameSite=Lax`; over TLS `Secure` and bound to this host by its name's prefix.
    static func set(_ cookie: ConsoleCookie, in response: inout Response, isTLS: Bool) {
        let age = cookie.value == nil ? 0 : cookie.secondsMax
        let text =
            "\(name(cookie.name, isTLS: isTLS))=\(cookie.value ?? ""); Path=/; Max-Age=\(age); HttpOnly; SameSite=Lax"
            + (isTLS ? "; Secure" : "")
        response.headers.append(HTTPField(name: .setCookie, value: text))
    }

    static func cookie(_ name: String, of request: Request, isTLS: Bool) -> String? {
        request.cookies[Self.name(name, isTLS: isTLS)]?.value
    }

    private static func name(_ name: String, isTLS: Bool) -> String { isTLS ? "__Host-\(name)" : name }
}
