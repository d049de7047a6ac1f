package import WaybillCore

/// One audit of one vendor: what it covers, what was drawn and shown, what was found, and what became of that.
///
/// A fold over its acts: nothing else changes it, so that its history is the record.
package struct Engagement: Sendable, Equatable {
    package enum State: String, Sendable, Codable, CaseIterable { case opened, fieldwork, findings, remediation, closed }

    package struct Scope: Sendable, Equatable, Codable {
        package var vendor: String
        /// What is looked at, in words.
        package var subject: String
        /// Half-open range of entry times.
        package var from: Timestamp
        package var until: Timestamp
        /// By which right: `GDPR Art. 28(3)(h)`, a clause of the agreement.
        package var hook: String
        package init(vendor: String, subject: String, from: Timestamp, until: Timestamp, hook: String) {
            self.vendor = vendor
            self.subject = subject
            self.from = from
            self.until = until
            self.hook = hook
        }
    }

    package struct Sample: Sendable, Equatable, Codable {
        package var seed: String
        package var count: Int
        /// Drawn from entries below this index, of the log of this origin.
        package var origin: String
        package var size: UInt64
        package init(seed: String, count: Int, origin: String, size: UInt64) {
            self.seed = seed
            self.count = count
            self.origin = origin
            self.size = size
        }
    }

    /// A document that was shown: kept elsewhere, known by its digest.
    package struct Evidence: Sendable, Equatable, Codable {
        package var name: String
        /// Hex.
        package var sha256: String
        package var bytes: Int
        package var note: String
        package init(name: String, sha256: String, bytes: Int, note: String) {
            self.name = name
            self.sha256 = sha256
            self.bytes = bytes
            self.note = note
        }
    }

    package struct Finding: Sendable, Equatable, Codable {
        package enum Severity: String, Sendable, Codable, CaseIterable { case low, medium, high, critical }
        package enum Effect: String, Sendable, Codable, CaseIterable { case none, suspend }
        package enum State: String, Sendable, Codable { case open, resolved, accepted }
        package var severity: Severity
        package var title: String
        package var owner: String
        package var due: Day
        package var effect: Effect
        /// Agreement ids that the effect is on.
        package var agreements: [String]
        package var state = State.open
        /// Why it is no longer open.
        package var answer = ""

        package init(severity: Severity, title: String, owner: String, due: Day, effect: Effect, agreements: [String]) {
            self.severity = severity
            self.title = title
            self.owner = owner
            self.due = due
            self.effect = effect
            self.agreements = agreements
        }

        package func isOverdue(on day: Day) -> Bool { state == .open && due < day }
    }

    package let id: String
    package private(set) var scope: Scope
    package private(set) var state = State.opened
    package private(set) var samples: [Sample] = []
    package private(set) var evidence: [Evidence] = []
    package private(set) var findings: [Finding] = []
    package private(set) var opened: EngagementEvent.Stamp
    package private(set) var closed: EngagementEvent.Stamp?
    /// How many acts made it what it is.
    package private(set) var acts = 1

    /// Nil unless the events begin with an opening and each follows from those before.
    package init?(id: String, events: [EngagementEvent]) {
        guard case .open(let scope) = events.first?.act, let first = events.first else { return nil }
        self.id = id
        self.scope = scope
        opened = first.stamp
        for event in events.dropFirst() {
            do { try apply(event) } catch { return nil }
        }
    }

    /// Throws the sentence that says why the act does not fit, and changes nothing then.
    package mutating func apply(_ event: EngagementEvent) throws(EngagementError) {
        guard state != .closed else { throw EngagementError("The engagement is closed; open another one.") }
        switch event.act {
        case .open: throw EngagementError("The engagement is open already; go on with `waybill audit sample`.")
        case .sample(let sample):
            samples.append(sample)
            if state == .opened { state = .fieldwork }
        case .evidence(let item):
            evidence.append(item)
            if state == .opened { state = .fieldwork }
        case .finding(let finding):
            findings.append(finding)
            state = .findings
        case .settle(let number, let how, let answer): try settle(number, how, answer)
        case .close: try close(event.stamp)
        }
        acts += 1
    }

    private mutating func settle(_ number: Int, _ how: Finding.State, _ answer: String) throws(EngagementError) {
        guard (1...).contains(number), number <= findings.count else {
            throw EngagementError("There is no finding of that number; `waybill audit show` lists them.")
        }
        guard findings[number - 1].state == .open else { throw EngagementError("That finding is settled already.") }
        guard how != .open else { throw EngagementError("A finding is settled by resolving or accepting it.") }
        guard how != .accepted || findings[number - 1].severity != .critical else {
            throw EngagementError("A critical finding cannot be accepted; it has to be resolved.")
        }
        findings[number - 1].state = how
        findings[number - 1].answer = answer
        state = .remediation
    }

    private mutating func close(_ stamp: EngagementEvent.Stamp) throws(EngagementError) {
        let open = findings.count { $0.state == .open }
        guard open == 0 else { throw EngagementError("Findings are still open (\(open)); resolve or accept each before closing.") }
        guard !samples.isEmpty || !evidence.isEmpty else {
            throw EngagementError("Nothing was looked at; draw a sample or add evidence before closing.")
        }
        closed = stamp
        state = .closed
    }

    package func overdue(on day: Day) -> Int { findings.count { $0.isOverdue(on: day) } }
}

/// One act on an engagement.
package struct EngagementEvent: Sendable, Equatable, Codable {
    package struct Stamp: Sendable, Equatable, Codable {
        package var at: Timestamp
        /// Who did it: an account's name.
        package var by: String
        package init(at: Timestamp, by: String) {
            self.at = at
            self.by = by
        }
    }
    package enum Act: Sendable, Equatable, Codable {
        case open(Engagement.Scope)
        case sample(Engagement.Sample)
        case evidence(Engagement.Evidence)
        case finding(Engagement.Finding)
        /// `number`: from 1. `answer`: what was done, or why the risk is borne.
        case settle(number: Int, how: Engagement.Finding.State, answer: String)
        case close(summary: String)

        /// As in the log's entry: `audit.open`, …
        package var name: String {
            switch self {
            case .open: "audit.open"
            case .sample: "audit.sample"
            case .evidence: "audit.evidence"
            case .finding: "audit.finding"
            case .settle: "audit.settle"
            case .close: "audit.close"
            }
        }
    }
    package var stamp: Stamp
    package var act: Act
    package init(stamp: Stamp, act: Act) {
        self.stamp = stamp
        self.act = act
    }
}

/// One sentence with the remedy.
package struct EngagementError: Error, Sendable, Equatable, CustomStringConvertible {
    package var message: String
    package init(_ message: String) { self.message = message }
    package var description: String { message }
}

/// Keeps engagements. Durable on return; blocks.
package protocol EngagementStore: Sendable {
    func engagements() throws -> [Engagement]
    func engagement(_ id: String) throws -> Engagement?
    /// The `number`th act (from 0) of the engagement; throws if there is one already: somebody else was quicker.
    func append(_ event: EngagementEvent, to id: String, number: Int) throws
}
