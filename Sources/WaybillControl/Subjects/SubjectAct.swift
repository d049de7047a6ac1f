package import WaybillCore

/// One act on one person's choices.
package enum SubjectAct: Sendable, Equatable {
    /// What somebody agreed to.
    package struct Grant: Sendable, Equatable {
        package var purpose: String
        package var recipients: [String]
        package var notice: String?
        package var proof: String?
        package var explicit: Bool
        package init(purpose: String, recipients: [String], notice: String? = nil, proof: String? = nil, explicit: Bool = false) {
            self.purpose = purpose
            self.recipients = recipients
            self.notice = notice
            self.proof = proof
            self.explicit = explicit
        }
    }
    case give(Grant)
    /// Purpose nil: all of them; no recipients: all of them.
    case withdraw(purpose: String?, recipients: [String])
    case restrict(Bool)
    case object(SubjectProfile.ObjectionScope)
    /// Scope nil: Global Privacy Control. `confirm`: what the first step answered, where two are asked for.
    case takeBack(SubjectProfile.ObjectionScope?, confirm: String?)
    /// Nil: no ceiling of the person's own.
    case preference(Int?)
    case signal(SubjectFacts.Signal.Content)

    /// The act's name in the log.
    package var name: String {
        switch self {
        case .give: "subject.consent.give"
        case .withdraw: "subject.consent.withdraw"
        case .restrict(true): "subject.restrict"
        case .restrict(false): "subject.unrestrict"
        case .object: "subject.object"
        case .takeBack: "subject.objection.withdraw"
        case .preference: "subject.preference"
        case .signal: "subject.signal"
        }
    }

    /// Of the log's entry: ids and counts.
    var detail: [String: String] {
        switch self {
        case .give(let grant): ["purpose": grant.purpose, "recipients": grant.recipients.joined(separator: " ")]
        case .withdraw(let purpose, let recipients):
            (purpose.map { ["purpose": $0] } ?? [:]).merging(["recipients": recipients.joined(separator: " ")]) { $1 }
        case .object(let scope): ["scope": scope.rawValue]
        case .takeBack(let scope, _): ["scope": scope?.rawValue ?? "gpc"]
        case .preference(let level): ["level": level.map(String.init) ?? "none"]
        case .signal(let content): ["signal": content.name]
        case .restrict: [:]
        }
    }

    /// Under US law opting in again after an opt-out takes a request and a confirmation (CCPA regulations, § 7028).
    static func takesTwoSteps(_ scope: SubjectProfile.ObjectionScope?) -> Bool {
        switch scope {
        case nil, .sale, .share, .targetedAdvertising, .sensitiveUse: true
        case .all, .directMarketing, .profiling: false
        }
    }

    /// It narrows what may leave: in force before its entry is written.
    func isStop(_ facts: SubjectFacts) -> Bool {
        switch self {
        case .withdraw, .restrict(true), .object, .signal: true
        // Without a ceiling of the person's own a default stands, which a ceiling may also raise.
        case .preference(let level): level.map { $0 < facts.preference ?? 1 } ?? false
        case .give, .restrict(false), .takeBack: false
        }
    }
}

/// Who acts, and for whom.
package struct SubjectActor: Sendable, Equatable {
    /// As the log names them: `account:anna`, `person`, `webhook:hubspot`.
    package var id: String
    /// The person themselves.
    package var isSubject: Bool
    package init(_ id: String, isSubject: Bool = false) {
        self.id = id
        self.isSubject = isSubject
    }
    /// On their own page.
    package static let person = SubjectActor("person", isSubject: true)
}
