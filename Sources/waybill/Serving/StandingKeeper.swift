import Synchronization
import WaybillCore
import WaybillLedger
import WaybillProxy
import WaybillStorage

/// Puts in force which documents are approved and ended. Reads only what is new in the store, so that an end binds at once however long the
/// history is; one at a time, so that nobody who read before an end puts in force after it.
final class StandingKeeper: Sendable {
    private struct Known {
        var lives = PolicyLives()
        var set: PolicySet?
    }
    private let known = Mutex(Known())

    /// `set`: in force, or about to be; nil: as before, and the store knows more.
    func put(standingOf set: PolicySet?, _ control: ControlDatabase, in state: GateState) throws(CommandFailure) {
        do {
            try known.withLock { known in
                if let set { known.set = set }
                guard let set = known.set else { return }
                try known.lives.apply(try control.lifeEvents(after: known.lives.upTo))
                let standing = known.lives.standing(of: set)
                state.updateStanding {
                    $0.agreements = standing.agreements
                    $0.vendorsNotApproved = standing.vendorsNotApproved
                    $0.callersEnded = standing.callersEnded
                }
            }
        } catch let problem as PolicyLifeProblem {
            throw CommandFailure(problem.message.withoutFullStop)
        } catch {
            throw CommandFailure("\(error)".withoutFullStop)
        }
    }
}
