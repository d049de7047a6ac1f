import WaybillCore
import WaybillLedger

/// Entries `access.refused`: some of each minute one by one, the others counted, so that a flood cannot fill the log.
///
/// Whoever shows no good credential is counted apart, so that nobody unknown can make what somebody known was refused vanish in a count.
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

        /// Who is named showed what only they have; else anybody can make it happen, and name whom they like.
        var isProven: Bool {
            switch self {
            case .tokenExpired, .tokenRevoked, .certificateExpired, .notPermitted: true
            case .tokenUnknown, .certificateUnknown, .password, .code, .setUpCode, .locked, .form, .oidc: false
            }
        }
    }
    /// Entries one by one in a minute: of everybody unknown together, and of each who is known.
    static let singlesMax = 10
    /// Of everybody known together.
    static let provenSinglesMax = 100
    /// Counts that name who, of known and unknown each; what is beyond is counted by its reason alone.
    static let namedCountsMax = 100
    static let windowSeconds: Int64 = 60

    private struct Kind: Hashable, Sendable {
        var reason: Reason
        var who: String?
    }
    private struct Part: Sendable {
        /// By who.
        var singles: [String: Int] = [:]
        var singlesSum = 0
        var counts: [Kind: Int] = [:]
    }

    private var began: Timestamp?
    private var proven = Part()
    private var unproven = Part()

    /// `who`: the id of an account or token, where it is known. Nil: it was counted.
    mutating func note(_ reason: Reason, who: String?, permission: Permission? = nil, now: Timestamp) -> LogNotice? {
        if began == nil { began = now }
        let isSingle =
            reason.isProven
            ? Self.admits(&proven, Kind(reason: reason, who: who), Self.provenSinglesMax)
            : Self.admits(&unproven, Kind(reason: reason, who: who), Self.singlesMax)
        guard isSingle else { return nil }
        var detail = ["reason": reason.rawValue]
        detail["who"] = who
        detail["permission"] = permission?.rawValue
        return .config(act: "access.refused", detail: detail)
    }

    /// False: it is counted.
    private static func admits(_ part: inout Part, _ kind: Kind, _ singlesSumMax: Int) -> Bool {
        if part.singlesSum < singlesSumMax, part.singles[kind.who ?? "", default: 0] < singlesMax {
            part.singlesSum += 1
            part.singles[kind.who ?? "", default: 0] += 1
            return true
        }
        let isNamed = part.counts[kind] != nil || part.counts.count < namedCountsMax
        part.counts[isNamed ? kind : Kind(reason: kind.reason), default: 0] += 1
        return false
    }

    /// What was counted in a minute that is over, or so far if this is the last. Call it before `note`, and when the minute ends.
    mutating func due(now: Timestamp, isLast: Bool = false) -> [LogNotice] {
        guard let began, isLast || began.adding(seconds: Self.windowSeconds) <= now else { return [] }
        defer { self = RefusalBook() }
        let counts = (Array(proven.counts) + Array(unproven.counts)).sorted {
            ($0.key.reason.rawValue, $0.key.who ?? "") < ($1.key.reason.rawValue, $1.key.who ?? "")
        }
        return counts.map { kind, count in
            var detail = ["reason": kind.reason.rawValue, "count": String(count)]
            detail["who"] = kind.who
            return .config(act: "access.refused", detail: detail)
        }
    }

    var isCounting: Bool { !proven.counts.isEmpty || !unproven.counts.isEmpty }
}
