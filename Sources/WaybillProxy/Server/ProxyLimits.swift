/// Every bound of the data plane, with gateway.md's defaults. Sizes in bytes, times in milliseconds.
package struct ProxyLimits: Sendable {
    // Callers
    /// Connections a listener holds at once; more are closed as they come.
    package var callerConnectionsMax = 10_000
    /// Request line and fields together; beyond: 431.
    package var requestHeadBytesMax = 64 * 1_024
    package var fieldsMax = 200
    /// One request body as received; beyond: 413.
    package var bodyBytesMax = 32 * 1_024 * 1_024
    /// All request bodies in flight together; beyond: 503.
    package var bodiesInFlightBytesMax = 256 * 1_024 * 1_024
    /// How much of a refused body is read so that the connection can live on.
    package var refusedBodyBytesMax = 1_024 * 1_024
    /// What a caller sent ahead of its turn is read up to here, and at most one read further.
    package var pipelinedBytesMax = 16 * 1_024
    /// How long a refused body is read before the connection closes.
    package var drainMillisecondsMax = 5_000
    /// TLS with a caller, from the connection or the answer to its CONNECT.
    package var callerHandshakeMillisecondsMax = 10_000
    package var callerHeadMillisecondsMax = 10_000
    package var callerBodyIdleMillisecondsMax = 30_000
    package var callerIdleMillisecondsMax = 60_000
    /// No progress while the vendor's answer is written to the caller.
    package var callerWriteIdleMillisecondsMax = 60_000

    // HTTP/2 of one caller's connection; what a frame brings counts against the limits above as well
    /// Requests under way together; further streams are refused.
    package var streamsPerConnectionMax = 100
    /// How much of one request's body may come before it is taken.
    package var streamWindowBytes = 256 * 1_024
    /// How much of all bodies together may come before it is given to its streams.
    package var connectionWindowBytes = 1_024 * 1_024
    package var headerTableBytesMax = 4_096
    /// CONTINUATION frames of one head.
    package var continuationFramesMax = 5
    /// Streams reset by the caller, streams in error, and PING, SETTINGS and the like: each of the three within `floodMilliseconds`;
    /// beyond: the connection ends.
    package var floodFramesMax = 200
    package var floodMilliseconds = 30_000

    // Vendors
    /// Connections to one destination from one event loop; beyond: 503, nothing queues.
    package var vendorConnectionsPerLoopMax = 1_000
    /// Name look-up, TCP and TLS together.
    package var connectMillisecondsMax = 5_000
    /// No progress while the request is written to the vendor.
    package var vendorWriteIdleMillisecondsMax = 60_000
    /// From the last byte of the request to the answer's head.
    package var answerHeadMillisecondsMax = 60_000
    package var answerIdleMillisecondsMax = 60_000
    package var answerHeadBytesMax = 64 * 1_024
    /// Interim (1xx) answers before the final one.
    package var interimAnswersMax = 10
    package var vendorIdleMillisecondsMax = 15_000
    /// Addresses of a name are looked up again after this.
    package var addressesMillisecondsMax = 30_000
    /// Names one event loop remembers the addresses of.
    package var addressNamesMax = 1_024
    /// Failures to connect in a row after which a destination is left alone for `circuitMilliseconds`.
    package var circuitFailuresMax = 5
    package var circuitMilliseconds = 3_000

    // Deciding
    /// Times one request is judged anew because the policy set, a subject or the connection changed before it left; then 503.
    package var attemptsMax = 3
    /// Times stale subjects are fetched for one request; then 503.
    package var refreshesMax = 3
    /// Vendor's or store's silence towards a refresh; then 503.
    package var refreshMillisecondsMax = 5_000
    /// The log's silence; the transfer is then abandoned, and `aborted` if it commits after all.
    package var commitMillisecondsMax = 10_000

    // Overload, on each event loop
    /// Requests between admission and answer; beyond: 503.
    package var exchangesPerLoopMax = 8_192
    /// So many are taken in however long turns are: a queue that short is none, only a slow machine.
    package var exchangesPerLoopMin = 32
    /// A turn of the loop (everything that had come, handled once) longer than this keeps callers waiting.
    package var turnMicrosecondsMax = 8_000
    /// While it sheds, a loop takes in requests for so long in each turn.
    package var intakeMicrosecondsMax = 3_000
    /// Turns that stay longer than `turnMicrosecondsMax` for this long are a standing queue: the loop begins to shed.
    package var overloadPatienceMilliseconds = 50
    /// Nothing to shed for this long ends it.
    package var overloadRecoveryMilliseconds = 1_000

    /// How often connections are looked over for deadlines; a time-out may be late by this much.
    package var tickMilliseconds = 250
    package init() {}
}
