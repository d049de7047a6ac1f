import Synchronization
import WaybillCore

/// Under which identity each destination is dialled by the policy set in force. One for all event loops; its version tells their pools
/// cheaply when to look again.
final class UpstreamIdentities: Sendable {
    private let table: Mutex<[Vendor.Destination: UpstreamIdentity]>
    private let count = Atomic<UInt64>(0)

    init(_ table: [Vendor.Destination: UpstreamIdentity]) { self.table = Mutex(table) }

    var version: UInt64 { count.load(ordering: .acquiring) }

    subscript(destination: Vendor.Destination) -> UpstreamIdentity? { table.withLock { $0[destination] } }

    func replace(_ new: [Vendor.Destination: UpstreamIdentity]) {
        table.withLock { $0 = new }
        count.add(1, ordering: .releasing)
    }
}
