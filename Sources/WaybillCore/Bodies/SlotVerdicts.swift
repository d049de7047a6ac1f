/// What becomes of each slot of one record, by its person's plan.
struct SlotVerdicts {
    enum Verdict: Equatable {
        case drop, keep
        /// Index into the policy set's operators.
        case apply(Int)
    }
    private let slots: [ShapeTree.Slot]
    private let operators: [any RedactionOperator]
    /// By slot: worked out when a record's plans are loaded, and read at each of its hits.
    private var verdicts: [Verdict] = []

    init(_ slots: [ShapeTree.Slot], _ operators: [any RedactionOperator]) {
        self.slots = slots
        self.operators = operators
    }

    /// One plan for all slots, whoever they are about.
    init(_ slots: [ShapeTree.Slot], _ operators: [any RedactionOperator], forAll plan: FieldPlan) {
        self.init(slots, operators)
        if slots.isEmpty { return }
        clear()
        judge(plan, of: nil)
    }

    /// `plans` by person. Whatever is missing or out of range drops.
    mutating func load(_ plans: [FieldPlan?]) {
        clear()
        for person in plans.indices {
            if let plan = plans[person] { judge(plan, of: person) }
        }
    }

    subscript(slot: Int) -> Verdict { verdicts.indices.contains(slot) ? verdicts[slot] : .drop }

    private mutating func clear() {
        verdicts.removeAll(keepingCapacity: true)
        verdicts.append(contentsOf: repeatElement(.drop, count: slots.count))
    }

    /// `person` nil: of every slot.
    private mutating func judge(_ plan: FieldPlan, of person: Int?) {
        // Read in place: taking a plan or an operator out of its array counts a reference or copies it.
        plan.actions.withUnsafeBufferPointer { actions in
            operators.withUnsafeBufferPointer { operators in
                for i in slots.indices where person == nil || slots[i].person == person {
                    let field = slots[i].field.position
                    guard actions.indices.contains(field), case .apply(let id) = actions[field], operators.indices.contains(id.position),
                        !operators[id.position].dropsMember
                    else { continue }
                    verdicts[i] = operators[id.position].keepsValue ? .keep : .apply(id.position)
                }
            }
        }
    }
}
