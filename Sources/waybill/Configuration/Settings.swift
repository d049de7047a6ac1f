import WaybillControl
import WaybillDelivery
import WaybillLedger

/// The configuration of one installation, typed and complete. Paths are ready to open: relative ones were resolved against the
/// directory of the configuration file.
struct Settings: Sendable {
    struct TLSFiles: Sendable, Hashable {
        var certificate: String
        var key: String
        var clientCA: String?
    }
    struct Listener: Sendable, Hashable {
        var address: HostPort
        var tls: TLSFiles?
    }
    struct UpstreamProxy: Sendable, Hashable {
        var address: HostPort
        var isTLS: Bool
        var username: String?
        /// `${secret:NAME}`.
        var password: String?
    }
    struct Log: Sendable {
        /// As written; `{organisation.id}` is filled in when the policies are known.
        var origin: String
        var checkpointEveryMilliseconds: Int
        var checkpointCopy: String
        var witnesses: [Witness]
        var witnessPacing: WitnessFollower.Pacing
        /// Each half-year in a file and an origin of its own.
        var shardsByHalfYear = false
    }
    struct Retention: Sendable {
        /// Months for which side rows are kept, besides the present one; 0: for good.
        var sideMonths = 0
    }
    /// Who signs and stamps evidence packages.
    struct Evidence: Sendable {
        /// Both or none.
        var certificate: String?
        var key: String?
        var timestampURL: String?
    }
    /// Where sampled traces go.
    struct Traces: Sendable {
        var url: String
        /// `${secret:NAME}`.
        var token: String?
    }
    struct Sink: Sendable {
        var name: String
        var kind: SinkKind
        var format: any ExportFormat
        /// As written, with paths ready to open; secrets by their names.
        var values: [String: String]
    }
    /// The configuration file, as named on the command line.
    var file: String
    var gate: Listener
    /// The forward proxy; nil: none.
    var proxy: Listener?
    /// Probes and metrics; nil: none.
    var control: Listener?
    var insecure: Bool
    /// SQLite database file.
    var store: String
    /// File of tombstones of people who were erased.
    var tombstones: String
    var policies: String
    var keys: String
    var secrets: String
    var resolve: [HostPort: HostPort]
    var trust: [String]
    /// The company's own proxy; nil: vendors are dialled directly.
    var upstreamProxy: UpstreamProxy?
    var threads: Int
    var limits: GateLimits
    var log: Log
    var retention = Retention()
    var caPermit: [String]
    var evidence: Evidence
    /// Nil: traces are not collected.
    var traces: Traces?
    var sinks: [Sink] = []
    /// Without a slash at its end; nil: not configured.
    var publicURL: String?
    /// Directory of the mapping files of sources of consents.
    var consentMaps = ""
    /// In front of the control listener.
    var proxies: [AddressBlock] = []
    /// With the secret's template in the place of the secret.
    var oidc: OIDCConfiguration?
    var logLevel: String
    /// Environment variables that begin with `WAYBILL_` and are no key.
    var unknownVariables: [String]

    /// The transfer log's first file: `waybill.db` → `waybill-log.db`. Which file takes entries says `logStore`.
    var firstLogStore: String { beside(store, "-log") }
    /// Indexes over the log, derived and rebuildable: `waybill-index.db`.
    var indexStore: String { beside(store, "-index") }
    /// What people decide about vendors and agreements, engagements, and how far each sink is: `waybill-control.db`.
    var controlStore: String { beside(store, "-control") }

    func beside(_ path: String, _ suffix: String) -> String {
        let directory = Files.parent(of: path)
        let name = path.hasPrefix(directory + "/") ? String(path.dropFirst(directory.count + 1)) : path
        let dot = name.lastIndex(of: ".")
        let stem = dot.map { String(name[..<$0]) } ?? name
        return Files.resolve(stem + suffix + (dot.map { String(name[$0...]) } ?? ""), against: directory)
    }

    /// What relative paths in vendors' files are relative to, like those of the configuration.
    var directory: String { Files.parent(of: file) }
    /// Where `serve` keeps its socket and lock.
    var stateDirectory: String { Files.parent(of: store) }
    var socket: String { Files.resolve("waybill.sock", against: stateDirectory) }
}
