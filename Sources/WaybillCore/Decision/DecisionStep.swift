/// One step of the order in decisions.md: a number, its question, and the function that asks it.
struct DecisionStep: Sendable {
    enum Scope: Sendable {
        /// Once a record, before anything else: a failure here means "could not decide" and ends the decision.
        case integrity
        /// Once a record.
        case record
        /// Once a purpose: a record may go if one of its purposes passes all of these.
        case purpose
    }
    let number: Int
    let question: String
    let scope: Scope
    /// Kinds of traffic the step is asked of: rights requests and calls without a person skip some.
    let traffic: Traffic
    let check: @Sendable (DecisionInput, inout StepContext) -> Void

    init(
        _ number: Int, _ question: String, _ scope: Scope, _ traffic: Traffic,
        _ check: @escaping @Sendable (DecisionInput, inout StepContext) -> Void
    ) {
        self.number = number
        self.question = question
        self.scope = scope
        self.traffic = traffic
        self.check = check
    }

    /// The order of checks. Legal basis comes before the transfer mechanism (EDPB Guidelines 2/2018).
    static let order: [DecisionStep] = [
        DecisionStep(0, "can we decide at all?", .integrity, .every, IntegrityStep.check),
        DecisionStep(0, "which regimes apply?", .integrity, .person, JurisdictionStep.check),
        DecisionStep(1, "may this caller send there?", .record, .every, CallerStep.check),
        DecisionStep(1, "may anyone send to this vendor?", .record, .every, VendorStep.check),
        DecisionStep(1, "are its subprocessors and deletion proofs in order?", .purpose, .ordinary, VendorConductStep.check),
        DecisionStep(2, "is there an agreement, in force?", .purpose, .ordinary, AgreementStep.check),
        DecisionStep(3, "is this why?", .purpose, .ordinary, PurposeStep.check),
        DecisionStep(4, "has the person said stop?", .purpose, .person, SubjectStopsStep.check),
        DecisionStep(5, "on what ground?", .purpose, .person, LawfulBasisStep.check),
        DecisionStep(6, "are special categories covered?", .purpose, .person, SpecialCategoryStep.check),
        DecisionStep(6, "is it a child?", .purpose, .person, ChildStep.check),
        DecisionStep(7, "sale, share, targeted advertising?", .purpose, .person, USOptOutStep.check),
        DecisionStep(7, "sensitive data and terms under US law?", .purpose, .person, USSensitiveStep.check),
        DecisionStep(8, "may it go to that region?", .purpose, .ordinary, RegionStep.check),
        DecisionStep(8, "by which transfer mechanism?", .purpose, [.person, .rights], TransferStep.check),
        DecisionStep(9, "what of it?", .purpose, .every, FieldStep.check),
        DecisionStep(10, "has the person set a ceiling?", .purpose, .person, PersonalizationStep.check),
        DecisionStep(11, "is there volume left, and can the duty be entered?", .purpose, .ordinary, LimitStep.check),
    ]
}

/// What kind of call a record belongs to, or a set of kinds.
struct Traffic: OptionSet, Sendable {
    let rawValue: UInt8
    /// A record about a person.
    static let person = Traffic(rawValue: 1)
    /// A record about an organisation: no subject, no ground; only entity fields pass.
    static let organisation = Traffic(rawValue: 2)
    /// A control call: only `structure` passes.
    static let control = Traffic(rawValue: 4)
    /// Suppress, erase, rectify, restrict: must reach the vendor even where nothing else may.
    static let rights = Traffic(rawValue: 8)

    static let every: Traffic = [.person, .organisation, .control, .rights]
    static let ordinary: Traffic = [.person, .organisation, .control]
}
