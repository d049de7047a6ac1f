import Testing

@testable import WaybillCore

/// Ids are 16 bits wide: what does not fit is refused, never wrapped.
@Suite struct PolicyLimitTests {
    private static func endpoint(_ index: Int) throws -> PolicyValue {
        try YAMLDocument.parse(
            file: "vendors/a.yaml", bytes: Array("{id: e\(index), request: GET /p\(index), about: none, body: none}".utf8))
    }

    @Test("a vendor has no more endpoints than an id can number", arguments: [(3, [String]()), (4, ["too_many"]), (6, ["too_many"])])
    func endpoints(count: Int, codes: [String]) throws {
        let problems = ProblemList()
        let list = EndpointList(compilation: Compilation(problems: problems), endpointsMax: 3)
        let read = list.read(try (0..<count).map(Self.endpoint))
        #expect(read.count == 3)
        #expect(problems.errors.map(\.code) == codes)
    }

    @Test("the largest number of endpoints is what an id holds, and the last of them has one")
    func widest() {
        let list = EndpointList(compilation: Compilation(problems: ProblemList()))
        #expect(list.endpointsMax == 65_535)
        #expect(EndpointID(list.endpointsMax - 1).position == list.endpointsMax - 1)
    }

    @Test("a table says when it is full, and keeps what it has")
    func tables() {
        let problems = ProblemList()
        let place = SourcePosition(file: "catalog/fields.yaml", line: 1, column: 1)
        var table = PolicyTable<Int>(kind: "field", home: "catalog/fields.yaml")
        for i in 0...PolicyTable<Int>.countMax { table.add(i, named: "f\(i)", at: place, problems) }
        #expect(table.all.count == 65_535 && table.ids["f65535"] == nil && table.ids["f65534"]?.position == 65_534)
        #expect(problems.errors.map(\.code) == ["too_many"])
    }
}
