/// `tests/*.yaml`, checked for form; whether names exist shows when the tests run.
struct TestFileReader {
    let problems: ProblemList

    func read(_ document: PolicyValue) -> PolicyTestFile? {
        guard var file = Section(document, "the test file", problems) else { return nil }
        let at = file.required("at", .timestamp)
        let (consents, subjects) = (maps(file.list("consents")), maps(file.list("subjects")))
        let cases = file.required("cases").map { Section.items($0, "`cases`", problems).compactMap(readCase) } ?? []
        file.finish()
        guard let at else { return nil }
        return PolicyTestFile(file: document.position.file, at: at, consents: consents, subjects: subjects, cases: cases)
    }

    private func maps(_ values: [PolicyValue]) -> [PolicyValue] {
        for value in values {
            if case .map = value.content { continue }
            problems.error(value.position, "wrong_kind", "an entry must be a map, not \(value.kindName)", "write `{…}`")
        }
        return values
    }

    private func readCase(_ value: PolicyValue) -> PolicyTestFile.Case? {
        guard var section = Section(value, "the case", problems) else { return nil }
        let name = section.required("name", .text)
        let caller = section.required("caller", .name)
        let given = maps(section.list("given"))
        let request = section.required("request").flatMap(request)
        let expect = section.required("expect").flatMap(expectation)
        section.finish()
        guard let name, let caller, let request, let expect else { return nil }
        return PolicyTestFile.Case(name: name, caller: caller, given: given, request: request, expect: expect, position: value.position)
    }

    private func request(_ value: PolicyValue) -> PolicyTestFile.Request? {
        guard var section = Section(value, "`request`", problems) else { return nil }
        let (method, url) = (section.required("method", .text), section.required("url", .text))
        var headers: [(name: String, value: String)] = []
        for member in section.map("headers") {
            if let text = ScalarType<String>.text.read(member.value, problems) { headers.append((name: member.key, value: text)) }
        }
        let purpose = section.optional("purpose", .text)
        let (json, form, text) = (section.optional("json"), section.optional("form"), section.optional("body"))
        section.finish()
        let written = [json, form, text].compactMap(\.self)
        if written.count > 1 {
            problems.error(
                written[1].position, "two_bodies", "the request has two of `json`, `form` and `body`", "keep one of them")
        }
        guard let method, let url else { return nil }
        let body: PolicyTestFile.Request.Body =
            json.map { .json($0) } ?? form.map { .form(fields($0)) } ?? text?.text.map { .text($0) } ?? .none
        return PolicyTestFile.Request(method: method, url: url, headers: headers, purpose: purpose, body: body)
    }

    private func fields(_ value: PolicyValue) -> [(name: String, value: String)] {
        Section.members(value, "`form`", problems).compactMap { member in
            ScalarType<String>.text.read(member.value, problems).map { (name: member.key, value: $0) }
        }
    }

    private func expectation(_ value: PolicyValue) -> PolicyTestFile.Expectation? {
        guard var section = Section(value, "`expect`", problems) else { return nil }
        let decision = section.required("decision", .oneOf(Outcome.self))
        let primary = section.optional("primary", .oneOf(ReasonCode.self))
        let codes = section.has("codes") ? section.list("codes", .oneOf(ReasonCode.self)) : nil
        let sent = section.optional("sent")
        let dropped = section.has("dropped") ? section.list("dropped", .text) : nil
        let changed = section.has("changed") ? section.list("changed", .text) : nil
        section.finish()
        guard let decision else { return nil }
        return PolicyTestFile.Expectation(
            decision: decision, primary: primary, codes: codes, sent: sent, dropped: dropped, changed: changed)
    }
}
