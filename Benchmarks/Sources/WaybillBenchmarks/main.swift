import CCounters

// Usage: WaybillBenchmarks [scanner|gate|index|log|export …] [text …]: only these files' benchmarks, and of them only groups whose title, or
// benchmarks whose name, holds one of the texts. Add a file here.

let files: [(name: String, groups: () throws -> [BenchmarkGroup])] = [
    ("scanner", ScannerBenchmark.groups), ("gate", GateBenchmark.groups), ("index", IndexBenchmark.groups), ("log", LogBenchmark.groups),
    ("export", ExportBenchmark.groups),
]

let arguments = CommandLine.arguments.dropFirst().map { $0.lowercased() }
let names = arguments.filter { argument in files.contains { $0.name == argument } }
let words = arguments.filter { !names.contains($0) }
counters_open()
var harness = Harness()
func isWanted(_ text: String) -> Bool { words.isEmpty || words.contains { text.lowercased().contains($0) } }
for (name, make) in files where names.isEmpty || names.contains(name) {
    for var group in try make() {
        if !isWanted(group.title) { group.benchmarks.removeAll { !isWanted($0.name) } }
        if !group.benchmarks.isEmpty { try harness.measure(group) }
    }
}
