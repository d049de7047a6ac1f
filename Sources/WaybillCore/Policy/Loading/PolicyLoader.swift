import Dispatch
import Synchronization

/// Reads and compiles a policy set. Pure: files come in as bytes.
package enum PolicyLoader {
    package static let filesMax = 20_000
    private static let filesInSlice = 64

    /// `files`: path relative to the policy directory (`vendors/hubspot.yaml`) → bytes. `tests/` files are checked for form only.
    /// Files that are not YAML are ignored. Throws every error found, sorted by position; warnings come back with the set.
    /// `since`: an earlier set, whose unchanged agreements need no reading if only agreements, callers and tests changed; the result
    /// means the same with and without it.
    package static func load(
        files: [String: [UInt8]], since earlier: PolicySet? = nil
    ) throws(PolicyProblems) -> (set: PolicySet, warnings: [PolicyProblem]) {
        let problems = ProblemList()
        let reuse = PolicyReuse(files: files.filter { isYAML($0.key) }, since: earlier)
        let documents = parse(files.filter { reuse.agreements[$0.key] == nil }, counting: files.count, problems)
        // What has no form has no meaning: compiling half a set would only report names that the broken files define.
        try stop(problems)
        let compilation = Compilation(problems: problems)
        compilation.operators = reuse.operators
        compile(documents, reuse, into: compilation)
        for document in documents where document.kind == .test { _ = TestFileReader(problems: problems).read(document.value) }
        let routes = RouteCompiler(compilation: compilation).routes()
        try stop(problems)
        guard let organisation = compilation.organisation else { throw PolicyProblems(all: []) }
        let warnings = ProblemList.sorted(problems.warnings + reuse.warnings)
        let basis = PolicyReuse.Basis(catalogDigest: reuse.catalogDigest, operators: compilation.operators, warnings: warnings)
        return (compilation.set(organisation: organisation, routes: routes, digest: digest(of: files), basis: basis), warnings)
    }

    /// The policy tests of a set, by path. Throws what is wrong with their form.
    package static func tests(files: [String: [UInt8]]) throws(PolicyProblems) -> [PolicyTestFile] {
        let problems = ProblemList()
        let documents = parse(files.filter { PolicyFileKind($0.key) == .test }, counting: 0, problems)
        let tests = documents.compactMap { TestFileReader(problems: problems).read($0.value) }
        try stop(problems)
        return tests
    }

    private struct Document: Sendable {
        var path: String
        var kind: PolicyFileKind
        var value: PolicyValue
    }

    /// What a vendor's, an agreement's or a caller's document says of itself, before anything else is known about it. `path`: as in a set.
    package static func head(path: String, bytes: [UInt8]) throws(PolicyProblem) -> PolicyHead {
        let document = try YAMLDocument.parse(file: path, bytes: bytes)
        guard let kind = PolicyFileKind(path), let key = kind.idKey else {
            throw PolicyProblem(
                severity: .error, position: document.position, code: "unknown_file", message: "this is no vendor, agreement or caller",
                remedy: "draft one of these")
        }
        let problems = ProblemList()
        let value = document[key]
        let id = value.flatMap { ScalarType<String>.name.read($0, problems) }
        let version = document["version"].flatMap { ScalarType<Int>.integer(1...AgreementReader.versionMax).read($0, problems) }
        if let problem = problems.errors.first { throw problem }
        guard let id, let value, kind != .agreement || version != nil else {
            throw PolicyProblem(
                severity: .error, position: document.position, code: "missing_key",
                message: "the document lacks `\(id == nil ? key : "version")`", remedy: "add it at the top")
        }
        return PolicyHead(id: id, version: version, position: value.position, document: document)
    }

    private static func stop(_ problems: ProblemList) throws(PolicyProblems) {
        if !problems.errors.isEmpty { throw PolicyProblems(all: ProblemList.sorted(problems.errors)) }
    }

    private static func isYAML(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

    /// In the order of paths, so that ids do not depend on chance.
    private static func parse(_ files: [String: [UInt8]], counting count: Int, _ problems: ProblemList) -> [Document] {
        let paths = files.keys.filter(isYAML).sorted()
        guard count <= filesMax else {
            problems.error(
                SourcePosition(file: ".", line: 1, column: 1), "too_many_files", "the set has more than \(filesMax) files",
                "split it, or join small files' agreements under fewer vendors")
            return []
        }
        let results = inParallel(paths.count) { parse(paths[$0], files[paths[$0]] ?? []) }
        return results.compactMap { result in
            switch result {
            case .success(let document): return document
            case .failure(let problem):
                problems.add(problem)
                return nil
            }
        }
    }

    private static func parse(_ path: String, _ bytes: [UInt8]) -> Result<Document, PolicyProblem> {
        guard let kind = PolicyFileKind(path) else {
            return .failure(
                PolicyProblem(
                    severity: .error, position: SourcePosition(file: path, line: 1, column: 1), code: "unknown_file",
                    message: "no policy file has this name",
                    remedy: path.hasSuffix(".yml")
                        ? "name it `.yaml`" : "use organisation.yaml, catalog/, vendors/, agreements/, callers/ or tests/"))
        }
        do throws(PolicyProblem) {
            return .success(Document(path: path, kind: kind, value: try YAMLDocument.parse(file: path, bytes: bytes)))
        } catch {
            return .failure(error)
        }
    }

    /// Parsing is four fifths of loading a large set, and files do not depend on one another: every core takes slices of them.
    private static func inParallel<T: Sendable>(_ count: Int, _ work: @Sendable (Int) -> T) -> [T] {
        let slices = (count + filesInSlice - 1) / filesInSlice
        guard slices > 1 else { return (0..<count).map(work) }
        let done = Mutex<[Int: [T]]>([:])
        DispatchQueue.concurrentPerform(iterations: slices) { slice in
            let results = (slice * filesInSlice..<min(count, (slice + 1) * filesInSlice)).map(work)
            done.withLock { $0[slice] = results }
        }
        return done.withLock { all in (0..<slices).flatMap { all[$0] ?? [] } }
    }

    /// In the order in which files refer to one another, so that every reader can resolve names at once.
    private static func compile(_ documents: [Document], _ reuse: PolicyReuse, into compilation: Compilation) {
        let byKind = Dictionary(grouping: documents, by: \.kind)
        func each(_ kind: PolicyFileKind, _ read: (Document) -> Void) { byKind[kind]?.forEach(read) }
        for kind in PolicyFileKind.needed where byKind[kind] == nil {
            compilation.problems.error(
                SourcePosition(file: kind.rawValue, line: 1, column: 1), "missing_file", "the set has no \(kind.rawValue)",
                "add it; copy the one in policies/ of the repository")
        }
        each(.transfers) { TransfersReader(compilation: compilation).read($0.value) }
        if byKind[.transfers] == nil {
            builtIn("transfers", BuiltInPolicy.transfers, compilation, TransfersReader(compilation: compilation).read)
        }
        each(.terms) { TermsReader(compilation: compilation).read($0.value) }
        if byKind[.terms] == nil { builtIn("terms", BuiltInPolicy.terms, compilation, TermsReader(compilation: compilation).read) }
        each(.organisation) { OrganisationReader(compilation: compilation).read($0.value) }
        each(.fields) { FieldsReader(compilation: compilation).read($0.value) }
        each(.purposes) { PurposesReader(compilation: compilation).read($0.value) }
        each(.vendor) { VendorReader(compilation: compilation).read($0.value) }
        each(.notices) { NoticesReader(compilation: compilation).read($0.value) }
        let lint = SetLint(compilation: compilation)
        lint.checkDestinations()
        let reader = AgreementReader(compilation: compilation)
        let changed = Dictionary(uniqueKeysWithValues: (byKind[.agreement] ?? []).map { ($0.path, $0.value) })
        for (path, digest) in reuse.digests {
            if let agreement = reuse.agreements[path] {
                compilation.agreements.append(agreement)
            } else if let document = changed[path] {
                reader.read(document, digest: digest)
            }
        }
        let agreements = Dictionary(grouping: compilation.agreements, by: \.id)
        lint.checkVersions(agreements)
        let callers = CallerReader(compilation: compilation, agreements: agreements)
        each(.caller) { callers.read($0.value) }
        lint.checkTokens()
        lint.checkCertificates()
    }

    private static func builtIn(_ name: String, _ text: String, _ compilation: Compilation, _ read: (PolicyValue) -> Void) {
        do throws(PolicyProblem) {
            read(try YAMLDocument.parse(file: "built-in/\(name).yaml", bytes: Array(text.utf8)))
        } catch {
            compilation.problems.add(error)
        }
    }

    /// SHA-256, hex, over each YAML file in the order of paths: `path LF length LF bytes`.
    private static func digest(of files: [String: [UInt8]]) -> String { PolicyReuse.digest(of: files.filter { isYAML($0.key) }) }
}

/// A document by its own name.
package struct PolicyHead: Sendable {
    package var id: String
    /// Of an agreement; others have none.
    package var version: Int?
    /// Of the id.
    package var position: SourcePosition
    package var document: PolicyValue
}

package struct PolicyProblems: Error, Sendable {
    package var all: [PolicyProblem]
    package init(all: [PolicyProblem]) { self.all = all }
}

/// What a file of the set is, by its path. The raw value is that path, or its folder.
enum PolicyFileKind: String {
    case organisation = "organisation.yaml"
    case fields = "catalog/fields.yaml"
    case purposes = "catalog/purposes.yaml"
    case transfers = "catalog/transfers.yaml"
    case notices = "catalog/notices.yaml"
    case terms = "catalog/terms.yaml"
    case vendor = "vendors/"
    case agreement = "agreements/"
    case caller = "callers/"
    case test = "tests/"

    /// The key that names the document; nil: there is one of the kind.
    var idKey: String? {
        switch self {
        case .vendor: "vendor"
        case .agreement: "agreement"
        case .caller: "caller"
        default: nil
        }
    }

    static let needed: [PolicyFileKind] = [.organisation, .fields, .purposes]

    /// Documents approved in the console stand under this, in folders of the same names; no file on disk does.
    static let storeFolder = "console/"

    /// Folders may have folders of their own.
    init?(_ whole: String) {
        let path = whole.hasPrefix(Self.storeFolder) ? String(whole.dropFirst(Self.storeFolder.count)) : whole
        if path != whole, ![PolicyFileKind.vendor, .agreement, .caller].contains(where: { path.hasPrefix($0.rawValue) }) { return nil }
        if let kind = PolicyFileKind(rawValue: path) {
            self = kind
            return
        }
        let folders: [PolicyFileKind] = [.vendor, .agreement, .caller, .test]
        guard path.hasSuffix(".yaml"), let folder = folders.first(where: { path.hasPrefix($0.rawValue) }) else { return nil }
        self = folder
    }
}
