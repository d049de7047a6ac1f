/// What becomes of each slot of one record, by its person's plan.
struct SlotVerdicts {
    enum Verdict: Equatable {
        case drop, keep
        /// Index into the policy set's operators.
        case apply(Int)
    }
    private let slots: [ShapeTree.Slot]
    private let operators: [any RedactionOperator]
    /// By person; empty for one without a plan.
    private var plans: [[FieldPlan.Action]] = []
    private let isForAll: Bool

    init(_ slots: [ShapeTree.Slot], _ operators: [any RedactionOperator]) {
        self.slots = slots
        self.operators = operators
        isForAll = false
    }

    /// One plan for all slots, whoever they are about.
    init(_ slots: [ShapeTree.Slot], _ operators: [any RedactionOperator], forAll plan: FieldPlan) {
        self.slots = slots
        self.operators = operators
        plans = [plan.actions]
        isForAll = true
    }

    /// `plans` by person. Whatever is missing or out of range drops.
    mutating func load(_ plans: [FieldPlan?]) { self.plans = plans.map { $0?.actions ?? [] } }

    subscript(slot: Int) -> Verdict {
        let (person, field) = (isForAll ? 0 : slots[slot].person, slots[slot].field.position)
        guard plans.indices.contains(person), plans[person].indices.contains(field), case .apply(let id) = plans[person][field],
            operators.indices.contains(id.position)
        else { return .drop }
        // Asked in place: taking an operator out of the array copies it.
        return operators.withUnsafeBufferPointer { operators in
            if operators[id.position].dropsMember { return .drop }
            return operators[id.position].keepsValue ? .keep : .apply(id.position)
        }
    }
}
