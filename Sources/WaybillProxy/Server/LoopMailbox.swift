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
    /// A ticket is a slot's position and how often it was taken before, so that no news reach whoever has the slot next.
    private struct Waiting {
        private var slots: [(holder: (any TicketHolder)?, taken: UInt32)] = []
        private var free: [Int] = []

        mutating func enter(_ holder: any TicketHolder) -> UInt64 {
            let position = free.popLast() ?? slots.count
            if position == slots.count { slots.append((nil, 0)) }
            slots[position].holder = holder
            return UInt64(slots[position].taken) << 32 | UInt64(position)
        }

        /// Nil if its news came already.
        mutating func leave(_ ticket: UInt64) -> (any TicketHolder)? {
            let position = Int(ticket & 0xffff_ffff)
            guard position < slots.count, slots[position].taken == UInt32(ticket >> 32), let holder = slots[position].holder else {
                return nil
            }
            slots[position] = (nil, slots[position].taken &+ 1)
            free.append(position)
            return holder
        }
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
        waiting.value.enter(holder)
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
        waiting.value.leave(ticket)?.resume(ticket: ticket, with: news)
    }
}
