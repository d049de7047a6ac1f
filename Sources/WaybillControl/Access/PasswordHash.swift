import Crypto
import CryptoExtras
import Dispatch
import FoundationEssentials

/// scrypt of a password, with the parameters it was made by.
package struct PasswordHash: Codable, Sendable, Equatable {
    private static let keyBytes = 32
    private static let saltBytes = 16

    /// N, a power of two. With N = 2^16 and r = 8 a hash needs 64 MiB and about a fifth of a second of one core.
    package var rounds: Int
    /// r.
    package var blockSize: Int
    /// p.
    package var parallelism: Int
    package var salt: [UInt8]
    package var key: [UInt8]

    /// Blocks for as long as it takes.
    init(_ password: String, rounds: Int) throws {
        self.rounds = rounds
        (blockSize, parallelism, salt, key) = (8, 1, AccessSecret.random(Self.saltBytes), [])
        key = try derive(password)
    }

    /// Of no password: what an unknown account's password is compared with, so that it takes as long as a known one's.
    static func decoy(rounds: Int) -> PasswordHash {
        PasswordHash(rounds: rounds, salt: AccessSecret.random(saltBytes), key: AccessSecret.random(keyBytes))
    }

    private init(rounds: Int, salt: [UInt8], key: [UInt8]) {
        (self.rounds, blockSize, parallelism, self.salt, self.key) = (rounds, 8, 1, salt, key)
    }

    /// Blocks for as long as it takes.
    func matches(_ password: String) throws -> Bool { AccessSecret.areEqual(try derive(password), key) }

    private func derive(_ password: String) throws -> [UInt8] {
        let key = try KDF.Scrypt.deriveKey(
            from: Array(password.utf8), salt: salt, outputByteCount: Self.keyBytes, rounds: rounds, blockSize: blockSize,
            parallelism: parallelism)
        return key.withUnsafeBytes { Array($0) }
    }
}

/// Computes hashes on threads of its own, few at once: each holds 64 MiB, event loops must not wait for one, and strangers at the sign-in
/// page must leave the gate most of the machine.
actor PasswordHasher {
    static let atOnceMax = max(1, min(2, ProcessInfo.processInfo.activeProcessorCount / 2))
    static let waitingMax = 16
    private let queue = DispatchQueue(label: "waybill.passwords", attributes: .concurrent)
    private let rounds: Int
    private let decoy: PasswordHash
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(rounds: Int) {
        self.rounds = rounds
        decoy = .decoy(rounds: rounds)
    }

    func hash(_ password: String) async throws -> PasswordHash {
        try await compute { [rounds] in try PasswordHash(password, rounds: rounds) }
    }

    /// Nil: there is no such account, or it has no password; that takes as long.
    func matches(_ password: String, _ hash: PasswordHash?) async throws -> Bool {
        let compared = hash ?? decoy
        return try await compute { try compared.matches(password) } && hash != nil
    }

    private func compute<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        if running >= Self.atOnceMax {
            guard waiting.count < Self.waitingMax else {
                throw APIProblem(.tooMany, "Too many people sign in at this moment; try again in a few seconds.")
            }
            await withCheckedContinuation { waiting.append($0) }
        } else {
            running += 1
        }
        defer { if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() } }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }
}
