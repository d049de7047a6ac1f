/// A vendor's endpoints together: ids are unique, and every request finds at most one, or several that `only` tells apart.
struct EndpointList {
    let compilation: Compilation
    /// What an `EndpointID` can number.
    var endpointsMax = PolicyTable<Endpoint>.countMax

    func read(_ values: [PolicyValue]) -> [Endpoint] {
        let reader = EndpointReader(compilation: compilation)
        var endpoints: [Endpoint] = []
        var ids: Set<String> = []
        for value in values {
            guard let endpoint = reader.read(value) else { continue }
            if !ids.insert(endpoint.id).inserted {
                compilation.problems.error(
                    endpoint.position, "duplicate_endpoint", "there are two endpoints `\(endpoint.id)`", "rename one of them")
            }
            guard endpoints.count < endpointsMax else {
                compilation.problems.error(
                    endpoint.position, "too_many", "there are more than \(endpointsMax) endpoints", "split the vendor")
                break
            }
            endpoints.append(endpoint)
        }
        checkShapes(endpoints)
        return endpoints
    }

    private func checkShapes(_ endpoints: [Endpoint]) {
        let byShape = Dictionary(grouping: endpoints) { endpoint in
            RequestTemplate(
                method: endpoint.template.method, segments: endpoint.template.segments.map(\.withoutName), text: "")
        }
        for group in byShape.values where group.count > 1 {
            for (index, endpoint) in group.enumerated().dropFirst() {
                if let twin = group[..<index].first(where: { Self.overlap($0.only, endpoint.only) }) {
                    compilation.problems.error(
                        endpoint.position, "endpoints_overlap", "`\(endpoint.id)` and `\(twin.id)` match the same requests",
                        "give them different paths, or tell them apart by `only`")
                } else if endpoint.body != .none, let other = group[..<index].first(where: { ![.none, endpoint.body].contains($0.body) }) {
                    compilation.problems.error(
                        endpoint.position, "body_differs", "`\(endpoint.id)` and `\(other.id)` expect different body formats at one path",
                        "keep one of them: an endpoint is chosen before its body is read")
                } else if group[0].template.segments != endpoint.template.segments {
                    compilation.problems.error(
                        endpoint.position, "variable_names_differ",
                        "`\(endpoint.id)` and `\(group[0].id)` name the same variables differently",
                        "use the same names in both")
                }
            }
        }
    }

    /// One of the two may be the general case, without `only`.
    private static func overlap(_ a: [Endpoint.OnlyMember], _ b: [Endpoint.OnlyMember]) -> Bool {
        func rules(_ members: [Endpoint.OnlyMember]) -> [BodyPath: String] {
            var rules: [BodyPath: String] = [:]
            for member in members {
                if case .constant(let text) = member.rule { rules[member.path] = text } else { rules[member.path] = "" }
            }
            return rules
        }
        return rules(a) == rules(b)
    }
}

extension RequestTemplate.Segment {
    /// For comparing shapes.
    var withoutName: Self {
        switch self {
        case .literal: self
        case .variable(_, let prefix, let suffix): .variable(name: "", prefix: prefix, suffix: suffix)
        case .rest: .rest(name: "")
        }
    }
}
