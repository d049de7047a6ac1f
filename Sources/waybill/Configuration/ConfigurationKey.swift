/// One key of `waybill.yaml`: what it may hold, what it is without being written, what it means. The reader, the check for
/// unknown keys and the generated reference all go by this table.
struct ConfigurationKey: Sendable {
    enum Kind: Sendable {
        case text
        /// Relative to the configuration file.
        case path
        case paths
        case texts
        /// `host:port`; a mapping with `address` and `tls` in the file says the same.
        case address
        /// `host:port` → `host:port`.
        case addresses
        case flag
        case integer(ClosedRange<Int>)
        case milliseconds(ClosedRange<Int>)
        case choice([String])
        /// Names of sinks, each with its own mapping; only in the file.
        case sinks
    }
    var name: String
    var kind: Kind
    /// As one would write it; nil: nothing.
    var fallback: String?
    var summary: String
    /// Never printed, because it may hold a password.
    var isSecret = false

    init(_ name: String, _ kind: Kind, _ fallback: String?, _ summary: String, isSecret: Bool = false) {
        self.isSecret = isSecret
        self.name = name
        self.kind = kind
        self.fallback = fallback
        self.summary = summary
    }

    /// `WAYBILL_LIMITS_BODY_BYTES`.
    var environmentName: String { "WAYBILL_" + String(name.uppercased().map { $0 == "." ? "_" : $0 }) }

    /// What a value must look like, to end a sentence with.
    var expectation: String {
        switch kind {
        case .text: "a text"
        case .path: "a path"
        case .paths: "a list of paths"
        case .texts: "a list of texts"
        case .address: "an address like 127.0.0.1:8080"
        case .addresses: "a mapping from host:port to host:port"
        case .flag: "true or false"
        case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .milliseconds(let range): "a time like 500ms, 10s or 5m, from \(range.lowerBound) ms to \(range.upperBound) ms"
        case .choice(let words): "one of \(words.joined(separator: ", "))"
        case .sinks: "a mapping from names to sinks"
        }
    }
}

