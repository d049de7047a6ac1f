import WaybillCore

/// The only one who appends. Lives on the log's thread; a value, so that nothing else can reach it.
struct LogWriter: Sendable {
    let store: any LogStore
    let configuration: LogConfiguration
    let clock: any WallClock
    let sightings: Sightings
    let author: EntryAuthor
    let signers: [NoteSigner]
    let copy: any CheckpointCopy
    let observer: LogObserver
    var position: LogPosition
    var open: OpenTransfers
    /// Entries that belong to no waiting caller and that a rollback left over.
    var retained: [LogItem]
    /// Written with the first commit of an origin.
    var identity: LogIdentity?
    private(set) var state: RecorderState = .open
    /// Size of the last signed checkpoint.
    private(set) var signedSize: UInt64 = 0
    private var signedAt: UInt64 = 0
    /// When an attempt to sign last succeeded.
    private(set) var checkpointedAt: UInt64 = 0
    private var sealedAt: UInt64 = monotonicMilliseconds()
    private var hasTraffic = false
    private var mustKeepCheckpoint = false
    private var keptAt: UInt64 = monotonicMilliseconds()
    private var copyFails = false

    init(
        store: any LogStore, configuration: LogConfiguration, clock: any WallClock, sightings: Sightings, author: EntryAuthor,
        signers: [NoteSigner], copy: any CheckpointCopy, observer: LogObserver, position: LogPosition, open: OpenTransfers,
        retained: [LogItem],
        identity: LogIdentity?
    ) {
        self.store = store
        self.configuration = configuration
        self.clock = clock
        self.sightings = sightings
        self.author = author
        self.signers = signers
        self.copy = copy
        self.observer = observer
        self.position = position
        self.open = open
        self.retained = retained
        self.identity = identity
    }

    /// When the writer must be woken, whether or not there is work.
    func deadline(hasRefused: Bool) -> UInt64 {
        let now = monotonicMilliseconds()
        if case .closed = state { return now + 3_600_000 }
        if state != .open || !retained.isEmpty { return now + UInt64(configuration.retryMilliseconds) }
        var deadline = UInt64.max
        if signedSize < position.tree.size { deadline = signedAt + UInt64(configuration.checkpointEveryMilliseconds) }
        if hasTraffic || hasRefused { deadline = min(deadline, sealedAt + UInt64(configuration.sealEverySeconds) * 1_000) }
        return deadline
    }

    private var mustSeal: Bool { monotonicMilliseconds() >= sealedAt + UInt64(configuration.sealEverySeconds) * 1_000 }

    /// Commits what is given and what an earlier rollback left over. The caller sends the answers once others can see the new state.
    mutating func commit(_ items: [LogItem], inbox: Inbox, sealing: Seal.Why? = nil) -> Replies {
        var replies = Replies()
        for (reply, error) in inbox.takeRejected() { replies.add(.failure(error), to: reply) }
        if case .closed(let message) = state {
            fail(items, RecordError(code: .closed, message: message), &replies)
            return replies
        }
        let now = clock.now()
        guard now.adding(seconds: Int64(configuration.clockBehindSecondsMax)) >= position.time else {
            let message = "The clock is behind the log's last entry (\(position.time.rfc3339)); set the clock."
            let all = retained + items
            retained = []
            retain(all, inbox)
            set(.refusing(message))
            fail(items, RecordError(code: .clock, message: message), &replies)
            return replies
        }
        var items = items
        if !retained.isEmpty { items = exchange(&retained, with: []) + items }
        let why = sealing ?? (mustSeal && (hasTraffic || inbox.hasRefused) ? .minute : nil)
        guard !items.isEmpty || why != nil else { return replies }
        let room = items.reduce(4_096) { $0 + $1.bytesMax }
        var batch = LogBatch(position: position, author: author, room: (items.count, room), now: now)
        for item in items { batch.add(item, open: open, sightings: sightings) }
        let refused = why == nil ? [:] : inbox.takeRefused()
        if let why { batch.addSeal(why, refused: refused) }
        for (reply, error) in batch.rejected { replies.add(.failure(error), to: reply) }
        guard batch.count > 0 else { return replies }
        do {
            let commit = batch.finish(identity: identity, open: open)
            try store.append(commit)
            adopt(batch, &replies)
        } catch {
            inbox.giveBack(refused: refused)
            failed(error, items, batch, inbox, &replies)
        }
        return replies
    }

