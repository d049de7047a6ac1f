#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The files of a package to be verified. Reading may fail at any moment and must never stop the verifier.
package protocol PackageFiles {
    /// Every file, by its path inside the package.
    func names() throws -> [String]
    /// Nil: there is none. Throws if it cannot be read.
    func open(_ name: String) throws -> (any PackageFileContent)?
}

package protocol PackageFileContent: AnyObject {
    /// Fills the buffer from the front; 0 at the end.
    func read(into buffer: inout [UInt8]) throws -> Int
}

extension PackageFiles {
    /// The whole file; nil if there is none or it is longer than a file of its kind can be.
    func whole(_ name: String, bytesMax: Int = PackageLayout.smallFileBytesMax) throws -> [UInt8]? {
        guard let file = try open(name) else { return nil }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = try file.read(into: &buffer)
            if count == 0 { return content }
            guard content.count + count <= bytesMax else { return nil }
            content.append(contentsOf: buffer[..<count])
        }
    }
}

/// A package in a folder.
package struct FolderFiles: PackageFiles {
    private let path: String

    package init(path: String) { self.path = path }

    package func names() throws -> [String] {
        var names: [String] = []
        try list("", depth: 0, &names)
        return names
    }

    private func list(_ prefix: String, depth: Int, _ names: inout [String]) throws {
        guard depth < 16, let stream = opendir("\(path)/\(prefix)") else { throw PackageFolder.failure("list the package") }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name == "." || name == ".." { continue }
            var info = stat()
            guard lstat("\(path)/\(prefix)\(name)", &info) == 0 else { throw PackageFolder.failure("look at the package") }
            if info.st_mode & S_IFMT == S_IFDIR {
                try list("\(prefix)\(name)/", depth: depth + 1, &names)
            } else {
                names.append(prefix + name)
            }
            guard names.count <= PackageLayout.filesMax else {
                throw PackageError("The folder holds too many files to be an evidence package.")
            }
        }
    }

    package func open(_ name: String) throws -> (any PackageFileContent)? {
        var info = stat()
        guard PackageLayout.isName(name), lstat("\(path)/\(name)", &info) == 0 else { return nil }
        // A link would let a package name files outside it.
        guard info.st_mode & S_IFMT == S_IFREG else { return nil }
        return try PackageFileReader(path: "\(path)/\(name)")
    }
}

final class PackageFileReader: PackageFileContent {
    private let descriptor: Int32
    private let path: String

    init(path: String) throws {
        self.path = path
        descriptor = systemOpen(path)
        guard descriptor >= 0 else { throw PackageFolder.failure("read \(path)") }
    }

    deinit { close(descriptor) }

    func read(into buffer: inout [UInt8]) throws -> Int {
        while true {
            let count = buffer.withUnsafeMutableBytes { systemRead(descriptor, $0) }
            if count >= 0 { return count }
            if errno != EINTR { throw PackageFolder.failure("read \(path)") }
        }
    }
}

private func systemOpen(_ path: String) -> Int32 { open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) }
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, bytes.baseAddress, bytes.count)
}

/// Lines of a file one after the other, without holding more than one and a piece.
struct LineReader {
    private let file: any PackageFileContent
    private let lineBytesMax: Int
    private var piece = [UInt8](repeating: 0, count: 1 << 18)
    private var buffer: [UInt8] = []
    private var at = 0
    private var isAtEnd = false
    /// The last line had no newline, or a line was too long.
    private(set) var isTorn = false

    init(_ file: any PackageFileContent, lineBytesMax: Int) {
        self.file = file
        self.lineBytesMax = lineBytesMax
    }

    /// Gives the next line without its newline; nil at the end.
    mutating func next<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) throws -> Result? {
        var searched = at
        while true {
            let found = buffer.withUnsafeBytes { bytes -> Int? in
                guard searched < bytes.count, let base = bytes.baseAddress else { return nil }
                return memchr(base.advanced(by: searched), 0x0a, bytes.count - searched).map { base.distance(to: UnsafeRawPointer($0)) }
            }
            if let found {
                defer { at = found + 1 }
                return try buffer.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[at..<found])) }
            }
            guard !isAtEnd, buffer.count - at <= lineBytesMax else {
                isTorn = at < buffer.count
                return nil
            }
            buffer.removeFirst(at)
            at = 0
            searched = buffer.count
            let count = try file.read(into: &piece)
            isAtEnd = count == 0
            buffer.append(contentsOf: piece[..<count])
        }
    }
}