extension ConfigurationKey {
    static let store = ConfigurationKey(
        "store", .text, "sqlite:var/waybill.db",
        "Where consents and subject facts are kept. The transfer log stands in a file of its own beside it (`var/waybill-log.db`).",
        isSecret: true)
    static let policies = ConfigurationKey("policies", .path, "policies", "The directory of policy files; read again when a file changes.")
    static let tombstones = ConfigurationKey(
        "tombstones", .path, "var/tombstones",
        "Keyed hashes of people who were erased, so that no restored database brings them back. Outside the databases; never replace it by "
            + "an older copy.")
    static let keys = ConfigurationKey(
        "keys", .path, "var/keys",
        "The directory of private keys (0700; its files 0600): master.key, log.key, ca.key, ca.pem. During a change of "
            + "keys log.old.key; afterwards log.retired, the public halves.")
    static let secrets = ConfigurationKey(
        "secrets", .path, "var/secrets",
        "The directory of vendors' credentials: `${secret:NAME}` in a vendor file is the content of the file NAME there (0600), or "
            + "of the environment variable `WAYBILL_SECRET_NAME`. The secrets `metrics_token` and `log_token`, if they are there, are what "
            + "`/metrics` and `/log` ask for.")
    static let publicURL = ConfigurationKey(
        "public_url", .text, nil,
        "The URL under which people and vendors reach the control listener, like `https://privacy.acme.example`: of links to people's own "
            + "pages, and of webhooks whose signature covers it.")
    static let consentMaps = ConfigurationKey(
        "consent_maps", .path, "consent-maps",
        "The directory of mapping files, `SOURCE.yaml` each: which list, subscription or field of a source is which purpose. Webhooks go by "
            + "them; read at start.")
    static let insecure = ConfigurationKey("insecure", .flag, "false", "Allows plain HTTP listeners off the loopback interface.")
    static let resolve = ConfigurationKey(
        "resolve", .addresses, nil,
        "Explicit addresses of vendors' destinations, for tests and private links; each one is named at start. They are not checked "
            + "against special-purpose ranges.")
    static let trust = ConfigurationKey("trust", .paths, nil, "PEM files of extra root certificates for vendors.")
    static let upstreamProxy = ConfigurationKey(
        "upstream_proxy.address", .address, nil,
        "The company's own proxy: vendors are reached through its CONNECT, but for those with an entry in `resolve`. It resolves their "
            + "names, so their addresses cannot be checked; their certificates are, end to end.")
    static let upstreamProxyTLS = ConfigurationKey(
        "upstream_proxy.tls", .flag, "false", "Speaks TLS to that proxy, verified by the system's roots and `trust`.")
    static let upstreamProxyUsername = ConfigurationKey("upstream_proxy.username", .text, nil, "Who the gate is to that proxy (Basic).")
    static let upstreamProxyPassword = ConfigurationKey(
        "upstream_proxy.password", .text, nil, "`${secret:NAME}`: the password, kept like vendors' credentials.", isSecret: true)
    static let threads = ConfigurationKey("threads", .integer(0...256), "0", "Event loops; 0: one a core.")
    static let logLevel = ConfigurationKey(
        "log_level", .choice(["trace", "debug", "info", "notice", "warning", "error", "critical"]), "info",
        "What goes to standard error, as JSON lines.")
    static let origin = ConfigurationKey(
        "log.origin", .text, "{organisation.id}/waybill", "The transfer log's name in its checkpoints. Fixed once the log has entries.")
    static let checkpointEvery = ConfigurationKey(
        "log.checkpoint_every", .milliseconds(100...60_000), "1s", "How often a checkpoint is signed while there is traffic.")
    static let checkpointCopy = ConfigurationKey(
        "log.checkpoint_copy", .path, "var/checkpoint", "The last signed checkpoint, kept outside the database; never put it in a backup.")
    static let witnesses = ConfigurationKey(
        "log.witnesses", .texts, nil,
        "Witnesses that cosign checkpoints (C2SP `tlog-witness`), each `VERIFIER-KEY URL`: its cosignature key and the prefix of its "
            + "`add-checkpoint`.")
    static let witnessEvery = ConfigurationKey(
        "log.witness_every", .milliseconds(1_000...3_600_000), "10s", "How often witnesses are asked while there are new checkpoints.")
    static let witnessStale = ConfigurationKey(
        "log.witness_stale", .milliseconds(5_000...86_400_000), "5m",
        "A witness without a cosignature for so long raises an alarm, and checkpoints are shown without waiting for it.")
    static let shards = ConfigurationKey(
        "log.shards", .choice(["half_year", "none"]), "none",
        "`half_year`: each half-year of the log stands in a file of its own, under `{log.origin}/2026h2`, begins by citing the last, and can "
            + "be deleted whole. Taken at the first start in a new half-year.")
    static let sideMonths = ConfigurationKey(
        "retention.side_months", .integer(0...1_200), "24",
        "How many whole months side rows of the log are kept besides the present one: commitments to subjects, keys of body hashes, decision "
            + "lines. Without them entries still verify, but can no longer be opened or explained by record. 0: for good.")
    static let caPermit = ConfigurationKey(
        "ca.permit", .texts, nil,
        "DNS suffixes the interception CA may sign for. Without it: the hosts of all destinations when the CA is created.")
    static let sinks = ConfigurationKey(
        "sinks", .sinks, nil, "Where the log's entries go besides, by name; only in the file. See [Sinks](#sinks).")

    static let evidenceCertificate = ConfigurationKey(
        "evidence.certificate", .path, nil,
        "PEM file of the certificate that signs evidence packages (CMS). Without it: one of Waybill's own, made in `keys` when first needed."
    )
    static let evidenceKey = ConfigurationKey("evidence.key", .path, nil, "PEM file of its private key (0600).")
    static let evidenceTimestamp = ConfigurationKey(
        "evidence.timestamp_url", .text, nil,
        "A time-stamping authority (RFC 3161) that stamps evidence packages; only a digest goes there, so `http://` is allowed.")

