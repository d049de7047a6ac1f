/// The module diagram of ARCHITECTURE.md, as a rule.
enum Imports {
    /// What each module of ours may import of ours.
    static let ours: [String: Set<String>] = [
        "WaybillCore": [],
        "WaybillLedger": ["WaybillCore"],
        "WaybillStorage": ["WaybillCore", "WaybillLedger"],
        "WaybillProxy": ["WaybillCore", "WaybillLedger"],
        "WaybillControl": ["WaybillCore", "WaybillLedger"],
        "WaybillDelivery": ["WaybillCore", "WaybillLedger"],
        "WaybillReport": ["WaybillCore", "WaybillLedger"],
        "WaybillTesting": ["WaybillCore", "WaybillLedger", "WaybillStorage", "WaybillProxy", "WaybillControl"],
        "waybill": [
            "WaybillCore", "WaybillLedger", "WaybillStorage", "WaybillProxy", "WaybillControl", "WaybillDelivery", "WaybillReport",
        ],
    ]

    /// Beginnings of other modules' names that a module must stay free of, and why.
    static let foreign: [String: [(prefix: String, why: String)]] = [
        "WaybillCore": [
            ("NIO", "the core does no I/O"), ("GRDB", "the core does no I/O"), ("SQLite", "the core does no I/O"),
            ("Logging", "the core returns values and logs nothing"), ("ServiceLifecycle", "the core has no life-cycle"),
        ],
        "WaybillLedger": [
            ("NIO", "the ledger knows no HTTP"), ("GRDB", "the ledger knows no SQL"), ("SQLite", "the ledger knows no SQL"),
        ],
        "WaybillStorage": [("NIO", "storage has its own executor")],
        "WaybillProxy": [("GRDB", "the proxy knows no SQL"), ("SQLite", "the proxy knows no SQL")],
        "WaybillControl": [("GRDB", "the control plane knows no SQL"), ("SQLite", "the control plane knows no SQL")],
    ]

    /// In no module at all.
    static let banned: [(name: String, why: String)] = [
        ("AsyncHTTPClient", "seven to twelve times nginx' CPU time; the proxy has its own pools"),
        ("FoundationXML", "it crashes on a document with a processing instruction"),
        ("XMLCoder", "it sits on FoundationXML"),
        ("FoundationNetworking", "the proxy has its own pools"),
        ("XCTest", "Swift Testing only"),
    ]

    static let rules = [
        Rule(name: "modules import only what the architecture lets them") { file in
            imports(of: file).compactMap { line, name in
                complaint(about: name, in: file.module).map { Finding(path: file.path, line: line, message: "imports \(name): \($0)") }
            }
        }
    ]

    static func imports(of file: SourceFile) -> [(line: Int, name: String)] {
        file.code.enumerated().compactMap { number, line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at <= 2, at + 1 < words.count else { return nil }
            let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "typealias", "let", "var"]
            let name = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
            return (number + 1, name.split(separator: ".").first.map(String.init) ?? String(name))
        }
    }

    private static func complaint(about name: String, in module: String?) -> String? {
        if let ban = banned.first(where: { $0.name == name }) { return ban.why }
        guard let module else { return nil }
        guard let allowed = ours[module] else { return "module \(module) is not in the table of this rule" }
        if ours[name] != nil && !allowed.contains(name) { return "\(module) may import only \(allowed.sorted()) of ours" }
        return foreign[module]?.first { name.hasPrefix($0.prefix) }?.why
    }
}
