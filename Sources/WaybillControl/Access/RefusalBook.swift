import WaybillCore
import WaybillLedger

/// Entries `access.refused`: the first of each minute one by one, the others counted, so that a flood cannot fill the log.
struct RefusalBook: Sendable {
    enum Reason: String, Sendable, CaseIterable {
        case tokenUnknown = "token_unknown"
        case tokenExpired = "token_expired"
        case tokenRevoked = "token_revoked"
        case certificateUnknown = "certificate_unknown"
        case certificateExpired = "certificate_expired"
        case notPermitted = "not_permitted"
        case password
        case code
        case setUpCode = "set_up_code"
        case locked
        case form
        case oidc
    }
    static let singlesMax = 10
    static let windowSeconds: Int64 = 60

    private var began: Timestamp?
    private var singles = 0
    private var counts: [Reason: Int] = [:]

    /// `who`: the id of an account or token, where it is known. Nil: it was counted.
    mutating func note(_ reason: Reason, who: String?, permission: Permission? = nil, now: Timestamp) -> LogNotice? {
        if began == nil { began = now }
        guard singles < Self.singlesMax else {
            counts[reason, default: 0] += 1
            return nil
        }
        singles += 1
        var detail = ["reason": reason.rawValue]
        detail["who"] = who
        detail["permission"] = permission?.rawValue
        return .config(act: "access.refused", detail: detail)
    }

    /// What was counted in a minute that is over. Call it before `note`, and when the minute ends.
    mutating func due(now: Timestamp) -> [LogNotice] {
        guard let began, began.adding(seconds: Self.windowSeconds) <= now else { return [] }
        defer { self = RefusalBook() }
        return counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { reason, count in
            .config(act: "access.refused", detail: ["reason": reason.rawValue, "count": String(count)])
        }
    }

    var isCounting: Bool { !counts.isEmpty }
}
