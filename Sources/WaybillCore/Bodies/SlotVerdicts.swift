/// What becomes of each slot of one record: its person's plan looked up once, not once a value.
struct SlotVerdicts {
    enum Verdict: Equatable {
        case drop, keep
        /// Index into the policy set's operators.
        case apply(Int)
    }
    private let slots: [ShapeTree.Slot]
    private var plans: [FieldPlan?] = []
    private var verdicts: [Verdict] = []

    init(_ slots: [ShapeTree.Slot]) { self.slots = slots }

    /// `plans` by person. Whatever is missing or out of range drops.
    mutating func load(_ plans: [FieldPlan?], _ operators: [any RedactionOperator]) {
        // Records of one batch mostly share a plan; equal arrays with one buffer compare at once.
        if verdicts.count == slots.count, plans.count == self.plans.count, zip(plans, self.plans).allSatisfy({ $0?.actions == $1?.actions })
        {
            return
        }
        self.plans = plans
        verdicts.removeAll(keepingCapacity: true)
        for slot in slots {
            verdicts.append(Self.verdict(plans.indices.contains(slot.person) ? plans[slot.person] : nil, slot.field, operators))
        }
    }

    /// One plan for all slots, whoever they are about.
    mutating func load(forAll plan: FieldPlan, _ operators: [any RedactionOperator]) {
        verdicts = slots.map { Self.verdict(plan, $0.field, operators) }
    }

    subscript(slot: Int) -> Verdict { verdicts[slot] }

    private static func verdict(_ plan: FieldPlan?, _ field: FieldID, _ operators: [any RedactionOperator]) -> Verdict {
        guard let plan, plan.actions.indices.contains(field.position), case .apply(let id) = plan.actions[field.position],
            operators.indices.contains(id.position), !operators[id.position].dropsMember
        else { return .drop }
        return operators[id.position].keepsValue ? .keep : .apply(id.position)
    }
}
