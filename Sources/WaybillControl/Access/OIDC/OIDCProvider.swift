import FoundationEssentials
import WaybillCore

/// What the provider publishes about itself, and the exchange of a code for an ID token.
package actor OIDCProvider {
    static let metadataSecondsMax: Int64 = 3_600
    /// Between two fetches of the key set for keys it does not have: a forger must not make us ask for ever.
    static let keysSecondsMin: Int64 = 60
    /// After the provider did not say where it is: strangers at the sign-in page must not make us ask at each visit.
    static let failureSecondsMin: Int64 = 5

    private struct Metadata {
        var authorization: String
        var token: String
        var keys: String
        var takesBasic: Bool
        var until: Timestamp
    }

    let configuration: OIDCConfiguration
    private let fetcher: any HTTPFetching
    private var metadata: Metadata?
    /// One question, however many wait for the answer.
    private var asking: Task<Metadata, any Error>?
    private var failedAt: Timestamp?
    private var keys: [JSONValue] = []
    private var keysAt: Timestamp?

    package init(_ configuration: OIDCConfiguration, fetcher: any HTTPFetching) {
        self.configuration = configuration
        self.fetcher = fetcher
    }

    /// Where the browser goes.
    func authorizationURL(state: String, nonce: String, challenge: String, now: Timestamp) async throws -> String {
        let endpoint = try await known(now).authorization
        let query = [
            ("response_type", "code"), ("client_id", configuration.clientID), ("redirect_uri", configuration.redirectURL),
            ("scope", configuration.scopes.joined(separator: " ")), ("state", state), ("nonce", nonce), ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]
        return endpoint + (endpoint.contains("?") ? "&" : "?") + Self.encoded(query)
    }

    /// The verified ID token that the provider gives for the code.
    func token(for code: String, verifier: String, nonce: String, now: Timestamp) async throws -> IDToken {
        let metadata = try await known(now)
        var form = [
            ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", configuration.redirectURL), ("code_verifier", verifier),
        ]
        var headers = ["Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"]
        if let secret = configuration.clientSecret, metadata.takesBasic {
            let pair = "\(Self.escaped(configuration.clientID)):\(Self.escaped(secret))"
            headers["Authorization"] = "Basic \(Data(pair.utf8).base64EncodedString())"
        } else {
            form.append(("client_id", configuration.clientID))
            if let secret = configuration.clientSecret { form.append(("client_secret", secret)) }
        }
        let answer = try await fetcher.fetch(FetchRequest(url: metadata.token, headers: headers, form: Self.encoded(form)))
        guard answer.status == 200, let text = try Self.document(answer)["id_token"].text else {
            throw OIDCRefusal("The provider gave no ID token for its code; check client_id, client_secret and redirect_url.")
        }
        let token = try await verified(text, metadata, now)
        try token.check(configuration, nonce: nonce, now: now)
        return token
    }

    private func verified(_ text: String, _ metadata: Metadata, _ now: Timestamp) async throws -> IDToken {
        let header = try IDToken.header(text)
        if let token = try await IDToken.verify(text, header, keys: keys) { return token }
        // A key that is not there: the provider may have changed it.
        if keysAt.map({ $0.adding(seconds: Self.keysSecondsMin) <= now }) ?? true {
            keysAt = now
            keys = try await document(metadata.keys)["keys"].items
            if let token = try await IDToken.verify(text, header, keys: keys) { return token }
        }
        throw OIDCRefusal("The ID token is signed by a key that the provider does not publish.")
    }

    private func known(_ now: Timestamp) async throws -> Metadata {
        if let metadata, now < metadata.until { return metadata }
        if let failedAt, failedAt <= now, now < failedAt.adding(seconds: Self.failureSecondsMin) {
            throw OIDCRefusal("It did not answer a moment ago; try again in a few seconds.")
        }
        let question = asking ?? Task { try await discovered(now) }
        asking = question
        defer { if asking == question { asking = nil } }
        do {
            let found = try await question.value
            (metadata, failedAt) = (found, nil)
            return found
        } catch {
            failedAt = now
            throw error
        }
    }

    private func discovered(_ now: Timestamp) async throws -> Metadata {
        var base = configuration.issuer
        while base.hasSuffix("/") { base.removeLast() }
        let document = try await document(base + "/.well-known/openid-configuration")
        guard document["issuer"].text == configuration.issuer else {
            throw OIDCRefusal("The provider calls itself by another name than access.oidc.issuer; write it exactly as it does.")
        }
        guard let authorization = document["authorization_endpoint"].text, let token = document["token_endpoint"].text,
            let keys = document["jwks_uri"].text, ConsoleAddress.isForeign(authorization)
        else { throw OIDCRefusal("The provider's discovery document lacks an endpoint.") }
        let ways = document["token_endpoint_auth_methods_supported"].items.compactMap(\.text)
        return Metadata(
            authorization: authorization, token: token, keys: keys, takesBasic: ways.isEmpty || ways.contains("client_secret_basic"),
            until: now.adding(seconds: Self.metadataSecondsMax))
    }

    private func document(_ url: String) async throws -> JSONValue {
        let answer = try await fetcher.fetch(FetchRequest(url: url, headers: ["Accept": "application/json"], form: nil))
        guard answer.status == 200 else { throw OIDCRefusal("The provider does not answer as it should; check access.oidc.issuer.") }
        return try Self.document(answer)
    }

    private static func document(_ answer: FetchAnswer) throws(OIDCRefusal) -> JSONValue {
        do {
            return try JSONDecoder().decode(JSONValue.self, from: Data(answer.body))
        } catch {
            throw OIDCRefusal("The provider answers with something that is no JSON.")
        }
    }

    private static func encoded(_ pairs: [(String, String)]) -> String {
        pairs.map { "\($0)=\(escaped($1))" }.joined(separator: "&")
    }

    private static func escaped(_ text: String) -> String { ConsoleAddress.part(text) }
}
