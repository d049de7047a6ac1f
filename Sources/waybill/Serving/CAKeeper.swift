import Logging
import ServiceLifecycle
import WaybillCore
import WaybillLedger
import WaybillProxy

/// The interception CA of a running gate: signs leaves with what stands in the key directory, and tells when its end comes near.
struct CAKeeper: Service {
    static let lookEverySeconds: Int64 = 86_400
    let keys: KeyDirectory
    let leaves: InterceptionLeaves
    let logger: Logger

    /// Reads the CA again, after a rotation. On an error the one before goes on signing.
    func reload() throws(CommandFailure) -> CAStatus {
        guard let ca = try InterceptionCA.existing(in: keys) else {
            throw CommandFailure("the interception CA is missing from \(keys.path)", remedy: "restore it from a backup")
        }
        leaves.replace(authority: ca.authority)
        logger.notice("interception CA read", metadata: ["signing": "\(ca.authority.mark)", "next": "\(ca.next?.mark ?? "")"])
        return CAStatus(ca)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                warn()
                do {
                    try await Task.sleep(for: .seconds(CAKeeper.lookEverySeconds))
                } catch {
                    return
                }
            }
        }
    }

    private func warn() {
        do throws(CommandFailure) {
            guard let ca = try InterceptionCA.existing(in: keys) else { return }
            if let sentence = ca.warning(now: SystemWallClock().now()) {
                logger.warning("interception CA", metadata: ["problem": "\(sentence)"])
            }
            if let next = ca.next {
                logger.notice("a rotation of the interception CA is under way", metadata: ["next": "\(next.mark)"])
            }
        } catch {
            logger.error("interception CA", metadata: ["problem": "\(error.sentence)"])
        }
    }

    /// Destinations that the forward proxy will refuse.
    func warnUncovered(_ set: PolicySet, directory: PolicyDirectory) {
        do throws(CommandFailure) {
            guard let ca = try InterceptionCA.existing(in: keys) else { return }
            for problem in ca.uncovered(set) {
                logger.warning("policy warning", metadata: ["problem": "\(directory.located(problem))"])
            }
        } catch {
            logger.error("interception CA", metadata: ["problem": "\(error.sentence)"])
        }
    }
}
