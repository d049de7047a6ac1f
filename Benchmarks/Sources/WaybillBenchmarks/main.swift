// Usage: WaybillBenchmarks [text …]: only groups whose title, or benchmarks whose name, holds one of the texts. Add a group here
// and a file beside.

let groups: [() throws -> [BenchmarkGroup]] = [
    ScannerBenchmark.groups, GateBenchmark.groups, IndexBenchmark.groups, LogBenchmark.groups,
]

let words = CommandLine.arguments.dropFirst().map { $0.lowercased() }
var harness = Harness()
func isWanted(_ text: String) -> Bool { words.isEmpty || words.contains { text.lowercased().contains($0) } }
for make in groups {
    for var group in try make() {
        if !isWanted(group.title) { group.benchmarks.removeAll { !isWanted($0.name) } }
        if !group.benchmarks.isEmpty { try harness.measure(group) }
    }
}
