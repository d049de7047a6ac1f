import NIOCore
import WaybillLedger

/// Waits on one event loop for something from another thread; told on that loop, exactly once a ticket.
protocol TicketHolder: AnyObject {
    func resume(ticket: UInt64, with news: LoopMailbox.News)
}

/// One event loop's letter box: the log and the consent store put news in from their threads, exchanges take them out by ticket.
/// The log's news of a whole batch cost one wake-up.
final class LoopMailbox: CommitListener, Sendable {
    enum News: Sendable {
        case committed(Result<CommitReceipt, RecordError>)
        case refreshed(Bool)
    }
    private struct Waiting {
        var holders: [UInt64: any TicketHolder] = [:]
        var nextTicket: UInt64 = 1
    }
    private let eventLoop: any EventLoop
    private let waiting: NIOLoopBoundBox<Waiting>

    /// On the event loop.
    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        waiting = NIOLoopBoundBox(Waiting(), eventLoop: eventLoop)
    }

    /// On the event loop. The holder is kept until its news come, so that a commit nobody waits for any more still gets its outcome.
    func ticket(for holder: any TicketHolder) -> UInt64 {
        let ticket = waiting.value.nextTicket
        waiting.value.nextTicket += 1
        waiting.value.holders[ticket] = holder
        return ticket
    }

    func committed(_ results: [CommitResult]) {
        eventLoop.execute {
            for result in results { self.deliver(.committed(result.result), to: result.ticket) }
        }
    }

    func refreshed(_ ticket: UInt64, _ isDone: Bool) {
        eventLoop.execute { self.deliver(.refreshed(isDone), to: ticket) }
    }

    private func deliver(_ news: News, to ticket: UInt64) {
        waiting.value.holders.removeValue(forKey: ticket)?.resume(ticket: ticket, with: news)
    }
}
