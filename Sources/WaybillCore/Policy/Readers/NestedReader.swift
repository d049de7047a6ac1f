/// `nested: {data: json}`: the one field of a form that is a document.
struct NestedReader {
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    func read(_ value: PolicyValue?, in body: BodyFormat?) -> BodyPath? {
        guard let value else { return nil }
        let members = Section.members(value, "`nested`", problems)
        guard body == .form else {
            if body != nil {
                problems.error(
                    value.position, "nested_without_form", "`nested` is for forms in this version",
                    "write `body: form`, or remove `nested` so that the text passes or stays as one field")
            }
            return nil
        }
        guard let member = members.first, members.count == 1 else {
            problems.error(
                value.position, "nested_not_one", "`nested` must name exactly one field",
                "write `nested: {data: json}` with the field of the records")
            return nil
        }
        guard ScalarType<BodyFormat>.oneOf(BodyFormat.self).read(member.value, problems) == .json else {
            if member.value.text.flatMap(BodyFormat.init) != nil {
                problems.error(member.value.position, "not_built_yet", "only JSON documents can be nested in this version", "write `json`")
            }
            return nil
        }
        return PathReader(compilation: compilation).path(member.keyValue, rooted: false, mayEndInSubtree: false)?.path
    }
}
