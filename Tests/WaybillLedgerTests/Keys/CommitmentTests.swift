import Crypto
import Foundation
import Testing
import WaybillCore
import WaybillLedger
import WaybillTesting

@Suite struct CommitmentTests {
    @Test(.enabled(if: SharedVectors.areThere, "shared/reference/entry-vectors.json is missing"))
    func subjectKeysOpeningsCommitmentsAndRootsAreThePublishedOnes() throws {
        struct Subject: Decodable {
            var Ks_hex: String
            var xid_hex: String
            var subject: String
            var r_hex: String
            var c_hex: String
            var sorted_commitments_hex: [String]
            var root_hex: String
        }
        let vector = try SharedVectors.load("subject", of: "entry-vectors.json", as: Subject.self)
        let key = try #require([UInt8](hex: vector.Ks_hex).flatMap { TreeHash($0) })
        let digits = Array(vector.xid_hex)
        let groups = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
        let xid = try #require(TransferID(groups.joined(separator: "-")))
        let opening = LogKeys.opening(subjectKey: key, xid: xid)
        #expect(opening.description == vector.r_hex)
        #expect(LogKeys.commitment(opening: opening, identifier: Array(vector.subject.utf8)).description == vector.c_hex)
        let commitments = try vector.sorted_commitments_hex.map { try #require([UInt8](hex: $0).flatMap { TreeHash($0) }) }
        #expect(commitments.sorted() == commitments)
        #expect(MerkleHashing.root(of: commitments.map { MerkleHashing.leaf($0.bytes) }).description == vector.root_hex)
    }

    @Test(arguments: [0, 1, 31, 32, 55, 56, 63, 64, 65, 1_000]) func theKeyedHashIsTheLibrarysHMAC(length: Int) throws {
        let bytes = [UInt8]((0..<32).map { UInt8($0 * 7) })
        let message = [UInt8]((0..<length).map { UInt8(truncatingIfNeeded: $0) })
        let expected = HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: bytes))
        #expect(KeyedHash.mac(key: try #require(TreeHash(bytes)), message).bytes == Array(expected))
    }

    @Test func subjectKeyAndFingerprintAreHMACsUnderTheKeyring() throws {
        let keyring = Keyring(master: SymmetricKey(data: [UInt8](repeating: 1, count: 32)))
        let keys = try LogKeys.testing()
        let salt = [UInt8](repeating: 9, count: 16)
        let identifier = Identifier(bytes: Array("email:anna@example.com".utf8))
        let key = HMAC<SHA256>.authenticationCode(for: salt, using: keyring.subjects)
        let print = HMAC<SHA256>.authenticationCode(for: identifier.bytes, using: keyring.fingerprints)
        #expect(keys.subjectKey(salt: InlineArray(repeating: 9)).bytes == Array(key))
        #expect(withUnsafeBytes(of: keys.fingerprint(identifier).bytes) { Array($0) } == Array(print.prefix(16)))
    }
}
