/// Collects, for reports, the paths of what was dropped and changed: each once.
struct ReductionPaths {
    private(set) var reports: [ReductionReport]
    private(set) var outside = ReductionReport()
    private var steps: [BodyPath.Step] = []
    private var record: Int?
    /// How many steps lead to the record: paths inside begin behind them.
    private var recordDepth = 0

    init(recordCount: Int) { reports = Array(repeating: ReductionReport(), count: recordCount) }

    mutating func push(_ step: BodyPath.Step) { steps.append(step) }
    mutating func pop() { steps.removeLast() }

    mutating func beginRecord(_ index: Int) {
        record = index
        recordDepth = steps.count
    }
    mutating func endRecord() {
        record = nil
        recordDepth = 0
    }

    mutating func noteDropped() { note(\.dropped) }
    mutating func noteChanged() { note(\.changed) }

    private mutating func note(_ list: WritableKeyPath<ReductionReport, [String]>) {
        let path = BodyPath(steps: Array(steps[recordDepth...])).description
        if let record {
            if !reports[record][keyPath: list].contains(path) { reports[record][keyPath: list].append(path) }
        } else if !path.isEmpty, !outside[keyPath: list].contains(path) {
            outside[keyPath: list].append(path)
        }
    }
}
