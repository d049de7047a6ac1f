import Crypto
import Dispatch
import Synchronization
package import WaybillCore
package import WaybillLedger

/// A clock that stands until told otherwise.
package final class ManualClock: WallClock {
    private let time: Mutex<Timestamp>
    package init(_ time: Timestamp = Timestamp(seconds: 1_780_000_000)) { self.time = Mutex(time) }
    package func now() -> Timestamp { time.withLock { $0 } }
    package func advance(milliseconds: Int64) { time.withLock { $0.nanoseconds += milliseconds * 1_000_000 } }
}

/// A checkpoint copy in memory.
package final class MemoryCheckpointCopy: CheckpointCopy {
    private let note: Mutex<[UInt8]?>
    package init(_ note: [UInt8]? = nil) { self.note = Mutex(note) }
    package func read() throws(CheckpointCopyError) -> [UInt8]? { note.withLock { $0 } }
    package func write(_ note: [UInt8]) throws(CheckpointCopyError) { self.note.withLock { $0 = note } }
    package func remove() { note.withLock { $0 = nil } }
}

/// Collects what the log answers.
package final class CollectingListener: CommitListener {
    private let results = Mutex<[CommitResult]>([])
    private let batches = Mutex(0)
    private let arrived = DispatchSemaphore(value: 0)

    package init() {}

    package func committed(_ results: [CommitResult]) {
        self.results.withLock { $0.append(contentsOf: results) }
        batches.withLock { $0 += 1 }
        for _ in results { arrived.signal() }
    }

    /// Blocks until `count` more results have come; false after ten seconds.
    package func wait(for count: Int) -> Bool {
        (0..<count).allSatisfy { _ in arrived.wait(timeout: .now() + .seconds(10)) == .success }
    }

    package var all: [CommitResult] { results.withLock { $0 } }
    package var batchCount: Int { batches.withLock { $0 } }
}

extension LogKeys {
    /// Of which `testing` makes its keys.
    package static var testingKeyring: Keyring { Keyring(master: SymmetricKey(data: [UInt8](repeating: 1, count: 32))) }

    /// Fixed keys for tests.
    package static func testing(signing: UInt8 = 7, overlapping: UInt8? = nil) throws -> LogKeys {
        try LogKeys(
            keyring: testingKeyring,
            signingSeed: SymmetricKey(data: [UInt8](repeating: signing, count: 32)),
            overlapping: overlapping.map { SymmetricKey(data: [UInt8](repeating: $0, count: 32)) })
    }
}

extension TransferID {
    /// The `number`th of a test.
    package static func testing(_ number: UInt64, now: Timestamp = Timestamp(seconds: 1_780_000_000)) -> TransferID {
        TransferID(now: now, random: (0, number << 8))
    }
}

extension TransferDraft {
    /// A small transfer about one subject known by `email`.
    package static func testing(
        _ number: UInt64, vendor: String = "hubspot", caller: String = "crm", email: String = "anna@example.com",
        subjectNumber: UInt32? = nil,
        records: Int = 1, body: [UInt8] = Array(#"{"email":"anna@example.com"}"#.utf8)
    ) -> TransferDraft {
        TransferDraft(
            xid: .testing(number), caller: caller, vendor: vendor, destination: "api.hubapi.com", region: "US", method: "POST",
            endpoint: "contacts_create", route: "/crm/v3/objects/contacts", purposes: ["newsletter"], regimes: ["gdpr"], bases: ["consent"],
            mechanisms: ["adequacy:EU-US-DPF"], agreements: [("hubspot-newsletter", 3, "0a1b")], policyDigest: "c0ffee",
            consentSequence: 41,
            fields: ["email"], droppedFields: ["birth_date"], droppedMembers: 2, codes: [.fieldNotAgreed: 2], recordCount: records,
            deniedCount: 0, body: body,
            subjects: [
                Subject(
                    number: subjectNumber, salt: InlineArray(repeating: UInt8(truncatingIfNeeded: number)),
                    identifiers: [Identifier(bytes: Array("email:\(email)".utf8))])
            ],
            lines: [
                RecordLine(index: 0, decision: .allowRedacted, codes: [.fieldNotAgreed], basis: "consent", fields: ["email"], subjects: [0])
            ])
    }
}
