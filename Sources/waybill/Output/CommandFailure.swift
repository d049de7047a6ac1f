import ArgumentParser

/// How a command ended, by control.md.
enum ExitStatus: Int32 {
    case done = 0
    case failed = 1
    case usage = 2
    case policyInvalid = 3
    case policyTestFailed = 4
    case verificationFailed = 5
    case denied = 6

    /// To end with this status when everything worth saying has been printed.
    var quietly: ExitCode { ExitCode(rawValue) }
}

/// Why a command could not do its work. Never holds personal data.
struct CommandFailure: Error, CustomStringConvertible {
    var status: ExitStatus
    /// What is wrong, without a full stop.
    var message: String
    /// What to do about it, without a full stop; nil where the message says it.
    var remedy: String?

    init(_ message: String, remedy: String? = nil, status: ExitStatus = .failed) {
        self.message = message
        self.remedy = remedy
        self.status = status
    }

    /// One sentence, remedy included.
    var sentence: String { remedy.map { "\(message): \($0)" } ?? message }
    var description: String { sentence }
}
