package import WaybillCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// How one node writes its log. The defaults are those of transfer-log.md.
package struct LogConfiguration: Sendable {
    /// `log.origin`: the log's name in checkpoints, a schema-less URL.
    package var origin: String
    package var node: String
    /// The checkpoint that the shard before ended with, cited by the first entry of a new store; nil: the log begins with this store.
    package var previous: Checkpoint?
    package var checkpointEveryMilliseconds = 1_000
    package var sealEverySeconds = 60
    /// How long outcomes, denials and seals wait for an intent to ride with.
    package var rideMillisecondsMax = 100
    package var batchEntriesMax = 1_024
    package var batchBytesMax = 512 * 1_024
    /// Intents waiting for a commit; beyond it `overloaded`. Denials have the same limit of their own, and beyond it are counted.
    package var queuedEntriesMax = 16_384
    /// Bytes of waiting intents.
    package var queuedBytesMax = 64 * 1_024 * 1_024
    /// How far the clock may be behind the last entry.
    package var clockBehindSecondsMax = 5
    /// Numbers up to here were given before, whatever the store remembers: a restored one must not give them again.
    package var lastSubjectNumber: UInt32?
    /// Wait before the next attempt while the store refuses.
    package var retryMilliseconds = 1_000

    package init(origin: String, node: String) {
        self.origin = origin
        self.node = node
    }
}

/// What the log tells its owner, on the log's thread.
package struct LogObserver: Sendable {
    /// First-seen subjects that have just become durable, before the listeners hear of their intents: for the subject index.
    package var sighted: @Sendable ([Sighting]) -> Void
    /// One sentence for the operator: what is wrong with the log, or that it is well again. Never personal data.
    package var told: @Sendable (String) -> Void
    package init(sighted: @escaping @Sendable ([Sighting]) -> Void = { _ in }, told: @escaping @Sendable (String) -> Void = { _ in }) {
        self.sighted = sighted
        self.told = told
    }
}

/// A subject the log gave a number, because no import had.
package struct Sighting: Sendable, Equatable {
    package var number: UInt32
    package var salt: InlineArray<16, UInt8>
    package var fingerprints: [Fingerprint]
    package init(number: UInt32, salt: InlineArray<16, UInt8>, fingerprints: [Fingerprint]) {
        self.number = number
        self.salt = salt
        self.fingerprints = fingerprints
    }
    package static func == (a: Sighting, b: Sighting) -> Bool {
        a.number == b.number && a.fingerprints == b.fingerprints && Fingerprint(bytes: a.salt) == Fingerprint(bytes: b.salt)
    }
}

/// Why a log could not be opened: one sentence with the remedy.
package struct LogOpenError: Error, Sendable, CustomStringConvertible {
    package var message: String
    package init(_ message: String) { self.message = message }
    package var description: String { message }
}

/// Times entries by the system's clock, and waits by one that never jumps.
package struct SystemWallClock: WallClock {
    package init() {}
    package func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }
}

/// Milliseconds of a clock that never jumps.
func monotonicMilliseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000 + UInt64(time.tv_nsec) / 1_000_000
}
