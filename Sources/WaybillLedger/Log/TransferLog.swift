import Dispatch
import Synchronization
package import WaybillCore

/// The transfer log of one node: one writer thread over a store.
///
/// `close()` for a clean end. Letting go of it without is a crash: what was queued is lost, and the next start says so in the log.
package final class TransferLog: TransferRecorder {
    private enum Phase: Sendable {
        case running(DraftPreparation)
        /// The store does not extend the checkpoint copy. Behind a reference, so that the other case is copied as one.
        indirect case lost(LogRecovery, String)
    }

    /// Where the log stands, for `/readyz` and `/log/checkpoint`.
    package struct Status: Sendable {
        package var state: RecorderState
        package var size: UInt64
        /// Size of the last signed checkpoint, and when it was signed (milliseconds, monotonic; 0: not by this process).
        package var signedSize: UInt64 = 0
        var signedAt: UInt64 = 0

        package func checkpointAgeMilliseconds() -> UInt64? {
            let now = monotonicMilliseconds()
            return signedAt == 0 ? nil : now >= signedAt ? now - signedAt : 0
        }
    }

    private let store: any LogStore
    private let keys: LogKeys
    private let configuration: LogConfiguration
    private let clock: any WallClock
    private let copy: any CheckpointCopy
    private let observer: LogObserver
    private let inbox: Inbox
    private let phase: Mutex<Phase>
    private let status: StatusBox
    private let ended = DispatchSemaphore(value: 0)
    private let hasThread = Mutex(false)

    /// Opens, recovers what a crash left, and starts the writer. The log takes over `store` and closes it.
    ///
    /// Blocks. Throws with the remedy if the store is damaged or cannot be read. If it does not extend the checkpoint copy the log
    /// opens but refuses everything until `acknowledge()`.
    package static func open(
        store: any LogStore, keys: LogKeys, configuration: LogConfiguration, clock: any WallClock = SystemWallClock(),
        copy: any CheckpointCopy, observer: LogObserver = LogObserver()
    ) throws(LogOpenError) -> TransferLog {
        do {
            let recovery = try LogRecovery(store: store, keys: keys, copy: copy, previous: configuration.previous)
            let log = TransferLog(store, keys, configuration, clock, copy, observer, recovery)
            if let loss = recovery.loss {
                observer.told(loss.message)
            } else {
                try log.start(recovery)
            }
            return log
        } catch let error as LogOpenError {
            throw error
        } catch let error as LogStoreError {
            throw LogOpenError(error.message)
        } catch {
            throw LogOpenError("The log cannot be opened: \(error).")
        }
    }

    private init(
        _ store: any LogStore, _ keys: LogKeys, _ configuration: LogConfiguration, _ clock: any WallClock, _ copy: any CheckpointCopy,
        _ observer: LogObserver, _ recovery: LogRecovery
    ) {
        self.store = store
        self.keys = keys
        self.configuration = configuration
        self.clock = clock
        self.copy = copy
        self.observer = observer
        inbox = Inbox(limits: configuration)
        let message = recovery.loss?.message ?? "The log is starting."
        phase = Mutex(.lost(recovery, message))
        status = StatusBox(Status(state: .refusing(message), size: recovery.tree.size))
    }

    deinit { inbox.stop(.abandon) }

    package var state: RecorderState { status.value.withLock { $0.state } }
    package var size: UInt64 { status.value.withLock { $0.size } }
    package var present: Status { status.value.withLock { $0 } }
    package var load: LogLoad { inbox.load() }

    package func record(_ draft: TransferDraft, ticket: UInt64, for listener: any CommitListener) {
        let reply = LogItem.Reply(xid: draft.xid, ticket: ticket, listener: listener)
        switch phase.withLock({ $0 }) {
        case .lost(_, let message): answer(reply, message)
        case .running(let preparation):
            do {
                record(try preparation.intent(draft), reply)
            } catch {
                if !inbox.reject(reply, error) { answer(reply, "The log has stopped.") }
            }
        }
    }

    /// Does the part of `record` that costs the caller's time; nil while the log refuses for want of an acknowledgement.
    package func prepare(_ draft: TransferDraft) throws(RecordError) -> PreparedTransfer? {
        guard case .running(let preparation) = phase.withLock({ $0 }) else { return nil }
        return try preparation.intent(draft)
    }

    /// Enters what `prepare` of this same log gave.
    package func record(_ prepared: PreparedTransfer, ticket: UInt64, for listener: any CommitListener) {
        record(prepared, LogItem.Reply(xid: prepared.xid, ticket: ticket, listener: listener))
    }

    private func record(_ prepared: PreparedTransfer, _ reply: LogItem.Reply) {
        if !inbox.add(intent: prepared, reply) { answer(reply, "The log has stopped.") }
    }

    package func record(_ outcome: TransferOutcome) { inbox.add(rider: .outcome(outcome)) }

    package func recordDenial(_ draft: TransferDraft) {
        guard case .running(let preparation) = phase.withLock({ $0 }) else { return inbox.count(refused: "denial_not_entered") }
        do { inbox.add(rider: .denial(try preparation.denial(draft))) } catch { inbox.count(refused: "denial_not_entered") }
    }

    package func count(refused code: String) { inbox.count(refused: code) }

    /// Enters an administrative act, a change of keys or an erasure; joins a later commit.
    package func record(_ notice: LogNotice) { inbox.add(rider: .notice(notice)) }

    /// The same, and returns when it is durable, with its index; within about 100 ms.
    package func enter(_ notice: LogNotice) async throws(RecordError) -> UInt64 {
        if case .lost(_, let message) = phase.withLock({ $0 }) { throw RecordError(code: .closed, message: message) }
        let result = await withCheckedContinuation { continuation in
            inbox.add(rider: .notice(notice, NoticeReply { continuation.resume(returning: $0) }))
        }
        return try result.get()
    }

    /// From here on no commit takes these numbers, or makes these identifiers known, whatever was prepared before. Commits under way may
    /// still do so: what is recorded after this call stands behind all of them.
    package func forget(numbers: Set<UInt32>, fingerprints: [Fingerprint]) {
        guard case .running(let preparation) = phase.withLock({ $0 }) else { return }
        preparation.sightings.forget(numbers: numbers, fingerprints: fingerprints, now: monotonicMilliseconds())
    }

    /// Writes what is queued, seals, signs, and closes the store. Blocks; not to be called from a listener or observer.
    package func close() {
        inbox.stop(.drain)
        let mustWait = hasThread.withLock { $0 }
        if mustWait {
            ended.wait()
            ended.signal()
        } else {
            store.close()
        }
    }

    /// Accepts that the store lost what the checkpoint copy proves, and goes on under a new origin that cites it.
    /// Throws if there is nothing to acknowledge, or the store does not take the entry.
    package func acknowledge() throws(LogOpenError) {
        guard case .lost(let recovery, _) = phase.withLock({ $0 }), recovery.loss != nil else {
            throw LogOpenError("Nothing is to be acknowledged: the store extends its checkpoint.")
        }
        do { try start(recovery) } catch let error as LogOpenError { throw error } catch {
            throw LogOpenError("The log cannot start: \(error).")
        }
    }

    /// Nobody else can be told on the log's thread once it has none.
    private func answer(_ reply: LogItem.Reply, _ message: String) {
        reply.listener.committed([CommitResult(ticket: reply.ticket, result: .failure(RecordError(code: .closed, message: message)))])
    }

    private func start(_ recovery: LogRecovery) throws {
        let plan = StartPlan(recovery, configuration)
        let author = EntryAuthor(origin: plan.identity.origin, node: configuration.node, epoch: (recovery.head?.epoch ?? 0) + 1)
        let signers = try keys.signers(origin: author.origin)
        let sightings = Sightings(
            last: [try store.lastSubjectNumber(), configuration.lastSubjectNumber].compactMap { $0 }.max())
        let start = LogNotice.config(act: "start", detail: ["key": signers[0].verifier.vkey])
        let position = LogPosition(
            tree: recovery.tree, time: recovery.head?.time ?? Timestamp(nanoseconds: 0), sealedTo: recovery.head?.sealedTo ?? 0)
        var writer = LogWriter(
            store: store, configuration: configuration, clock: clock, sightings: sightings, sideRows: keys.sideRows,
            author: author, signers: signers, copy: copy, observer: observer, position: position, open: recovery.open,
            retained: plan.items + [.notice(start)],
            identity: plan.isNew ? plan.identity : nil)
        // Before the first entry there must be a checkpoint outside, or a store that loses everything would look new.
        if recovery.head == nil, plan.cited == nil {
            try copy.write(
                Array(try Checkpoint(origin: author.origin, size: 0, root: MerkleHashing.emptyRoot).signed(by: signers).string.utf8))
        }
        writer.commit([], inbox: inbox).send()
        if case .closed(let message) = writer.state { throw LogOpenError(message) }
        if writer.state == .open { writer.sign(force: true) }
        phase.withLock { $0 = .running(DraftPreparation(author: author, keys: keys, sightings: sightings)) }
        run(writer)
    }

    private func run(_ writer: LogWriter) {
        hasThread.withLock { $0 = true }
        let loop = WriterLoop(inbox: inbox, status: status, ended: ended, store: store)
        loop.publish(writer)
        DispatchQueue(label: "waybill.log", qos: .userInitiated).async { loop.run(writer) }
    }
}

