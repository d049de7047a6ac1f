package import Crypto

/// Runs the policy tests of a set through the same pipeline as real requests, at each file's fixed time.
package enum PolicyTestRunner {
    package struct Result: Sendable {
        package var name: String
        package var position: SourcePosition
        /// What differed from the expectation; empty: passed.
        package var failures: [String]
        package var passed: Bool { failures.isEmpty }
    }

    /// - Parameter master: of a dry-run keyring; hashes and pseudonyms in expected bodies depend on it.
    package static func run(_ file: PolicyTestFile, policy: PolicySet, master: SymmetricKey) -> [Result] {
        let keyring = Keyring(master: master)
        return file.cases.map { test in
            let failures: [String]
            do throws(LineProblem) {
                let index = try book(file, test).index(key: keyring.fingerprints, notices: policy.notices, now: file.at)
                let keys = GateKeys(keyring: keyring, makeSalt: { InlineArray(repeating: 0) })
                failures = run(test, gate: Gate(policy: policy, subjects: index, keys: keys), at: file.at)
            } catch {
                failures = ["the facts of this test are not valid: \(error.text)"]
            }
            return Result(name: test.name, position: test.position, failures: failures)
        }
    }

    /// Facts first: they say which identifiers are one person.
    private static func book(_ file: PolicyTestFile, _ test: PolicyTestFile.Case) throws(LineProblem) -> SubjectBook {
        var book = SubjectBook()
        let given = test.given
        for value in file.subjects + given.filter({ $0["ids"] != nil }) { try book.apply(.facts(FactsLine(value.json, line: 1))) }
        for value in file.consents + given.filter({ $0["ids"] == nil }) { try book.apply(.consent(ConsentLine(value.json, line: 1))) }
        return book
    }

    private static func run(_ test: PolicyTestFile.Case, gate: Gate, at now: Timestamp) -> [String] {
        guard let caller = gate.policy.caller(named: test.caller) else { return ["there is no caller \(test.caller)"] }
        let body: [UInt8] =
            switch test.request.body {
            case .none: []
            case .json(let value): value.json
            case .form(let fields): FormBody.encode(fields)
            case .text(let text): Array(text.utf8)
            }
        let request = test.request
        var headers = request.headers
        if case .form = request.body, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            headers.append((name: "Content-Type", value: BodyFormat.form.mediaType))
        }
        guard
            let head = RequestHead(
                method: request.method, url: request.url, headers: headers, purpose: request.purpose, hasBody: !body.isEmpty,
                in: gate.policy)
        else { return ["no vendor has the destination of \(request.url)"] }
        return compare(DryRun(gate: gate, caller: caller, head: head, body: body, now: now), test.expect)
    }

    private static func compare(_ run: DryRun, _ expected: PolicyTestFile.Expectation) -> [String] {
        var failures: [String] = []
        func check(_ what: String, _ wanted: String, _ found: String) {
            if wanted != found { failures.append("\(what): expected \(wanted), found \(found)") }
        }
        check("decision", expected.decision.rawValue, run.outcome.rawValue)
        if let primary = expected.primary { check("primary", primary.rawValue, run.primary ?? "none") }
        for code in expected.codes ?? [] where !run.codes.contains(code) {
            failures.append("codes: expected \(code.rawValue) among \(run.codes.map(\.rawValue))")
        }
        if let sent = expected.sent {
            let text = String(decoding: run.body ?? [], as: UTF8.self)
            if !sameJSON(run.body ?? [], sent.json), !sameForm(run.body ?? [], sent) {
                failures.append("sent: expected \(String(decoding: sent.json, as: UTF8.self)), found \(text.isEmpty ? "nothing" : text)")
            }
        }
        if let dropped = expected.dropped { check("dropped", listed(dropped), listed(run.records.flatMap(\.report.dropped))) }
        if let changed = expected.changed { check("changed", listed(changed), listed(run.records.flatMap(\.report.changed))) }
        return failures
    }

    private static func listed(_ paths: [String]) -> String { "\(Set(paths).sorted())" }

    /// The fields, in order, are those of the body as the gate would write them anew.
    private static func sameForm(_ body: [UInt8], _ expected: PolicyValue) -> Bool {
        guard case .map(let members) = expected.content else { return false }
        let fields = members.compactMap { member in member.value.text.map { (name: member.key, value: $0) } }
        return fields.count == members.count && FormBody.encode(fields) == FormBody.normalized(body)
    }

    private static func sameJSON(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        do { return try StrictJSONReader.read(a) == StrictJSONReader.read(b) } catch { return false }
    }
}