    static let tracesURL = ConfigurationKey(
        "traces.url", .text, nil,
        "A collector's OTLP/HTTP address for traces; without a path `/v1/traces` is meant. Only exchanges whose caller sampled its trace are "
            + "told. Without it: none.")
    static let tracesToken = ConfigurationKey(
        "traces.token", .text, nil, "`${secret:NAME}`: sent to the collector as `Authorization: Bearer`.", isSecret: true)
    static let oidcIssuer = ConfigurationKey(
        "access.oidc.issuer", .text, nil,
        "The identity provider that people sign in at (OpenID Connect), exactly as it writes its issuer. See [docs/access.md](../access.md)."
    )
    static let oidcClientID = ConfigurationKey("access.oidc.client_id", .text, nil, "Who Waybill is to it.")
    static let oidcClientSecret = ConfigurationKey(
        "access.oidc.client_secret", .text, nil,
        "`${secret:NAME}`: Waybill's secret there, kept like vendors' credentials. Without it: a public client.", isSecret: true)
    static let oidcRedirectURL = ConfigurationKey(
        "access.oidc.redirect_url", .text, nil,
        "Where it sends people back to, as registered there: the console's address and `/console/sign-in/oidc/callback`.")
    static let oidcRolesClaim = ConfigurationKey(
        "access.oidc.roles_claim", .text, "roles", "The claim of the ID token that says roles; dots lead into objects.")
    static let oidcRoles = ConfigurationKey(
        "access.oidc.roles", .texts, nil,
        "What that claim says and the role it gives, each `VALUE=role`. Nothing else gives a role to people who sign in there.")
    static let oidcScopes = ConfigurationKey(
        "access.oidc.scopes", .texts, nil, "What is asked for. Without it: `openid` and `profile`.")

    static let proxies = ConfigurationKey(
        "access.proxies", .texts, nil,
        "Addresses of proxies in front of the control listener, like `10.0.0.7` or `10.0.0.0/24`: their `X-Forwarded-For` says who is counted "
            + "where attempts and requests are limited, their `X-Forwarded-Proto: https` that cookies are for TLS only. Nobody else's is "
            + "believed.")

    static let listeners = ["gate", "proxy", "control"]
    static func listener(_ name: String) -> ConfigurationKey {
        let summaries = [
            "gate": "Base-URL listener: `http://gate/to/{vendor}/…`.",
            "proxy": "Forward proxy with interception, for `HTTPS_PROXY`; without it there is none. Usually `127.0.0.1:8888`.",
            "control": "Probes, metrics and the public log: `/healthz`, `/readyz`, `/metrics`, `/log`; without it there are none. Usually "
                + "`127.0.0.1:8081`.",
        ]
        return ConfigurationKey("listen.\(name)", .address, name == "gate" ? "127.0.0.1:8080" : nil, summaries[name] ?? "")
    }
    static func address(_ listener: String) -> ConfigurationKey {
        ConfigurationKey("listen.\(listener).address", .address, nil, "The same as `listen.\(listener)`, where `tls` stands beside it.")
    }
    static func tls(_ listener: String, _ part: String) -> ConfigurationKey {
        let summaries = [
            "certificate": "PEM file: the certificate and what is between it and its root.", "key": "PEM file of its private key (0600).",
            "client_ca": "PEM file of the CAs whose client certificates are accepted.",
        ]
        return ConfigurationKey("listen.\(listener).tls.\(part)", .path, nil, summaries[part] ?? "")
    }
    static let tlsParts = ["certificate", "key", "client_ca"]

    /// Every key, in the order of the reference.
    static let all: [ConfigurationKey] =
        listeners.flatMap { name in [listener(name), address(name)] + tlsParts.map { tls(name, $0) } }
        + [store, tombstones, policies, keys, secrets, publicURL, consentMaps, insecure, resolve, trust]
        + [upstreamProxy, upstreamProxyTLS, upstreamProxyUsername, upstreamProxyPassword, threads]
        + ConfiguredLimit.all.map(\.key)
        + [origin, checkpointEvery, checkpointCopy, witnesses, witnessEvery, witnessStale, shards, sideMonths, sinks, caPermit]
        + [evidenceCertificate, evidenceKey, evidenceTimestamp, tracesURL, tracesToken]
        + [oidcIssuer, oidcClientID, oidcClientSecret, oidcRedirectURL, oidcRolesClaim, oidcRoles, oidcScopes, proxies, logLevel]
}
