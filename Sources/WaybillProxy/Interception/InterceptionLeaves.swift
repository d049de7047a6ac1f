import Crypto
package import NIOSSL
import SwiftASN1
import Synchronization
package import WaybillCore
import X509

/// Mints leaves with the interception CA and keeps them in memory until shortly before they expire.
///
/// All leaves of a process share one key, which like theirs never touches a disk. Minting takes well under a millisecond, so it happens
/// on the event loop that asks.
package final class InterceptionLeaves: LeafIssuer {
    /// Leaves remembered at once; beyond, one is forgotten for each new one.
    package static let leavesMax = 4_096
    /// A leaf is given out for this long, half of its life.
    static let usedSeconds: Int64 = 11 * 3_600
    /// A leaf that ends with the CA is given out no later than this before.
    static let restSecondsMin: Int64 = 600

    private struct Leaf {
        var context: NIOSSLContext
        var freshUntil: Timestamp
    }
    private struct State {
        var authority: InterceptionAuthority
        /// Counts authorities, so that a leaf minted meanwhile by the one before is not kept.
        var generation = 0
        var leaves: [String: Leaf] = [:]
    }
    private let state: Mutex<State>
    private let key = P256.Signing.PrivateKey()
    private let protocols: [String]
    private let clock: any WallClock

    /// `protocols`: offered by ALPN, the preferred first.
    package init(authority: InterceptionAuthority, protocols: [String] = ["h2", "http/1.1"], clock: any WallClock) {
        state = Mutex(State(authority: authority))
        self.protocols = protocols
        self.clock = clock
    }

    /// Leaves are signed by this CA from now on. Connections that stand keep theirs.
    package func replace(authority: InterceptionAuthority) {
        state.withLock { state in
            state.authority = authority
            state.generation += 1
            state.leaves = [:]
        }
    }

    /// Leaves in memory.
    var count: Int { state.withLock { $0.leaves.count } }

    package func context(for host: String) throws(LeafFault) -> NIOSSLContext {
        let now = clock.now()
        let (authority, generation, known) = state.withLock { ($0.authority, $0.generation, $0.leaves[host]) }
        if let known, now < known.freshUntil { return known.context }
        guard authority.permits(host) else { throw .notPermitted }
        guard now < authority.notAfter else { throw .failed }
        let leaf: Leaf
        do {
            leaf = try mint(host, by: authority, now: now)
        } catch {
            throw .failed
        }
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.leaves.count >= Self.leavesMax, state.leaves[host] == nil, let one = state.leaves.keys.first {
                state.leaves[one] = nil
            }
            state.leaves[host] = leaf
        }
        return leaf.context
    }

    private func mint(_ host: String, by authority: InterceptionAuthority, now: Timestamp) throws -> Leaf {
        let leaf = try authority.leaf(for: host, key: key.publicKey, now: now)
        var der = DER.Serializer()
        try leaf.serialize(into: &der)
        let certificate = try NIOSSLCertificate(bytes: der.serializedBytes, format: .der)
        let privateKey = try NIOSSLPrivateKey(bytes: Array(key.derRepresentation), format: .der)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(certificate)], privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = protocols
        return Leaf(
            context: try NIOSSLContext(configuration: configuration),
            freshUntil: min(now.adding(seconds: Self.usedSeconds), authority.notAfter.adding(seconds: -Self.restSecondsMin)))
    }
}
