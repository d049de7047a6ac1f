import Synchronization
import WaybillCore

/// How much one who asks may ask: a bucket of requests that fills at a steady rate, and requests at once. Held in memory.
final class APIRates: Sendable {
    struct Limits: Sendable {
        var requestsPerSecond = 500.0
        var burstRequests = 1_000.0
        var concurrentRequestsMax = 24
        /// Buckets kept; when there are more, full ones are forgotten.
        var principalsMax = 10_000
    }
    private struct Bucket {
        var requests: Double
        var filled: Timestamp
        var concurrent = 0
    }
    /// One request under way; over when the last holder lets go of it.
    final class Ticket: Sendable {
        private let rates: APIRates
        private let id: String
        fileprivate init(_ rates: APIRates, _ id: String) {
            self.rates = rates
            self.id = id
        }
        deinit { rates.leave(id) }
    }

    private let limits: Limits
    private let buckets = Mutex<[String: Bucket]>([:])

    init(_ limits: Limits = Limits()) { self.limits = limits }

    /// Throws 429.
    func enter(_ id: String, now: Timestamp) throws(APIProblem) -> Ticket {
        let isIn = buckets.withLock { buckets in
            if buckets.count >= limits.principalsMax, buckets[id] == nil { forgetFull(&buckets, now) }
            var bucket = filled(buckets[id], now)
            defer { buckets[id] = bucket }
            guard bucket.requests >= 1, bucket.concurrent < limits.concurrentRequestsMax else { return false }
            bucket.requests -= 1
            bucket.concurrent += 1
            return true
        }
        guard isIn else {
            throw APIProblem(
                .tooMany,
                "more than \(Int(limits.requestsPerSecond)) requests a second or \(limits.concurrentRequestsMax) at once; wait a second and "
                    + "ask less often")
        }
        return Ticket(self, id)
    }

    private func leave(_ id: String) { buckets.withLock { $0[id]?.concurrent -= 1 } }

    private func filled(_ bucket: Bucket?, _ now: Timestamp) -> Bucket {
        guard var bucket else { return Bucket(requests: limits.burstRequests, filled: now) }
        let seconds = Double(max(0, now.nanoseconds - bucket.filled.nanoseconds)) / 1e9
        bucket.requests = min(limits.burstRequests, bucket.requests + seconds * limits.requestsPerSecond)
        bucket.filled = now
        return bucket
    }

    private func forgetFull(_ buckets: inout [String: Bucket], _ now: Timestamp) {
        buckets = buckets.filter { filled($0.value, now).requests < limits.burstRequests || $0.value.concurrent > 0 }
    }
}
