import Synchronization
import WaybillCore

/// Runs a request that has an idempotency key: the first time it is done and its answer kept, later that answer is given again.
struct OnceOnly {
    let store: any RepeatedRequests
    let key: RequestKey
    let bytes: RequestBytes
    let now: Timestamp

    /// Throws 409 while the first is under way, 422 for another request with the key.
    func run(_ work: () async throws -> RenderedAnswer) async throws -> RenderedAnswer {
        switch try await store.begin(key, now: now, since: now.adding(seconds: -APILimits.repeatSeconds)) {
        case .begun:
            throw APIProblem(
                .keyInProgress,
                "the first request with this key is under way, or was cut off; look whether it was done before you send it with another key"
            )
        case .done(let fingerprint, let answer):
            guard try await bytes.fingerprint() == fingerprint else {
                throw APIProblem(.keyReused, "another request was sent with this key; use a new key for each thing to be done")
            }
            return try again(answer)
        case nil: break
        }
        let answer: RenderedAnswer
        do {
            answer = try await work()
        } catch {
            try await store.release(key)
            throw error
        }
        return try await kept(answer)
    }

    private func again(_ answer: KeptAnswer) throws(APIProblem) -> RenderedAnswer {
        guard answer.body != nil || answer.mediaType == nil else {
            throw APIProblem(
                .conflict, "it was done by the first request with this key, whose answer was too long to keep; look at what it made")
        }
        return RenderedAnswer(
            status: answer.status, mediaType: answer.mediaType, etag: answer.etag, location: answer.location,
            body: answer.mediaType == nil ? .none : .bytes(answer.body ?? []))
    }

    private func kept(_ answer: RenderedAnswer) async throws -> RenderedAnswer {
        switch answer.body {
        case .none: try await keep(answer, nil)
        case .bytes(let bytes): try await keep(answer, bytes)
        case .stream(let next):
            var copy = answer
            copy.body = .stream(following(next, of: answer))
            return copy
        }
        return answer
    }

    /// What was done is known only when the stream has ended.
    private func following(
        _ next: @escaping @Sendable () async throws -> [UInt8]?, of answer: RenderedAnswer
    ) -> @Sendable () async throws -> [UInt8]? {
        let seen = Mutex<[UInt8]?>([])
        let once = self
        return {
            if let chunk = try await next() {
                seen.withLock { bytes in
                    bytes = bytes.flatMap { $0.count + chunk.count <= KeptAnswer.bytesMax ? $0 + chunk : nil }
                }
                return chunk
            }
            try await once.keep(answer, seen.withLock { $0 })
            return nil
        }
    }

    private func keep(_ answer: RenderedAnswer, _ body: [UInt8]?) async throws {
        let fits = (body?.count ?? 0) <= KeptAnswer.bytesMax
        try await store.finish(
            key, fingerprint: try await bytes.fingerprint(),
            answer: KeptAnswer(
                status: answer.status, mediaType: answer.mediaType, etag: answer.etag, location: answer.location, body: fits ? body : nil))
    }
}
