/// Finds the operation of a path. A fixed segment is taken before a variable one.
struct APIRoutes: Sendable {
    struct Match: Sendable {
        /// By method.
        var operations: [APIOperation.Method: APIOperation]
        /// What stands where the operations have variables, in their order.
        var values: [String]
        var methods: [String] {
            APIOperation.Method.allCases.filter { operations[$0] != nil }.flatMap { $0 == .get ? ["GET", "HEAD"] : [$0.rawValue] }
        }
    }
    private struct Node: Sendable {
        var fixed: [String: Int] = [:]
        var variable: Int?
        var operations: [APIOperation.Method: APIOperation] = [:]
    }
    private var nodes = [Node()]

    /// Throws if two operations would answer one request, or one is not what the machine can serve: a defect of ours, found at start.
    init(_ operations: [APIOperation]) throws(ControlFailure) {
        for operation in operations {
            guard operation.path.hasPrefix("/v1/") else { throw Self.defect(operation) }
            let names = operation.pathNames
            guard Set(names) == Set(operation.parameters.filter { $0.place == .path }.map(\.name)), Set(names).count == names.count else {
                throw Self.defect(operation)
            }
            var node = 0
            for segment in operation.segments { node = descend(from: node, segment) }
            guard nodes[node].operations.updateValue(operation, forKey: operation.method) == nil else { throw Self.defect(operation) }
        }
        guard Set(operations.map(\.id)).count == operations.count else {
            throw ControlFailure(code: "api_operations", message: "Two operations of the API have one id; this is a defect of Waybill.")
        }
    }

    private static func defect(_ operation: APIOperation) -> ControlFailure {
        ControlFailure(
            code: "api_operations",
            message: "The operation \(operation.id) of the API is there twice or declares other variables than its path has; "
                + "this is a defect of Waybill.")
    }

    private mutating func descend(from node: Int, _ segment: String) -> Int {
        let isVariable = segment.hasPrefix("{")
        if let known = isVariable ? nodes[node].variable : nodes[node].fixed[segment] { return known }
        nodes.append(Node())
        if isVariable { nodes[node].variable = nodes.count - 1 } else { nodes[node].fixed[segment] = nodes.count - 1 }
        return nodes.count - 1
    }

    /// Nil: there is no such path.
    func match(_ segments: [String]) -> Match? { match(segments[...], at: 0, values: []) }

    private func match(_ segments: ArraySlice<String>, at node: Int, values: [String]) -> Match? {
        guard let segment = segments.first else {
            return nodes[node].operations.isEmpty ? nil : Match(operations: nodes[node].operations, values: values)
        }
        if let next = nodes[node].fixed[segment], let found = match(segments.dropFirst(), at: next, values: values) { return found }
        guard let next = nodes[node].variable, !segment.isEmpty else { return nil }
        return match(segments.dropFirst(), at: next, values: values + [segment])
    }
}

extension APIOperation {
    /// Behind the first slash.
    var segments: [String] { path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init) }
    /// Variables of the path, in its order.
    var pathNames: [String] { segments.filter { $0.hasPrefix("{") }.map { String($0.dropFirst().dropLast()) } }
}
