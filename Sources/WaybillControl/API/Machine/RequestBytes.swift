import Crypto
import Hummingbird
import NIOCore
import Synchronization

/// A request's body, chunk by chunk as it is asked for, counted and hashed.
///
/// One reader at a time. The task that holds the body's iterator reads only when asked, so that nothing reads once the answer is written.
final class RequestBytes: Sendable {
    private typealias Chunk = Result<[UInt8]?, any Error>
    private struct State {
        var count = 0
        var hasEnded = false
        var hash: SHA256
    }
    private let bytesMax: Int
    private let demands: AsyncStream<CheckedContinuation<Chunk, Never>>.Continuation
    private let state: Mutex<State>

    /// `hash`: what the hash begins with.
    init(_ body: RequestBody, bytesMax: Int, hash: SHA256) {
        self.bytesMax = bytesMax
        state = Mutex(State(hash: hash))
        let (asked, demands) = AsyncStream.makeStream(of: CheckedContinuation<Chunk, Never>.self)
        self.demands = demands
        Task {
            var iterator = body.makeAsyncIterator()
            for await demand in asked {
                do {
                    demand.resume(returning: .success(try await iterator.next().map { Array($0.readableBytesView) }))
                } catch {
                    demand.resume(returning: .failure(error))
                }
            }
        }
    }

    deinit { demands.finish() }

    /// Nil: there is no more. Throws 413 beyond the limit.
    func next() async throws -> [UInt8]? {
        guard !state.withLock(\.hasEnded) else { return nil }
        guard let chunk = try await withCheckedContinuation({ demands.yield($0) }).get() else {
            state.withLock { $0.hasEnded = true }
            return nil
        }
        let count = state.withLock { state in
            state.count += chunk.count
            state.hash.update(data: chunk)
            return state.count
        }
        guard count <= bytesMax else { throw APIProblem(.bodyTooLarge, "the body may have at most \(bytesMax) bytes") }
        return chunk
    }

    /// All of it.
    func all() async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = try await next() { bytes += chunk }
        return bytes
    }

    /// Of what was read, and of the rest, which is read now.
    func fingerprint() async throws -> [UInt8] {
        while try await next() != nil {}
        return Array(state.withLock { $0.hash }.finalize())
    }
}