/// How far the writer is behind.
package struct LogLoad: Sendable, Equatable {
    package var queuedIntents: Int
    package var queuedBytes: Int
    /// Outcomes, denials and notices that ride with a later commit.
    package var queuedOthers: Int
    /// How long the oldest intent without a commit has waited.
    package var oldestMilliseconds: UInt64
}

/// Shared between the log and its thread.
final class StatusBox: Sendable {
    let value: Mutex<TransferLog.Status>
    init(_ status: TransferLog.Status) { value = Mutex(status) }
}

/// What the log's thread does until it is told to stop. Does not hold the log itself, so that letting go of the log ends the thread.
private struct WriterLoop: Sendable {
    let inbox: Inbox
    let status: StatusBox
    let ended: DispatchSemaphore
    let store: any LogStore

    func run(_ initial: LogWriter) {
        var writer = initial
        while true {
            let replies: Replies
            switch inbox.next(until: writer.deadline(hasRefused: inbox.hasRefused)) {
            case .batch(let items): replies = writer.commit(items, inbox: inbox)
            case .deadline:
                replies = writer.commit([], inbox: inbox)
                writer.probe()
            case .stop(let how):
                if how == .drain, case .open = writer.state {
                    writer.commit([], inbox: inbox, sealing: .stop).send()
                    writer.sign(force: true)
                }
                publish(writer, stopped: true)
                store.close()
                ended.signal()
                return
            }
            publish(writer)
            replies.send()
            writer.sign()
            publish(writer)
        }
    }

