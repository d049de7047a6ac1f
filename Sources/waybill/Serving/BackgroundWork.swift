import Dispatch
import Logging
import ServiceLifecycle
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillStorage

/// Work beside the gate that follows the log: it may lag and it may fail, and it never holds traffic.
///
/// Each has a thread of its own, so that it may block. What it was doing when the gate stops is finished first.
struct BackgroundWork: Service {
    /// As in logs.
    let name: String
    /// Between two turns when there was nothing to do.
    let pauseMilliseconds: Int
    /// After a failure; doubled up to `failurePauseMillisecondsMax`.
    static let failurePauseMilliseconds = 1_000
    static let failurePauseMillisecondsMax = 60_000
    let logger: Logger
    /// When the gate stops: ends a turn under way soon. From any thread.
    var stop: @Sendable () -> Void = {}
    /// True: there is more to do at once. What it throws is told once until it works again.
    let turn: @Sendable () throws -> Bool

    func run() async throws {
        await withGracefulShutdownHandler {
            await cancelWhenGracefulShutdown { await work() }
        } onGracefulShutdown: {
            stop()
        }
    }

    private func work() async {
        let queue = DispatchQueue(label: "waybill.\(name)")
        var failures = 0
        while !Task.isCancelled {
            var pause = pauseMilliseconds
            do {
                if try await take(queue) { pause = 0 }
                if failures > 0 { logger.notice("background work goes on", metadata: ["work": "\(name)"]) }
                failures = 0
            } catch {
                if failures == 0 {
                    logger.error("background work failed", metadata: ["work": "\(name)", "why": "\(Self.sentence(error))"])
                }
                failures += 1
                let longest = min(Self.failurePauseMilliseconds << min(failures - 1, 10), Self.failurePauseMillisecondsMax)
                // Gates that lost the same receiver do not come back to it at one moment.
                pause = Int.random(in: longest / 2...longest)
            }
            guard pause > 0 else { continue }
            do { try await Task.sleep(for: .milliseconds(pause)) } catch { return }
        }
    }

    /// Only what was written for people: a database's own error can quote values.
    static func sentence(_ error: any Error) -> String {
        switch error {
        case is CommandFailure, is ControlDatabaseError, is DeliveryFailure, is SystemError: "\(error)"
        case let error as LogStoreError: error.message
        default: "\(type(of: error))"
        }
    }

    private func take(_ queue: DispatchQueue) async throws -> Bool {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try turn() }) }
        }
    }
}

extension GateParts {
    /// Everything that runs beside the gate, one line each.
    func backgroundWork() throws -> [BackgroundWork] {
        try [
            indexing(),
            SideRetention.work(self),
            witnesses.map { WitnessWork.work($0, log: log, reader: logStore, logger: logger) },
            traces.flatMap { queue in try settings.traces.map { try TraceExport.work(self, queue, $0) } },
        ].compactMap { $0 } + sinkWork()
    }
}
