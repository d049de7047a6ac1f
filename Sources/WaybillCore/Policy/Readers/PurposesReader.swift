/// `catalog/purposes.yaml`: a graph, so names are collected first and edges after.
struct PurposesReader {
    let compilation: Compilation

    func read(_ document: PolicyValue) {
        let problems = compilation.problems
        guard var file = Section(document, "purposes.yaml", problems) else { return }
        if let purposes = file.required("purposes") {
            var edges: [(PurposeID, [PolicyValue])] = []
            for member in Section.members(purposes, "`purposes`", problems) {
                if let narrows = readPurpose(member), let id = compilation.purposes.ids[member.key] { edges.append((id, narrows)) }
            }
            for (id, narrows) in edges {
                compilation.purposes[id].narrows = compilation.resolveAll(narrows, in: compilation.purposes)
            }
            computeAncestors()
        }
        file.finish()
    }

    /// Nil if unusable; else what it narrows.
    private func readPurpose(_ member: PolicyValue.Member) -> [PolicyValue]? {
        let problems = compilation.problems
        guard ScalarType<String>.name.read(member.keyValue, problems) != nil, var section = Section(member.value, "the purpose", problems)
        else { return nil }
        let generic = section.optional("generic", .bool) ?? false
        let marketing = section.optional("marketing", .bool) ?? false
        let narrows = section.list("narrows")
        let (dpv, dataUse) = (section.optional("dpv", .text), section.optional("data_use", .text))
        let tcf = section.list("tcf", .integer(1...11))
        let personalization = section.optional("personalization", .integer(0...3)) ?? 3
        section.finish()
        let purpose = Purpose(
            name: member.key, generic: generic, marketing: marketing, narrows: [], ancestors: [], dpv: dpv, dataUse: dataUse, tcf: tcf,
            personalization: personalization, position: member.keyPosition)
        compilation.purposes.add(purpose, named: member.key, at: member.keyPosition, problems)
        return narrows
    }

    /// Breadth first, so the nearest come first. What narrows marketing is marketing: a stop runs down the graph.
    private func computeAncestors() {
        let purposes = compilation.purposes.all
        var circles: Set<PurposeID> = []
        for index in purposes.indices {
            let id = PurposeID(index)
            var ancestors: [PurposeID] = []
            var queue = purposes[index].narrows[...]
            while let parent = queue.popFirst() {
                if parent == id {
                    guard circles.isDisjoint(with: ancestors) else { break }
                    circles.insert(id)
                    compilation.problems.error(
                        purposes[index].position, "purpose_cycle", "`\(purposes[index].name)` narrows itself, over others",
                        "remove one `narrows` of the circle")
                    break
                }
                guard !ancestors.contains(parent) else { continue }
                ancestors.append(parent)
                queue += purposes[parent.position].narrows
            }
            compilation.purposes[id].ancestors = ancestors
            if ancestors.contains(where: { purposes[$0.position].marketing }) { compilation.purposes[id].marketing = true }
        }
    }
}
