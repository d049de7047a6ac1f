import CZlib

/// gzip and deflate, bounded: several gzip members, trailing or truncated data are refused.
package enum ContentCoding: String, CaseIterable, Sendable {
    case identity, gzip
    /// With a zlib header (RFC 9110, 8.4.1.2); raw deflate is damaged.
    case deflate

    /// Exactly one coding, in any case; `x-gzip` is gzip. Nil: 415.
    package init?(header: String) {
        let name = header.utf8.trimmingSpaces
        if name.matches("identity") {
            self = .identity
        } else if name.matches("gzip") || name.matches("x-gzip") {
            self = .gzip
        } else if name.matches("deflate") {
            self = .deflate
        } else {
            return nil
        }
    }

    /// Throws `tooLarge` beyond the limits on size and ratio, `compressedDamaged` for anything but one whole stream.
    package func decode(_ bytes: [UInt8], limits: BodyLimits) throws(BodyError) -> [UInt8] {
        guard self != .identity else {
            if bytes.count > limits.decodedBytesMax { throw BodyError(.tooLarge) }
            return bytes
        }
        let ratioBound = bytes.count.multipliedReportingOverflow(by: limits.compressionRatioMax)
        let byRatio = max(limits.compressionRatioFreeBytes, ratioBound.overflow ? .max : ratioBound.partialValue)
        return try Zlib.inflate(bytes, windowBits: windowBits, bytesMax: min(limits.decodedBytesMax, byRatio))
    }

    /// Compresses a body for a vendor that wants this coding.
    package func encode(_ bytes: [UInt8]) throws(BodyError) -> [UInt8] {
        self == .identity ? bytes : try Zlib.deflate(bytes, windowBits: windowBits)
    }

    /// zlib's notation: 15 is the window, 16 more ask for gzip's header and trailer.
    private var windowBits: Int32 { self == .gzip ? 31 : 15 }
}

private enum Zlib {
    private static let chunkBytes = 64 * 1_024

    static func inflate(_ bytes: [UInt8], windowBits: Int32, bytesMax: Int) throws(BodyError) -> [UInt8] {
        let stream = Stream()
        guard inflateInit2_(stream.state, windowBits, ZLIB_VERSION, Stream.size) == Z_OK else { throw BodyError(.compressedDamaged) }
        defer { inflateEnd(stream.state) }
        let (output, status) = stream.run(bytes, bytesMax: bytesMax) { CZlib.inflate($0, Z_NO_FLUSH) }
        if output.count > bytesMax { throw BodyError(.tooLarge) }
        // Bytes behind the end are a second member or rubbish.
        guard status == Z_STREAM_END, stream.state.pointee.avail_in == 0 else { throw BodyError(.compressedDamaged) }
        return output
    }

    static func deflate(_ bytes: [UInt8], windowBits: Int32) throws(BodyError) -> [UInt8] {
        let stream = Stream()
        let isReady = deflateInit2_(
            stream.state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, windowBits, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Stream.size)
        guard isReady == Z_OK else { throw BodyError(.compressedDamaged) }
        defer { deflateEnd(stream.state) }
        let (output, status) = stream.run(bytes, bytesMax: .max) { CZlib.deflate($0, Z_FINISH) }
        guard status == Z_STREAM_END else { throw BodyError(.compressedDamaged) }
        return output
    }

    /// zlib's state must not move: it points back at itself.
    private struct Stream: ~Copyable {
        static var size: Int32 { Int32(MemoryLayout<z_stream>.size) }
        let state: UnsafeMutablePointer<z_stream>
        init() {
            state = .allocate(capacity: 1)
            state.initialize(to: z_stream())
        }
        deinit {
            state.deinitialize(count: 1)
            state.deallocate()
        }

        /// Steps until the stream ends, fails, wants more than there is, or gives more than `bytesMax`.
        borrowing func run(
            _ input: [UInt8], bytesMax: Int, step: (UnsafeMutablePointer<z_stream>) -> Int32
        ) -> (output: [UInt8], status: Int32) {
            var output: [UInt8] = []
            var status = Z_OK
            var source = input
            source.withUnsafeMutableBufferPointer { source in
                state.pointee.next_in = source.baseAddress
                state.pointee.avail_in = UInt32(clamping: source.count)
                while status == Z_OK, output.count <= bytesMax {
                    let chunk = [UInt8](unsafeUninitializedCapacity: chunkBytes) { room, count in
                        state.pointee.next_out = room.baseAddress
                        state.pointee.avail_out = UInt32(chunkBytes)
                        status = step(state)
                        count = chunkBytes - Int(state.pointee.avail_out)
                    }
                    output.append(contentsOf: chunk)
                }
            }
            return (output, status)
        }
    }
}
