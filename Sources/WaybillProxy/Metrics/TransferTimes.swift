import NIOCore

/// When the steps of one exchange happened, taken from clock readings that its deadlines need anyway.
struct TransferTimes {
    /// The head had come.
    var began: NIODeadline
    /// From here the body is awaited.
    var admitted: NIODeadline
    /// Its last bytes had come.
    var received: NIODeadline?
    /// May leave, for the first time; a transfer judged anew keeps it.
    var judged: NIODeadline?
    /// The intent was handed to the log, for the last time.
    var recorded: NIODeadline?
    var forwarded: NIODeadline?

    init(began: NIODeadline) {
        self.began = began
        admitted = began
    }

    /// The caller's own time: between the head and the end of the body.
    private var upload: TimeAmount { received.map { $0 - admitted } ?? .zero }
    /// Authenticating, admitting and judging, without the wait for the body.
    var decide: TimeAmount? { judged.map { $0 - began - upload } }
    /// What the gate adds before the first byte leaves: everything but the caller's upload.
    var added: TimeAmount? { forwarded.map { $0 - began - upload } }
}
