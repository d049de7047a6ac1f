import Crypto

/// What a load can take over from an earlier set. An agreement depends on its own file and on everything but agreements, callers and
/// tests; if none of that changed, the compiled agreement is still right, and a reload of a large set costs only what changed.
struct PolicyReuse {
    /// Kept in a set for the load after it.
    struct Basis: Sendable {
        var catalogDigest = ""
        var operators = OperatorTable()
        var warnings: [PolicyProblem] = []
    }
    private static let independentKinds: Set<PolicyFileKind> = [.agreement, .caller, .test]

    /// Over the files that agreements depend on.
    let catalogDigest: String
    /// Every agreement file's path and SHA-256, in the order of paths.
    let digests: [(path: String, digest: String)]
    /// Unchanged agreements by path.
    let agreements: [String: Agreement]
    /// Continued, so that operators of unchanged agreements keep their ids.
    let operators: OperatorTable
    /// Said before about what is not read again.
    let warnings: [PolicyProblem]

    /// `files`: YAML files only.
    init(files: [String: [UInt8]], since earlier: PolicySet?) {
        catalogDigest = Self.digest(of: files.filter { PolicyFileKind($0.key).map { !Self.independentKinds.contains($0) } ?? true })
        digests = files.keys.filter { PolicyFileKind($0) == .agreement }.sorted().map { path in
            (path: path, digest: SHA256.hash(data: files[path] ?? []).hex)
        }
        guard let earlier, earlier.basis.catalogDigest == catalogDigest else {
            (agreements, operators, warnings) = ([:], OperatorTable(), [])
            return
        }
        let before = Dictionary(earlier.agreements.map { ($0.position.file, $0) }, uniquingKeysWith: { first, _ in first })
        var unchanged: [String: Agreement] = [:]
        for (path, digest) in digests {
            if let agreement = before[path], agreement.digest == digest { unchanged[path] = agreement }
        }
        agreements = unchanged
        operators = earlier.basis.operators
        warnings = earlier.basis.warnings.filter { unchanged[$0.position.file] != nil }
    }

    /// SHA-256, hex, over each file in the order of paths: `path LF length LF bytes`.
    static func digest(of files: [String: [UInt8]]) -> String {
        var hash = SHA256()
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) {
            hash.update(data: Array("\(path)\n\(bytes.count)\n".utf8))
            hash.update(data: bytes)
        }
        return hash.finalize().hex
    }
}

extension Digest {
    /// Lower-case hexadecimal.
    fileprivate var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
