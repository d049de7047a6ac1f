import FoundationEssentials
import Logging
import Synchronization
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillStorage

/// How each sink of a running gate does, in the order of the configuration.
final class SinkBoard: Sendable {
    private let list = Mutex<[SinkProgress]>([])
    var progress: [SinkProgress] { list.withLock { $0 } }
    func show(_ progress: SinkProgress) { list.withLock { $0.append(progress) } }
}

/// Builds sinks out of the configuration; contacts nobody.
enum SinkWiring {
    static func sinks(_ settings: Settings) throws(CommandFailure) -> [(settings: Settings.Sink, sink: any DeliverySink)] {
        let secrets = SecretStore(directory: settings.secrets, environment: ProcessInfo.processInfo.environment)
        guard !settings.sinks.isEmpty else { return [] }
        let proxy = try proxy(settings, secrets)
        var built: [(Settings.Sink, any DeliverySink)] = []
        for sink in settings.sinks {
            var values = sink.values
            for option in sink.kind.allOptions where option.isSecret {
                if let template = values[option.name] { values[option.name] = try secret(template, "the sink \(sink.name)", secrets) }
            }
            let surroundings = SinkSurroundings(
                format: sink.format, trust: settings.trust, proxy: proxy, agent: "waybill/\(Waybill.version)")
            do throws(DeliveryFailure) {
                built.append((sink, try sink.kind.make(SinkValues(values), surroundings)))
            } catch {
                throw CommandFailure("sinks.\(sink.name): \(error.message.withoutFullStop)")
            }
        }
        return built
    }

    static func proxy(_ settings: Settings, _ secrets: SecretStore) throws(CommandFailure) -> CurlIdentity.Proxy? {
        guard let proxy = settings.upstreamProxy else { return nil }
        var password: String?
        if let template = proxy.password { password = try secret(template, "`upstream_proxy`", secrets) }
        return CurlIdentity.Proxy(
            host: proxy.address.host, port: proxy.address.port, isTLS: proxy.isTLS, username: proxy.username, password: password)
    }

    static func secret(_ template: String, _ who: String, _ secrets: SecretStore) throws(CommandFailure) -> String {
        let name = SecretStore.names(in: template).first ?? ""
        guard let value = try secrets.value(name), !value.isEmpty else {
            throw CommandFailure(
                "\(who) needs the secret `\(name)`, which is missing",
                remedy:
                    "set \(SecretStore.variable(name)), or write it to \(Files.resolve(name, against: secrets.directory)) with mode 0600")
        }
        return value
    }
}

extension GateParts {
    /// One for each sink: a thread and a cursor of its own, so that none waits for another.
    func sinkWork() throws -> [BackgroundWork] {
        let sinks = try SinkWiring.sinks(settings)
        guard !sinks.isEmpty else { return [] }
        let cursors = SinkCursors(try Wiring.control(settings), clock: SystemWallClock())
        return try sinks.map { settings, sink in
            let runner = SinkRunner(
                name: settings.name, sink: sink, feed: LedgerFeed(try Wiring.exportedLogs(self.settings)), keeping: cursors,
                beginning: settings.values[SinkKinds.from.name] == "now" ? .now : .start, clock: SystemWallClock(),
                tell: { [logger] sentence in logger.warning("sink", metadata: ["note": "\(sentence)"]) })
            self.sinks.show(runner.progress)
            return BackgroundWork(
                name: "sink \(settings.name)", pauseMilliseconds: sinkPauseMilliseconds, logger: logger, stop: { runner.stop() },
                turn: { try runner.turn() })
        }
    }

    /// Between two looks at a log that has nothing new.
    private var sinkPauseMilliseconds: Int { 500 }
}

/// The logs as a sink is fed from them, by connections of its own: it holds up neither the writer nor other sinks.
final class LedgerFeed: SinkFeed {
    private let live: any LogReader
    private let ended: [any LogReader]
    /// What ended stays as it is.
    private let endedLogs = Mutex<[SinkLog]?>(nil)
    private let exporter: Mutex<ShardExporter>

    /// `logs`: oldest first; the last one grows.
    init(_ logs: [any LogReader]) {
        live = logs[logs.count - 1]
        ended = logs.dropLast()
        exporter = Mutex(ShardExporter(logs: logs))
    }

    func logs() throws -> [SinkLog] {
        try telling {
            let before = try endedLogs.withLock { known in
                let logs = try known ?? ended.compactMap(SinkLog.init)
                known = logs
                return logs
            }
            return try before + [SinkLog(live)].compactMap { $0 }
        }
    }

    func records(from cursor: ExportCursor, entriesMax: Int, bytesMax: Int) throws -> [ExportRecord] {
        try telling {
            try exporter.withLock { try $0.records(from: cursor, entriesMax: entriesMax, bytesMax: bytesMax).records }
        }
    }

    private func telling<Value>(_ work: () throws -> Value) throws -> Value {
        do {
            return try work()
        } catch let error as LogStoreError {
            throw DeliveryFailure(error.message)
        } catch let error as ExportError {
            throw DeliveryFailure(error.message)
        }
    }
}

extension SinkLog {
    /// Nil: it has no entry yet.
    fileprivate init?(_ log: any LogReader) throws {
        guard let identity = try log.identity(), let head = try log.head() else { return nil }
        self.init(origin: identity.origin, size: head.size)
    }
}

extension SinkCursors: SinkKeeping {}
