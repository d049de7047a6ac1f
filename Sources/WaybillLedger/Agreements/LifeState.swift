package import WaybillCore

/// What a version of a document is at one moment: worked out from its events and the clock, kept nowhere.
package enum LifeState: String, Sendable, Codable, CaseIterable {
    case draft
    case inReview = "in_review"
    /// And not yet effective.
    case approved
    case active, suspended, expired, terminated, superseded

    /// Of a version that was approved.
    ///
    /// - Parameter isApproved: false where the files must be approved and were not.
    /// - Parameter newerFrom: when the next approved version begins; nil: there is none.
    package static func of(
        isApproved: Bool, isTerminated: Bool, from: Timestamp?, until: Timestamp?, newerFrom: Timestamp?, isSuspended: Bool,
        now: Timestamp
    ) -> LifeState {
        if isTerminated { return .terminated }
        if !isApproved { return .draft }
        if let newerFrom, newerFrom <= now { return .superseded }
        if let until, until <= now { return .expired }
        if isSuspended { return .suspended }
        if let from, now < from { return .approved }
        return .active
    }
}
