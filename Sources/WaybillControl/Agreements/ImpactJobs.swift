package import WaybillLedger

/// Impacts being worked out beside the gate. Their results stay in the store, by the text's digest; the jobs are forgotten when the gate stops.
package struct ImpactOrder: Sendable, Codable, Equatable {
    package var kind: PolicyDocumentName.Kind
    package var document: String
    /// Of the draft's text.
    package var digest: String
}

/// The result lies in the store.
package struct ImpactDone: Sendable, Codable, Equatable {
    package var transfers: Int
}

package typealias ImpactJob = Job<ImpactOrder, ImpactDone>
package typealias ImpactQueue = JobQueue<ImpactOrder, ImpactDone>

package enum ImpactStanding: Sendable {
    case known(Impact)
    /// It takes longer than an answer may.
    case working(ImpactJob)
}

extension ImpactJob {
    package static let limits: JobLimits = {
        var limits = JobLimits()
        limits.unfinishedOfOneMax = 3
        limits.keptMax = 50
        limits.keptSecondsMax = 3_600
        limits.runSecondsMax = 1_800
        return limits
    }()
}
