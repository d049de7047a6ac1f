// Usage: WaybillBenchmarks [word …]: only the groups whose title holds one of the words. Add a group here and a file beside.

let groups: [() throws -> [BenchmarkGroup]] = [ScannerBenchmark.groups]

let words = CommandLine.arguments.dropFirst().map { $0.lowercased() }
var harness = Harness()
for make in groups {
    for group in try make() where words.isEmpty || words.contains(where: { group.title.lowercased().contains($0) }) {
        try harness.measure(group)
    }
}