    private mutating func adopt(_ batch: LogBatch, _ replies: inout Replies) {
        position = batch.position
        for key in batch.closed { open.close(key) }
        open.trim()
        for (key, intent) in batch.opened { open.open(key, intent) }
        identity = nil
        hasTraffic = hasTraffic || batch.hasTraffic
        if batch.hasSeal {
            hasTraffic = false
            sealedAt = monotonicMilliseconds()
            // Of the checkpoints of quiet running one an hour is kept for good, and those at the ends of epochs.
            if batch.endsEpoch || sealedAt >= keptAt + 3_600_000 {
                mustKeepCheckpoint = true
                keptAt = sealedAt
            }
        }
        if !batch.sighted.isEmpty {
            sightings.becameDurable(batch.sighted, now: monotonicMilliseconds())
            observer.sighted(batch.sighted)
        }
        set(.open)
        for (reply, index) in batch.committed { replies.add(.success(CommitReceipt(xid: reply.xid, index: index)), to: reply) }
        for (reply, index) in batch.noticed { replies.add(.success(index), to: reply) }
    }

    private mutating func failed(
        _ error: LogStoreError, _ items: [LogItem], _ batch: LogBatch, _ inbox: Inbox, _ replies: inout Replies
    ) {
        let failure: RecordError
        switch error {
        case .rolledBack(let code, let message) where isHeadUnchanged():
            retain(items, inbox)
            set(.refusing(message))
            failure = RecordError(code: code, message: message)
        case .rolledBack:
            let message = "The log's store no longer stands where this process left it; restart."
            set(.closed(message))
            failure = RecordError(code: .closed, message: message)
        case .broken(let message), .unusable(let message):
            set(.closed(message))
            failure = RecordError(code: .closed, message: message)
        }
        for (reply, _) in batch.committed { replies.add(.failure(failure), to: reply) }
        for (reply, _) in batch.noticed { replies.add(.failure(failure), to: reply) }
    }

    /// A rollback is only believed if the store still stands where it stood.
    private func isHeadUnchanged() -> Bool {
        do { return try store.head()?.size ?? 0 == position.tree.size } catch { return false }
    }

    /// Keeps what no caller waits for. Denials, the only entries callers can make without end, have a limit.
    private mutating func retain(_ items: [LogItem], _ inbox: Inbox) {
        var denials = 0
        for item in items {
            switch item {
            // Whoever waits is told, and tries again.
            case .intent, .notice(_, .some): continue
            case .denial:
                denials += 1
                guard denials <= configuration.queuedEntriesMax else {
                    inbox.count(refused: "denial_not_entered")
                    continue
                }
            case .outcome, .notice(_, nil), .seal: break
            }
            retained.append(item)
        }
    }

    private func fail(_ items: [LogItem], _ error: RecordError, _ replies: inout Replies) {
        for item in items {
            switch item {
            case .intent(_, let reply): replies.add(.failure(error), to: reply)
            case .notice(_, let reply?): replies.add(.failure(error), to: reply)
            case .notice(_, nil), .denial, .outcome, .seal: continue
            }
        }
    }

    private mutating func set(_ new: RecorderState) {
        guard new != state else { return }
        state = new
        switch new {
        case .open: observer.told("The log takes entries again.")
        case .refusing(let message), .closed(let message): observer.told(message)
        }
    }

    // MARK: Checkpoints

    /// Signs the present tree, if it grew since and the last signature is old enough, or `force`.
    mutating func sign(force: Bool = false) {
        if case .closed = state { return }
        let now = monotonicMilliseconds()
        let isDue = force || now >= signedAt + UInt64(configuration.checkpointEveryMilliseconds)
        guard isDue, force || signedSize < position.tree.size else { return }
        signedAt = now
        do {
            let checkpoint = Checkpoint(origin: author.origin, size: position.tree.size, root: position.tree.root)
            let note = try checkpoint.signed(by: signers).string
            try copy.write(Array(note.utf8))
            try store.put(StoredCheckpoint(origin: author.origin, size: checkpoint.size, note: note, keep: mustKeepCheckpoint))
            signedSize = checkpoint.size
            checkpointedAt = now
            mustKeepCheckpoint = false
            if copyFails { observer.told("Checkpoints are written again.") }
            copyFails = false
        } catch let error as LogStoreError {
            if case .rolledBack = error { return report("The checkpoint could not be kept: \(error.message)") }
            set(.closed(error.message))
        } catch {
            report("The checkpoint could not be signed or copied (\(error)); check log.checkpoint_copy.")
        }
    }

    /// While the store refuses and nothing waits, finds out whether it takes writes again.
    mutating func probe() {
        guard case .refusing = state, retained.isEmpty else { return }
        guard clock.now().adding(seconds: Int64(configuration.clockBehindSecondsMax)) >= position.time else { return }
        sign(force: true)
        if signedAll { set(.open) }
    }

    /// The last attempt to sign succeeded.
    private var signedAll: Bool { signedSize == position.tree.size && !copyFails }

    private mutating func report(_ message: String) {
        if !copyFails { observer.told(message) }
        copyFails = true
    }
}
