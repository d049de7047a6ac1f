import Synchronization
import WaybillCore

/// What waits for the writer.
enum LogItem: Sendable {
    case intent(PreparedTransfer, Reply)
    case denial(PreparedTransfer)
    case outcome(TransferOutcome)
    /// The reply, if somebody waits until the notice is durable.
    case notice(LogNotice, NoticeReply? = nil)
    case seal(Seal)

    struct Reply: Sendable {
        var xid: TransferID
        var ticket: UInt64
        var listener: any CommitListener
    }

    var bytesMax: Int {
        switch self {
        case .intent(let transfer, _), .denial(let transfer): transfer.entry.bytesMax
        case .outcome: 1_024
        case .notice, .seal: 4_096
        }
    }
}

/// Tells one who waits for a notice whether it is durable, and at which index: once, and at the latest when the log lets go of it.
final class NoticeReply: Sendable {
    private let listener: Mutex<(@Sendable (Result<UInt64, RecordError>) -> Void)?>

    init(_ listener: @escaping @Sendable (Result<UInt64, RecordError>) -> Void) { self.listener = Mutex(listener) }

    deinit { tell(.failure(RecordError(code: .closed, message: "The log has stopped."))) }

    func tell(_ result: Result<UInt64, RecordError>) {
        let listener = listener.withLock { exchange(&$0, with: nil) }
        listener?(result)
    }
}

/// Results on their way to listeners, each listener told once.
struct Replies {
    private var noticed: [(reply: NoticeReply, result: Result<UInt64, RecordError>)] = []
    private var order: [(listener: any CommitListener, results: [CommitResult])] = []
    private var positions: [ObjectIdentifier: Int] = [:]

    mutating func add(_ result: Result<CommitReceipt, RecordError>, to reply: LogItem.Reply) {
        let result = CommitResult(ticket: reply.ticket, result: result)
        // Mostly the one before has the same listener.
        let last = order.count - 1
        if last >= 0, order[last].listener === reply.listener { return order[last].results.append(result) }
        let id = ObjectIdentifier(reply.listener)
        if let position = positions[id] {
            order[position].results.append(result)
        } else {
            positions[id] = order.count
            order.append((reply.listener, [result]))
        }
    }

    mutating func add(_ result: Result<UInt64, RecordError>, to reply: NoticeReply) { noticed.append((reply, result)) }

    func send() {
        for (listener, results) in order { listener.committed(results) }
        for (reply, result) in noticed { reply.tell(result) }
    }
}
