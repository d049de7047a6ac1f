import NIOCore

/// A buffer for what is about to be written, kept from one message to the next: as a rule the socket has taken the last one whole
/// before the next is made, and its memory serves again.
///
/// One event loop's.
struct OutputBuffers {
    /// What has grown larger is not kept.
    static let keptBytesMax = 64 * 1_024
    /// Up to here a body rides behind its head in one write: one TLS record, one packet.
    static let inlineBodyBytesMax = 16 * 1_024
    private let allocator = ByteBufferAllocator()
    private var spare: ByteBuffer?

    mutating func take() -> ByteBuffer {
        guard var buffer = spare else { return allocator.buffer(capacity: 4_096) }
        spare = nil
        // Makes another if the socket still holds this one.
        buffer.clear()
        return buffer
    }

    mutating func giveBack(_ buffer: ByteBuffer) {
        if buffer.storageCapacity <= Self.keptBytesMax { spare = buffer }
    }
}