    func publish(_ writer: LogWriter, stopped: Bool = false) {
        let state = stopped ? .closed("The log has stopped.") : writer.state
        let new = TransferLog.Status(
            state: state, size: writer.position.tree.size, signedSize: writer.signedSize, signedAt: writer.checkpointedAt)
        status.value.withLock { $0 = new }
    }
}

/// Under which origin a start goes on, and what it owes the log first.
private struct StartPlan {
    var identity: LogIdentity
    var isNew: Bool
    var items: [LogItem]
    /// The checkpoint that a new origin cites.
    var cited: Checkpoint?

    init(_ recovery: LogRecovery, _ configuration: LogConfiguration) {
        items = recovery.owed
        isNew = true
        guard let stored = recovery.identity else {
            identity = LogIdentity(origin: configuration.origin, configured: configuration.origin, generation: 0, previous: "")
            if let loss = recovery.loss {
                cite(loss.lost, act: "acknowledge", recovery, configuration, generation: 1)
            } else if let previous = configuration.previous {
                cite(previous, act: ShardAct.begin, recovery, configuration, generation: 0)
            }
            return
        }
        identity = stored
        if let loss = recovery.loss {
            cite(loss.lost, act: "acknowledge", recovery, configuration, generation: stored.generation + 1)
        } else if stored.configured != configuration.origin {
            let last = Checkpoint(origin: stored.origin, size: recovery.tree.size, root: recovery.tree.root)
            cite(last, act: "origin", recovery, configuration, generation: 0)
        } else {
            isNew = false
        }
    }

    private mutating func cite(
        _ checkpoint: Checkpoint?, act: String, _ recovery: LogRecovery, _ configuration: LogConfiguration, generation: Int
    ) {
        cited = checkpoint
        let origin = generation == 0 ? configuration.origin : "\(configuration.origin)/r\(generation)"
        identity = LogIdentity(origin: origin, configured: configuration.origin, generation: generation, previous: checkpoint?.text ?? "")
        var detail = ["found_root": Base64.encode(recovery.tree.root.bytes), "found_size": String(recovery.tree.size), "origin": origin]
        if let checkpoint {
            detail["cited_origin"] = checkpoint.origin
            detail["cited_root"] = Base64.encode(checkpoint.root.bytes)
            detail["cited_size"] = String(checkpoint.size)
        }
        items.insert(.notice(.config(act: act, detail: detail)), at: 0)
    }
}
