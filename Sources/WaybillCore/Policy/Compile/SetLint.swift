/// What the files of a set cannot be to one another.
struct SetLint {
    let compilation: Compilation
    private var problems: ProblemList { compilation.problems }

    init(compilation: Compilation) { self.compilation = compilation }

    func checkDestinations() {
        var owners: [String: String] = [:]
        for vendor in compilation.vendors.all {
            for authority in Set(vendor.destinations.map(\.authority)).sorted() {
                if let owner = owners[authority] {
                    problems.error(
                        vendor.position, "destination_shared", "`\(authority)` is a destination of `\(owner)` as well",
                        "keep it with one vendor: a request must belong to exactly one")
                }
                owners[authority] = vendor.id
            }
        }
    }

    func checkVersions(_ agreements: [String: [Agreement]]) {
        for (_, versions) in agreements.sorted(by: { $0.key < $1.key }) where versions.count > 1 {
            for (index, agreement) in versions.enumerated().dropFirst() {
                if versions[..<index].contains(where: { $0.version == agreement.version }) {
                    problems.error(
                        agreement.position, "duplicate_version", "version \(agreement.version) of `\(agreement.id)` stands in two files",
                        "raise the version in one of them")
                }
                if agreement.vendor != versions[0].vendor {
                    problems.error(
                        agreement.position, "vendor_changed", "versions of `\(agreement.id)` name different vendors",
                        "give the agreement with the other vendor an id of its own")
                }
            }
        }
    }

    func checkTokens() {
        var owners: [[UInt8]: String] = [:]
        for caller in compilation.callers.all {
            for case .tokenSHA256(let hash) in caller.credentials {
                if let owner = owners[hash] {
                    problems.error(
                        caller.position, "token_shared", "the token of `\(caller.id)` is also one of `\(owner)`",
                        "give every caller tokens of its own")
                }
                owners[hash] = caller.id
            }
        }
    }

    func checkCertificates() {
        var owners: [String: String] = [:]
        for caller in compilation.callers.all {
            for case .mtlsSAN(let san) in caller.credentials {
                let key = Caller.Credential.sanKey(san)
                if let owner = owners[key] {
                    problems.error(
                        caller.position, "certificate_shared", "the certificate name `\(san)` of `\(caller.id)` is also one of `\(owner)`",
                        "give every caller certificate names of its own")
                }
                owners[key] = caller.id
            }
        }
    }
}
