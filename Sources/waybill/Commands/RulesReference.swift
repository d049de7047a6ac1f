import WaybillCore

/// `docs/reference/reason-codes.md` and `docs/reference/operators.md`, written from the catalogue and the operators themselves.
enum RulesReference {
    static var reasonCodes: String {
        page(
            "Reason codes", "reason-codes",
            """
            The order is the order of checks: the first that fails is a record's `primary` and the problem document's `code`. Codes of \
            step 9 narrow what is sent and refuse nothing by themselves, `field_required_missing` excepted.
            """)
            + table(
                ["code", "step", "status", "meaning", "what to do"],
                ReasonCode.allCases.map { code in
                    let entry = ReasonCatalog.entry(for: code)
                    return ["`\(code.rawValue)`", "\(code.step)", "\(entry.status)", entry.title, entry.remedy]
                })
            + "\n## Bodies that cannot be read\n\n"
            + table(
                ["code", "status", "meaning"],
                BodyError.Kind.allCases.map { ["`\($0.rawValue)`", "\(BodyError($0).status)", BodyError($0).title] })
    }

    static var operators: String {
        page(
            "Redaction operators", "operators",
            """
            Where two purposes that both permit name one field, the narrower operator wins. A value that an operator cannot handle is \
            dropped, never kept. `null` and empty containers carry nothing and pass as they are, except under `drop`.
            """)
            + table(
                ["operator", "narrowness", "arguments", "takes", "gives"],
                RedactionOperators.all.map { kind in
                    let reference = kind.reference
                    return ["`\(kind.name)`", "\(kind.narrowness)", reference.arguments, reference.inputs, reference.output]
                })
            + "\nNot built yet, and a load error: "
            + RedactionOperators.notBuiltYet.map { "`\($0)`" }.joined(separator: ", ") + ".\n"
    }

    private static func page(_ title: String, _ name: String, _ text: String) -> String {
        "# \(title)\n\n<!-- Generated: waybill reference \(name) > docs/reference/\(name).md -->\n\n\(text)\n\n"
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        ([head, head.map { _ in "---" }] + rows).map { "| \($0.joined(separator: " | ")) |\n" }.joined()
    }
}
