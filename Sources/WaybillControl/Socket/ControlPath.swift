import FoundationEssentials

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The socket's place in the file system, so that nobody but the gate's own user can reach or replace it.
struct ControlPath: Sendable {
    /// `sun_path` minus the terminating zero, on the narrowest system.
    static let bytesMax = 103
    private static let privateName = "s"

    let socket: String
    private let directory: String

    /// Creates the directory (0700) if it is missing.
    init(socket: String) throws(ControlFailure) {
        self.socket = socket
        let parts = socket.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        directory = parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
        if mkdir(directory, 0o700) != 0, errno != EEXIST {
            throw Self.failure(
                "The control socket's directory cannot be made (\(String(cString: strerror(errno)))); create it with mode 700.")
        }
        // Whoever may write there could put another socket in place. In a sticky directory only the owner can.
        let mode = try Self.mode(of: directory)
        guard mode & 0o022 == 0 || mode & 0o1000 != 0 else {
            throw Self.failure("The control socket's directory can be written by others; run chmod 700 on it.")
        }
        guard temporaryTemplate.utf8.count + 1 + Self.privateName.utf8.count <= Self.bytesMax else {
            throw Self.failure(
                "The control socket's path is too long (at most \(Self.bytesMax - 18) bytes); put the store nearer to the root.")
        }
    }

    private var temporaryTemplate: String { directory + "/.waybill-XXXXXX" }

    /// A directory nobody else can enter, to bind in: the socket gets its mode before it gets its name.
    func makePrivateDirectory() throws(ControlFailure) -> String {
        var template = Array(temporaryTemplate.utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Self.failure("The control socket cannot be made (\(String(cString: strerror(errno)))); check its directory's owner.")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func privatePath(in directory: String) -> String { directory + "/" + Self.privateName }

    /// Moves the bound socket to its name, in place of one that a dead gate left there.
    func publish(from directory: String) throws(ControlFailure) {
        defer { discard(directory) }
        let bound = privatePath(in: directory)
        guard chmod(bound, 0o600) == 0, rename(bound, socket) == 0 else {
            throw Self.failure("The control socket cannot be put in place (\(String(cString: strerror(errno)))); remove what stands there.")
        }
    }

    func discard(_ directory: String) {
        unlink(privatePath(in: directory))
        rmdir(directory)
    }

    static func remove(_ socket: String) { unlink(socket) }

    /// Of what a link leads to. Not by `stat`: beside Hummingbird, C's `struct stat` belongs to a module that cannot be imported.
    private static func mode(of directory: String) throws(ControlFailure) -> Int {
        do {
            if let mode = try FileManager.default.attributesOfItem(atPath: directory + "/.")[.posixPermissions] as? Int { return mode }
        } catch {
            throw failure("The control socket's directory cannot be read (\(error)); check its owner.")
        }
        throw failure("The control socket's directory has no mode; put the store on another file system.")
    }

    private static func failure(_ message: String) -> ControlFailure { ControlFailure(code: "control_socket", message: message) }
}
