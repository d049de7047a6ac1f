import FoundationEssentials
import JWTKit
import WaybillCore

/// An ID token (OpenID Connect Core 3.1.3.7): its signature by a key of the provider, then each claim.
struct IDToken: Sendable {
    static let bytesMax = 64 * 1_024
    /// Clocks may differ by so much.
    static let skewSeconds: Int64 = 60
    /// It is fresh: it was asked for a moment ago.
    static let ageSecondsMax: Int64 = 10 * 60
    static let subjectBytesMax = 255
    /// Algorithm → the key type it needs. What is not here, `none` and those with shared secrets among it, is refused.
    static let algorithms = [
        "RS256": "RSA", "RS384": "RSA", "RS512": "RSA", "PS256": "RSA", "PS384": "RSA", "PS512": "RSA", "ES256": "EC", "ES384": "EC",
        "ES512": "EC", "EdDSA": "OKP",
    ]

    /// What the signature is checked by, before anything is believed.
    struct Header: Equatable {
        var algorithm: String
        var key: String?
    }

    let claims: JSONValue

    var subject: String { claims["sub"].text ?? "" }

    static func header(_ token: String) throws(OIDCRefusal) -> Header {
        guard token.utf8.count <= bytesMax, let first = token.split(separator: ".", omittingEmptySubsequences: false).first,
            let bytes = decoded(String(first))
        else { throw OIDCRefusal("The provider's answer holds no ID token.") }
        let header: JSONValue
        do { header = try JSONDecoder().decode(JSONValue.self, from: bytes) } catch {
            throw OIDCRefusal("The provider's answer holds no ID token.")
        }
        guard let algorithm = header["alg"].text, algorithms[algorithm] != nil, header["crit"].isNull else {
            throw OIDCRefusal("The ID token is signed by an algorithm that is not accepted.")
        }
        return Header(algorithm: algorithm, key: header["kid"].text)
    }

    /// Tried where a token does not name its key.
    static let keysMax = 8

    /// `keys`: of the provider's key set. Nil: none of them fits, so that a newer set may.
    static func verify(_ token: String, _ header: Header, keys: [JSONValue]) async throws -> IDToken? {
        let fitting = keys.filter { key in
            key["kty"].text == algorithms[header.algorithm] && (header.key == nil || key["kid"].text == header.key)
                && key["use"].text ?? "sig" == "sig" && key["alg"].text ?? header.algorithm == header.algorithm
        }
        for key in fitting.prefix(keysMax) { if let found = await signed(token, header, by: key) { return found } }
        guard header.key == nil || fitting.isEmpty else { throw OIDCRefusal("The ID token is not signed by the provider.") }
        return nil
    }

    /// Nil: it is not.
    private static func signed(_ token: String, _ header: Header, by key: JSONValue) async -> IDToken? {
        do {
            var key: JWK = try key.decoded()
            key.algorithm = try JSONValue.string(header.algorithm).decoded()
            key.keyIdentifier = JWKIdentifier(string: header.key ?? "unnamed")
            let collection = try await JWTKeyCollection().add(jwk: key, isDefault: true)
            return IDToken(claims: try await collection.verify(token, as: Claims.self).value)
        } catch {
            return nil
        }
    }

    func check(_ configuration: OIDCConfiguration, nonce: String, now: Timestamp) throws(OIDCRefusal) {
        guard claims["iss"].text == configuration.issuer else { throw OIDCRefusal("The ID token is of another issuer.") }
        let audience = claims["aud"].text.map { [$0] } ?? claims["aud"].items.compactMap(\.text)
        guard audience.contains(configuration.clientID) else { throw OIDCRefusal("The ID token is for somebody else.") }
        guard claims["azp"].isNull ? audience.count == 1 : claims["azp"].text == configuration.clientID else {
            throw OIDCRefusal("The ID token is for somebody else.")
        }
        guard let expires = seconds("exp"), now.seconds < expires + Self.skewSeconds else { throw OIDCRefusal("The ID token has expired.") }
        guard let issued = seconds("iat"), issued <= now.seconds + Self.skewSeconds, now.seconds - issued <= Self.ageSecondsMax else {
            throw OIDCRefusal("The ID token was not issued now; check the clocks of both machines.")
        }
        if let begins = seconds("nbf"), begins > now.seconds + Self.skewSeconds { throw OIDCRefusal("The ID token is not valid yet.") }
        guard let given = claims["nonce"].text, AccessSecret.areEqual(given.utf8, nonce.utf8) else {
            throw OIDCRefusal("The ID token answers another question.")
        }
        guard (1...Self.subjectBytesMax).contains(subject.utf8.count) else { throw OIDCRefusal("The ID token names nobody.") }
    }

    /// By the configured claim: its own name first, else dots lead into objects (`realm_access.roles`).
    func roles(_ configuration: OIDCConfiguration) -> Set<Role> {
        var claim = claims[configuration.rolesClaim]
        if claim.isNull { claim = configuration.rolesClaim.split(separator: ".").reduce(claims) { $0[String($1)] } }
        let said = claim.text.map { [$0] } ?? claim.items.compactMap(\.text)
        return Set(said.compactMap { configuration.roles[$0] })
    }

    private func seconds(_ name: String) -> Int64? {
        let seconds: Int64? =
            switch claims[name] {
            case .int(let seconds): seconds
            case .double(let seconds): Int64(exactly: seconds.rounded(.down))
            default: nil
            }
        // Anything else is no time, and sums of it would overflow.
        return seconds.flatMap { (0...1 << 40).contains($0) ? $0 : nil }
    }

    private static func decoded(_ text: String) -> Data? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4))
    }

    /// Every claim, unlooked at: `check` looks, by our clock.
    private struct Claims: JWTPayload {
        let value: JSONValue
        init(from decoder: any Decoder) throws { value = try JSONValue(from: decoder) }
        func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
        func verify(using algorithm: some JWTAlgorithm) {}
    }
}
