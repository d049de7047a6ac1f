import Synchronization
package import WaybillCore

/// Has witnesses cosign the newest checkpoint, again and again. Blocks nothing: a witness that is away is asked less often, and told of.
///
/// Only checkpoints in the store are asked for, so what they cover is durable.
package final class WitnessFollower: Sendable {
    package struct Pacing: Sendable {
        /// Between two checkpoints for one witness, while there are new ones.
        package var askEveryMilliseconds = 10_000
        /// Without a cosignature for so long a witness is stale.
        package var staleMilliseconds = 300_000
        /// A witness that fails is asked after ever longer pauses, up to this.
        package static let failurePauseMillisecondsMax = 60_000
        package init() {}

        /// A log at rest is cosigned anew so often, so that silence is noticed.
        var refreshMilliseconds: Int { max(askEveryMilliseconds, staleMilliseconds / 4) }
    }

    /// One witness as monitoring sees it.
    package struct Standing: Sendable, Equatable {
        package var name: String
        package var url: String
        /// Of the last checkpoint it cosigned; 0: none.
        package var size: UInt64
        /// Since its last cosignature came; since the start if it never came.
        package var ageMilliseconds: Int64
        package var isStale: Bool
        /// Why it did not cosign when it was last asked; nil: it did, or was not asked yet.
        package var fault: WitnessFault?
    }

    /// Told once each: that a witness is stale, back, or knows what must not be.
    package enum News: Sendable, Equatable {
        case stale(name: String, WitnessFault?)
        case back(name: String)
        case evidence(name: String, WitnessFault)
    }

    private struct State {
        var book: WitnessBook?
        var standings: [Course]
        /// All are asked together, so that one checkpoint collects every cosignature.
        var nextAt: Timestamp
        var isStopped = false
    }
    private struct Course {
        var cosignedAt: Timestamp
        var askAt: Timestamp
        var failures = 0
        var fault: WitnessFault?
        var isToldStale = false
        var toldEvidence: WitnessFault?
    }

    private let witnesses: [Witness]
    private let memory: any WitnessMemory
    private let transport: any WitnessTransport
    private let pacing: Pacing
    private let clock: any WallClock
    private let told: @Sendable (News) -> Void
    private let state: Mutex<State>

    package init(
        _ witnesses: [Witness], memory: any WitnessMemory, transport: any WitnessTransport, pacing: Pacing = Pacing(),
        clock: any WallClock = SystemWallClock(), told: @escaping @Sendable (News) -> Void = { _ in }
    ) {
        self.witnesses = witnesses
        self.memory = memory
        self.transport = transport
        self.pacing = pacing
        self.clock = clock
        self.told = told
        let now = clock.now()
        state = Mutex(State(book: nil, standings: witnesses.map { _ in Course(cosignedAt: now, askAt: now) }, nextAt: now))
    }

    package var standings: [Standing] {
        let now = clock.now()
        let state = state.withLock { $0 }
        return zip(witnesses, state.standings).map { witness, course in
            let age = max(0, now.milliseconds - course.cosignedAt.milliseconds)
            return Standing(
                name: witness.name, url: witness.url, size: record(witness, in: state.book)?.size ?? 0, ageMilliseconds: age,
                isStale: age > Int64(pacing.staleMilliseconds), fault: course.fault)
        }
    }

    /// The newest checkpoint with its cosignatures; nil: none, or its cosignatures are stale and it says little about now.
    package var cosigned: CosignedCheckpoint? {
        guard let found = state.withLock({ $0.book?.cosigned }) else { return nil }
        return clock.now().milliseconds - found.time.milliseconds <= Int64(pacing.staleMilliseconds) ? found : nil
    }

    /// Asks nobody any more and gives up what is under way, so that a gate that stops does not wait for witnesses.
    package func stop() {
        state.withLock { $0.isStopped = true }
        transport.stop()
    }

    /// Asks the witnesses whose time has come. Throws if the store or the book cannot be read or written.
    package func turn(_ reader: any LogReader) throws {
        try remember()
        let now = clock.now()
        if has(come: state.withLock { $0.nextAt }, now, pauseMax: pacing.askEveryMilliseconds), let last = try reader.lastCheckpoint() {
            state.withLock { $0.nextAt = now.adding(milliseconds: pacing.askEveryMilliseconds) }
            try ask(about: last.note, reader, now)
        }
        tellStale()
    }

    private func ask(about text: String, _ reader: any LogReader, _ now: Timestamp) throws {
        let (note, checkpoint) = try LogProofs.read(text)
        let pauseMax = max(Pacing.failurePauseMillisecondsMax, pacing.askEveryMilliseconds)
        let asked = witnesses.indices.filter { position in
            has(come: state.withLock { $0.standings[position].askAt }, now, pauseMax: pauseMax)
        }
        guard asked.contains(where: { hasWork($0, checkpoint, now) }) else { return }
        var signatures = [NoteSignature]()
        for position in asked where !state.withLock({ $0.isStopped }) {
            do throws(WitnessFault) {
                let signature = try ask(witnesses[position], checkpoint, text, reader)
                signatures.append(signature)
                cosigned(position, checkpoint, signature)
            } catch {
                if !state.withLock({ $0.isStopped }) { failed(position, error) }
            }
        }
        if !signatures.isEmpty { try keep(note.adding(signatures), checkpoint, signatures) }
    }

    /// A clock that was set back must not keep witnesses unasked.
    private func has(come time: Timestamp, _ now: Timestamp, pauseMax: Int) -> Bool {
        now >= time || time > now.adding(milliseconds: pauseMax)
    }

    /// What an earlier run learnt.
    private func remember() throws {
        guard state.withLock({ $0.book == nil }) else { return }
        let book = try memory.read()
        state.withLock { state in
            state.book = book
            for (position, witness) in witnesses.enumerated() {
                guard let known = book.records.first(where: { $0.vkey == witness.verifier.vkey }) else { continue }
                state.standings[position].cosignedAt = min(known.time, state.standings[position].cosignedAt)
            }
        }
    }

    /// There is something new for it, its last cosignature grows old, or it failed before.
    private func hasWork(_ position: Int, _ checkpoint: Checkpoint, _ now: Timestamp) -> Bool {
        let (course, known) = state.withLock { ($0.standings[position], record(witnesses[position], in: $0.book)) }
        if course.failures > 0 || known?.origin != checkpoint.origin || known?.size != checkpoint.size { return true }
        return now.milliseconds - course.cosignedAt.milliseconds >= Int64(pacing.refreshMilliseconds)
    }

    private func ask(
        _ witness: Witness, _ checkpoint: Checkpoint, _ note: String, _ reader: any LogReader
    ) throws(WitnessFault) -> NoteSignature {
        let known = state.withLock { record(witness, in: $0.book) }
        var exchange = WitnessExchange(
            witness.verifier, checkpoint: checkpoint, known: known?.origin == checkpoint.origin ? known?.size ?? 0 : 0)
        var action = exchange.first
        while true {
            switch action {
            case .ask(let old):
                let body: [UInt8]
                do {
                    body = Array(try LogProofs(reader: reader).consistency(from: old, to: note).text.utf8)
                } catch {
                    throw .unreachable("The proof for it could not be made (\(error)).")
                }
                let answer = try transport.post(witness.url + "/add-checkpoint", body)
                action = exchange.answered(status: answer.status, body: answer.body)
            case .cosigned(let signature): return signature
            case .failed(let fault): throw fault
            }
        }
    }

    private func cosigned(_ position: Int, _ checkpoint: Checkpoint, _ signature: NoteSignature) {
        let (now, witness) = (clock.now(), witnesses[position])
        let wasStale = state.withLock { state in
            let time = Timestamp(seconds: Int64(clamping: signature.cosignatureSeconds ?? 0))
            let new = WitnessRecord(vkey: witness.verifier.vkey, origin: checkpoint.origin, size: checkpoint.size, time: time)
            state.book?.records.removeAll { $0.vkey == new.vkey }
            state.book?.records.append(new)
            let wasStale = state.standings[position].isToldStale
            state.standings[position] = Course(cosignedAt: now, askAt: now)
            return wasStale
        }
        if wasStale { told(.back(name: witness.name)) }
    }

    private func failed(_ position: Int, _ fault: WitnessFault) {
        let now = clock.now()
        let isNews = state.withLock { state in
            var course = state.standings[position]
            course.fault = fault
            course.failures += 1
            let pause = min(pacing.askEveryMilliseconds << min(course.failures - 1, 10), Pacing.failurePauseMillisecondsMax)
            course.askAt = now.adding(milliseconds: pause)
            let isNews = fault.isEvidence && course.toldEvidence != fault
            if isNews { course.toldEvidence = fault }
            state.standings[position] = course
            return isNews
        }
        if isNews { told(.evidence(name: witnesses[position].name, fault)) }
    }

    /// A checkpoint is shown with its cosignatures once every witness that is not stale has cosigned it.
    private func keep(_ note: SignedNote, _ checkpoint: Checkpoint, _ signatures: [NoteSignature]) throws {
        let missing = zip(witnesses, standings).contains { witness, standing in
            !standing.isStale && !signatures.contains { $0.name == witness.name && $0.hash == witness.verifier.hash }
        }
        let now = clock.now()
        let book = state.withLock { state in
            if !missing {
                state.book?.cosigned = CosignedCheckpoint(origin: checkpoint.origin, size: checkpoint.size, note: note.string, time: now)
            }
            let vkeys = Set(witnesses.map(\.verifier.vkey))
            state.book?.records.removeAll { !vkeys.contains($0.vkey) }
            return state.book ?? WitnessBook()
        }
        try memory.write(book)
    }

    private func tellStale() {
        for (position, standing) in standings.enumerated() where standing.isStale {
            let isNews = state.withLock { state in
                defer { state.standings[position].isToldStale = true }
                return !state.standings[position].isToldStale
            }
            if isNews { told(.stale(name: standing.name, standing.fault)) }
        }
    }

    private func record(_ witness: Witness, in book: WitnessBook?) -> WitnessRecord? {
        book?.records.first { $0.vkey == witness.verifier.vkey }
    }
}

extension Timestamp {
    fileprivate func adding(milliseconds: Int) -> Timestamp { Timestamp(nanoseconds: nanoseconds + Int64(milliseconds) * 1_000_000) }
}
