#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Threads for long work beside traffic: each runs one piece of work, at the lowest priority, and ends. Dispatch's own threads are used
/// again by others, who could not take the priority back.
enum YieldingThread {
    private final class Work: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
    #if canImport(Glibc)
        private static let process = Int32(PRIO_PROCESS.rawValue)
    #else
        private static let process = PRIO_PROCESS
    #endif
    /// Of `nice`.
    private static let niceness: Int32 = 19

    /// Where no thread is to be had, the work is run on this one.
    static func run(_ work: @escaping @Sendable () -> Void) {
        let passed = Unmanaged.passRetained(Work(work)).toOpaque()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let failure = pthread_create(&thread, &attributes, { YieldingThread.begin($0) }, passed)
        if failure != 0 { Unmanaged<Work>.fromOpaque(passed).takeRetainedValue().run() }
    }

    /// Of the thread that asks.
    static var ownNiceness: Int32 { getpriority(process, 0) }

    #if canImport(Darwin)
        private static func begin(_ passed: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
            pthread_set_qos_class_self_np(QOS_CLASS_BACKGROUND, 0)
            Unmanaged<Work>.fromOpaque(passed).takeRetainedValue().run()
            return nil
        }
    #else
        private static func begin(_ passed: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
            // On Linux this is of the thread alone. Refused nowhere: giving priority away needs no right.
            _ = setpriority(process, 0, niceness)
            if let passed { Unmanaged<Work>.fromOpaque(passed).takeRetainedValue().run() }
            return nil
        }
    #endif
}
