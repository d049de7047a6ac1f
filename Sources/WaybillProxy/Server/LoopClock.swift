import NIOCore

/// One event loop's clock: read once an event, because several steps of one event need the time and none of them takes long.
///
/// Whatever the loop calls from outside (a read, news, a timer) touches it first. Used on that loop only.
final class LoopClock {
    private(set) var now = NIODeadline.now()

    func touch() { now = .now() }
}
