import CLibCrypto
import Synchronization

/// Random bytes fit for keys, made by the page: a system call for each id and key would cost more than all that is done with it.
///
/// Safe from any thread. What was given out is wiped from the pool; whoever took it looks after its copy. Does not
/// survive a `fork`: the child would give out what its parent does.
package final class RandomPool: Sendable {
    package typealias Draw = (UInt64, UInt64)
    static let drawCount = 256
    private struct State {
        var draws = [Draw](repeating: (0, 0), count: RandomPool.drawCount)
        var next = RandomPool.drawCount
    }
    private let state = Mutex(State())

    package init() {}

    /// 16 bytes.
    package func draw() -> Draw {
        state.withLock { state in
            if state.next == Self.drawCount {
                state.draws.withUnsafeMutableBytes { Self.fill($0) }
                state.next = 0
            }
            defer {
                state.draws[state.next] = (0, 0)
                state.next += 1
            }
            return state.draws[state.next]
        }
    }

    package func bytes() -> InlineArray<16, UInt8> {
        let draw = draw()
        return InlineArray { UInt8(truncatingIfNeeded: ($0 < 8 ? draw.0 : draw.1) >> UInt64(8 * ($0 % 8))) }
    }

    private static func fill(_ bytes: UnsafeMutableRawBufferPointer) {
        if RAND_priv_bytes(bytes.baseAddress, Int32(bytes.count)) == 1 { return }
        // libcrypto has no seed, or refuses to work: the system's own generator, which cannot fail.
        var generator = SystemRandomNumberGenerator()
        for i in stride(from: 0, to: bytes.count, by: 8) {
            bytes.storeBytes(of: generator.next() as UInt64, toByteOffset: i, as: UInt64.self)
        }
    }
}
