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
        var person = -1
        var actions: [FieldPlan.Action] = []
        var last = Seen()
        for slot in slots {
            if slot.person != person {
                person = slot.person
                actions = plans.indices.contains(person) ? plans[person]?.actions ?? [] : []
            }
            verdicts.append(Self.verdict(actions, slot.field, operators, &last))
        }
    }

    /// One plan for all slots, whoever they are about.
    mutating func load(forAll plan: FieldPlan, _ operators: [any RedactionOperator]) {
        var last = Seen()
        verdicts = slots.map { Self.verdict(plan.actions, $0.field, operators, &last) }
    }

    subscript(slot: Int) -> Verdict { verdicts[slot] }

    /// The operator looked at last: neighbours mostly have the same.
    private struct Seen {
        var id = -1
        var verdict = Verdict.drop
    }

    private static func verdict(
        _ actions: [FieldPlan.Action], _ field: FieldID, _ operators: [any RedactionOperator], _ last: inout Seen
    ) -> Verdict {
        guard actions.indices.contains(field.position), case .apply(let id) = actions[field.position],
            operators.indices.contains(id.position)
        else { return .drop }
        if id.position != last.id {
            let reduction = operators[id.position]
            last = Seen(id: id.position, verdict: reduction.dropsMember ? .drop : reduction.keepsValue ? .keep : .apply(id.position))
        }
        return last.verdict
    }
}
