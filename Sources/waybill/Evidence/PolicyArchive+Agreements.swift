import WaybillCore
import WaybillLedger

extension PolicyArchive {
    /// The agreement files of a kept set by their SHA-256, as entries cite them; empty if the set is not kept.
    func agreementFiles(ofSet digest: String) throws -> [String: PackageSurroundings.AgreementFile] {
        let directory = Files.resolve(digest, against: path)
        guard digest.allSatisfy(\.isHexDigit), try failing({ () throws(SystemError) in try Files.facts(directory) }) != nil else {
            return [:]
        }
        var dates: [String: Agreement] = [:]
        do {
            for agreement in try set(digest)?.agreements ?? [] { dates[agreement.digest] = agreement }
        } catch is PolicyProblems {
            // A newer version may read old files more strictly; the text is evidence all the same.
        }
        var files: [String: PackageSurroundings.AgreementFile] = [:]
        for (_, content) in try PolicyDirectory(directory).read() {
            let digest = MerkleHashing.sha256(content).description
            files[digest] = .init(
                content: content, from: dates[digest]?.from.day.iso8601 ?? "", until: dates[digest]?.until?.day.iso8601)
        }
        return files
    }
}
