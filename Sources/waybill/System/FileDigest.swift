import Crypto
import WaybillLedger

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Files {
    /// SHA-256 (hex) and length of a file, read piece by piece; refuses more than `bytesMax`.
    static func digest(_ path: String, bytesMax: Int) throws(SystemError) -> (sha256: String, bytes: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("read \(path)") }
        defer { close(descriptor) }
        var hash = SHA256()
        var chunk = [UInt8](repeating: 0, count: 1 << 18)
        var bytes = 0
        while true {
            let count = chunk.withUnsafeMutableBytes { piece(descriptor, $0) }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError("read \(path)")
            }
            if count == 0 { return (hex(Array(hash.finalize())), bytes) }
            bytes += count
            guard bytes <= bytesMax else { throw SystemError("read \(path)", code: EFBIG) }
            chunk.withUnsafeBytes { hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}

private func piece(_ file: CInt, _ bytes: UnsafeMutableRawBufferPointer) -> Int { read(file, bytes.baseAddress, bytes.count) }
