package import WaybillCore

/// Long work beside the gate that somebody asked for. Holds no personal data: what it is about is told by ids, or not at all.
package struct Job<Order: Sendable & Codable, Outcome: Sendable & Codable>: Sendable, Codable {
    package enum State: String, Sendable, Codable, CaseIterable {
        case waiting, running, done, failed
        /// The gate stopped before it was done, or what it made was removed.
        case ended

        package var isFinished: Bool { self != .waiting && self != .running }
    }
    /// 32 hexadecimal digits that nobody guesses.
    package var id: String
    package var order: Order
    /// Who asked, by id.
    package var by: String
    package var state = State.waiting
    package var madeAt: Timestamp
    package var begunAt: Timestamp?
    package var endedAt: Timestamp?
    /// What is being done, and how far it is; `total` 0: nobody knows.
    package var stage = ""
    package var doneCount: UInt64 = 0
    package var totalCount: UInt64 = 0
    package var outcome: Outcome?
    /// Why there is no outcome, one sentence.
    package var failure: String?

    package init(id: String, order: Order, by: String, madeAt: Timestamp) {
        self.id = id
        self.order = order
        self.by = by
        self.madeAt = madeAt
    }

    /// 0 to 100; nil: nobody knows.
    package var percent: Int? { totalCount == 0 ? nil : Int(100 * (Double(min(doneCount, totalCount)) / Double(totalCount))) }
}

/// Why a job did not do its work: one sentence with the remedy, without personal data.
package struct JobFailure: Error, Sendable, Equatable {
    package var message: String
    package init(_ message: String) { self.message = message }

    package static let stopped = JobFailure("It was cancelled; nothing of it was kept.")
    package static let gateStopped = JobFailure("The gate was stopped before it was done; ask for it again.")
    static let unknown = JobFailure("It could not be done; the gate's own log says more.")
}

/// What one queue takes and keeps.
package struct JobLimits: Sendable {
    /// Jobs that are not finished; one of them runs.
    package var unfinishedMax = 8
    package var unfinishedOfOneMax = 2
    /// Finished jobs; beyond it the oldest go, with what they made.
    package var keptMax = 20
    package var keptOfOneMax = 8
    /// Of what finished jobs made, together.
    package var keptBytesMax = 4 << 30
    package var keptSecondsMax: Int64 = 86_400
    /// After it a running job is given up.
    package var runSecondsMax = 3_600
    package init() {}
}
