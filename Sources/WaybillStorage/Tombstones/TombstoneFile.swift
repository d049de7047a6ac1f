package import WaybillCore

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The tombstones, outside the databases and outside their backups: whatever is restored, those who were erased stay erased.
///
/// Lines are only ever added, each synced before the next step of its erasure. A line that a crash cut short never counted.
package struct TombstoneFile: Sendable {
    package struct Problem: Error, Sendable, CustomStringConvertible {
        /// One sentence with the remedy.
        package var message: String
        package var description: String { message }
    }
    package static let bytesMax = 1 << 30

    package let path: String
    private let keys: TombstoneKeys

    package init(path: String, keys: TombstoneKeys) {
        self.path = path
        self.keys = keys
    }

    /// Empty if there is no file. Throws if a whole line is not as it was written.
    package func read() throws(Problem) -> [TombstoneLine] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw failure("opened")
        }
        defer { close(file) }
        let text = String(decoding: try content(file), as: UTF8.self)
        var lines: [TombstoneLine] = []
        for (number, line) in whole(text).split(separator: "\n", omittingEmptySubsequences: true).enumerated() {
            guard let read = TombstoneLine(line, keys: keys) else {
                throw Problem(
                    message:
                        "Line \(number + 1) of \(path) was changed or written under another master key, so people who were erased could "
                        + "come back; put the file and the key back as they were.")
            }
            lines.append(read)
        }
        return lines
    }

    /// Durable on return.
    package func append(_ lines: [TombstoneLine]) throws(Problem) {
        guard !lines.isEmpty else { return }
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("opened") }
        defer { close(file) }
        let kept = whole(String(decoding: try content(file), as: UTF8.self)).utf8.count
        guard ftruncate(file, off_t(kept)) == 0, lseek(file, 0, SEEK_END) >= 0 else { throw failure("written") }
        var rest = Array(lines.map { $0.text(keys: keys) + "\n" }.joined().utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("written") }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0 else { throw failure("synced") }
        try syncFolder()
    }

    private func whole(_ text: String) -> Substring {
        text.lastIndex(of: "\n").map { text[...$0] } ?? ""
    }

    private func content(_ file: CInt) throws(Problem) -> [UInt8] {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = chunk.withUnsafeMutableBytes { systemRead(file, $0) }
            guard count >= 0 else { throw failure("read") }
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= Self.bytesMax else { throw Problem(message: "\(path) is too large to be a file of tombstones.") }
        }
    }

    private func syncFolder() throws(Problem) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        let folder = parts.isEmpty ? "." : parts == [""] ? "/" : parts.joined(separator: "/")
        let file = open(folder, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw failure("synced with its folder") }
        defer { close(file) }
        guard fsync(file) == 0 else { throw failure("synced with its folder") }
    }

    private func failure(_ what: String) -> Problem {
        Problem(message: "\(path) could not be \(what) (\(String(cString: strerror(errno)))); check the disk and the file's owner.")
    }
}

private func systemRead(_ file: CInt, _ bytes: UnsafeMutableRawBufferPointer) -> Int { read(file, bytes.baseAddress, bytes.count) }
