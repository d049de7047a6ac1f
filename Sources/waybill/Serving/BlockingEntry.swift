import Dispatch
import Synchronization
import WaybillCore
import WaybillLedger

extension TransferLog {
    private final class Answer: Sendable {
        let failure = Mutex<RecordError?>(nil)
        let given = DispatchSemaphore(value: 0)
    }

    /// `enter` for threads that may block, which those of background work are; nil: it is durable.
    func enterAndWait(_ notice: LogNotice) -> RecordError? {
        let answer = Answer()
        Task { [self] in
            do throws(RecordError) { _ = try await enter(notice) } catch { answer.failure.withLock { $0 = error } }
            answer.given.signal()
        }
        answer.given.wait()
        return answer.failure.withLock { $0 }
    }
}
