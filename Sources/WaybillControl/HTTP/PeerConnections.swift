import NIOCore
import Synchronization

/// How many connections each place has, so that one stranger cannot take them all.
final class PeerConnections: Sendable {
    private let most: Int
    private let proxies: [AddressBlock]
    private let counts = Mutex<[String: Int]>([:])

    /// `proxies`: may have any number, as this machine itself may.
    init(most: Int, proxies: [AddressBlock]) {
        self.most = most
        self.proxies = proxies
    }

    /// Nil: not counted.
    func place(of channel: any Channel) -> String? {
        guard let peer = channel.remoteAddress?.ipAddress.flatMap({ PeerAddress($0) }), !peer.isLoopback else { return nil }
        return proxies.contains { $0.contains(peer) } ? nil : peer.place
    }

    /// False: it has as many as it may; do not `leave`.
    func enter(_ place: String) -> Bool {
        counts.withLock { counts in
            guard counts[place, default: 0] < most else { return false }
            counts[place, default: 0] += 1
            return true
        }
    }

    func leave(_ place: String) {
        counts.withLock { counts in
            counts[place, default: 1] -= 1
            if counts[place] == 0 { counts[place] = nil }
        }
    }
}
