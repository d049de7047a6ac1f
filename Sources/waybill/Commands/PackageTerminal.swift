import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A package made at a terminal: progress and warnings on standard error, and being stopped by a signal.
final class PackageTerminal {
    private var progress = Progress("entries")
    private var stage = "entries"
    private let interruption = Interruption()

    var watch: PackageWatch {
        PackageWatch(reached: { [self] in try update($0, $1, $2) }, warn: { [self] in warn($0) })
    }

    func clear() { progress.clear() }

    private func update(_ stage: String, _ done: UInt64, _ total: UInt64) throws {
        guard !interruption.isRaised else { throw CommandFailure("stopped; nothing was kept", remedy: "run it again") }
        if stage != self.stage {
            progress.clear()
            progress = Progress(stage)
            self.stage = stage
        }
        progress.update(done: Int(clamping: done), total: Int(clamping: total))
    }

    private func warn(_ sentence: String) {
        progress.clear()
        StandardStreams.writeError("waybill: warning: \(sentence)\n")
    }
}

/// SIGINT and SIGTERM as a flag, so that what was begun is removed before the process ends.
private final class Interruption {
    private final class Flag: Sendable {
        let raised = Atomic(false)
    }
    private let flag = Flag()
    private let sources: [any DispatchSourceSignal]

    init() {
        let flag = flag
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { flag.raised.store(true, ordering: .relaxed) }
            source.resume()
            return source
        }
    }

    var isRaised: Bool { flag.raised.load(ordering: .relaxed) }
}
