import FoundationEssentials
import Logging
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillStorage

/// Asks the witnesses of `log.witnesses` beside a running gate.
enum WitnessWork {
    /// Looks so often whether a question is due; `log.witness_every` says how often one is.
    static let pauseMilliseconds = 500

    /// Nil: none are configured.
    static func follower(_ settings: Settings, control: ControlDatabase, logger: Logger) throws(CommandFailure) -> WitnessFollower? {
        guard !settings.log.witnesses.isEmpty else { return nil }
        do {
            return WitnessFollower(
                settings.log.witnesses, memory: WitnessTable(control),
                transport: try CurlWitnessTransport(settings, proxy: try proxy(settings)),
                pacing: settings.log.witnessPacing, told: { tell($0, logger) })
        } catch let error as CommandFailure {
            throw error
        } catch let error as DeliveryFailure {
            throw CommandFailure(error.message.withoutFullStop)
        } catch {
            throw CommandFailure("the witnesses cannot be asked: \(error)")
        }
    }

    static func proxy(_ settings: Settings) throws(CommandFailure) -> CurlIdentity.Proxy? {
        guard let proxy = settings.upstreamProxy else { return nil }
        let secrets = SecretStore(directory: settings.secrets, environment: ProcessInfo.processInfo.environment)
        let password = try proxy.password.flatMap { SecretStore.names(in: $0).first }.flatMap { name throws(CommandFailure) in
            try secrets.value(name)
        }
        return CurlIdentity.Proxy(
            host: proxy.address.host, port: proxy.address.port, isTLS: proxy.isTLS, username: proxy.username, password: password)
    }

    /// For commands without a gate.
    static func memory(_ settings: Settings) throws(ControlDatabaseError) -> WitnessTable {
        WitnessTable(try ControlDatabase(path: settings.controlStore))
    }

    /// Only what this process has signed is asked for: until somebody acknowledged a loss, it signs nothing.
    static func work(_ follower: WitnessFollower, log: TransferLog, reader: any LogReader, logger: Logger) -> BackgroundWork {
        BackgroundWork(name: "witnesses", pauseMilliseconds: pauseMilliseconds, logger: logger) {
            if log.present.signedSize > 0 { try follower.turn(reader) }
            return false
        }
    }

    private static func tell(_ news: WitnessFollower.News, _ logger: Logger) {
        switch news {
        case .stale(let name, let fault):
            logger.error("witness is stale", metadata: ["witness": "\(name)", "why": "\(fault?.message ?? "it was not asked yet")"])
        case .back(let name): logger.notice("witness cosigns again", metadata: ["witness": "\(name)"])
        case .evidence(let name, let fault):
            logger.critical("witness contradicts this log", metadata: ["witness": "\(name)", "why": "\(fault.message)"])
        }
    }
}

/// `add-checkpoint` over libcurl.
struct CurlWitnessTransport: WitnessTransport {
    private let client: CurlClient
    private let limits: CurlLimits

    /// `proxy`: the company's own, if there is one.
    init(_ settings: Settings, proxy: CurlIdentity.Proxy?) throws(DeliveryFailure) {
        var identity = CurlIdentity()
        identity.trust = settings.trust
        identity.allowsPlainHTTP = settings.insecure
        identity.proxy = proxy
        client = try CurlClient(identity)
        var limits = CurlLimits()
        limits.connectMillisecondsMax = 5_000
        limits.totalMillisecondsMax = 10_000
        limits.stallSecondsMax = 5
        limits.responseBytesMax = 64 * 1_024
        self.limits = limits
    }

    func post(_ url: String, _ body: [UInt8]) throws(WitnessFault) -> (status: Int, body: [UInt8]) {
        do {
            let answer = try client.send(
                CurlRequest(.post, url, headers: [("Content-Type", "text/plain; charset=utf-8")], body: body), limits)
            return (answer.status, answer.body)
        } catch {
            throw .unreachable(error.message)
        }
    }

    func stop() { client.stop() }
}

/// Metrics of witnesses; no family has samples where none are configured.
enum WitnessMetrics {
    private static let age = MetricFamily.Definition(
        "waybill_witness_age_seconds", .gauge, labels: ["witness"],
        "Since the witness last cosigned a checkpoint; since the start if it never has.")
    private static let stale = MetricFamily.Definition(
        "waybill_witness_stale", .gauge, labels: ["witness"], "1: the witness has not cosigned for longer than log.witness_stale.")
    private static let size = MetricFamily.Definition(
        "waybill_witness_entries", .gauge, labels: ["witness"], "Entries under the last checkpoint the witness cosigned.")
    private static let contradicts = MetricFamily.Definition(
        "waybill_witness_contradicts", .gauge, labels: ["witness"],
        "1: the witness has cosigned more than this log holds, or another history of it.")

    static let definitions = [age, stale, size, contradicts]

    static func families(_ standings: [WitnessFollower.Standing]) -> [MetricFamily] {
        func samples(_ value: (WitnessFollower.Standing) -> MetricFamily.Value) -> [MetricFamily.Sample] {
            standings.map { MetricFamily.Sample([$0.name], value($0)) }
        }
        return [
            MetricFamily(age, samples { .number(Double($0.ageMilliseconds) / 1_000) }),
            MetricFamily(stale, samples { .count($0.isStale ? 1 : 0) }), MetricFamily(size, samples { .count($0.size) }),
            MetricFamily(contradicts, samples { .count($0.fault?.isEvidence == true ? 1 : 0) }),
        ]
    }
}

/// A witness as the socket's `status` tells of it.
struct WitnessStatus: Codable, Sendable {
    var name: String
    var entries: UInt64
    var ageSeconds: Int64
    var stale: Bool
    /// Why it did not cosign when last asked.
    var fault: String?

    init(_ standing: WitnessFollower.Standing) {
        name = standing.name
        entries = standing.size
        ageSeconds = standing.ageMilliseconds / 1_000
        stale = standing.isStale
        fault = standing.fault?.message
    }
}
