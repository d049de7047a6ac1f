import Dispatch
import Synchronization
import WaybillControl
import WaybillCore
import WaybillLedger

/// Shows the live log to whoever follows it. Reads on a thread of its own, one request after another.
final class LogPublisher: LogPublication {
    private let log: TransferLog
    private let reader: any LogReader
    private let witnesses: WitnessFollower?
    private let queue = DispatchQueue(label: "waybill.publication")
    private let shown = Mutex(ServedCheckpoint())
    /// Of the newest signed checkpoint seen.
    private let size = Mutex<UInt64>(0)

    init(log: TransferLog, reader: any LogReader, witnesses: WitnessFollower?) {
        self.log = log
        self.reader = reader
        self.witnesses = witnesses
    }

    /// Nothing is shown before this process has signed: what the store holds may have been rolled back.
    func checkpoint() async throws -> String? {
        try await onQueue { publisher in
            guard publisher.log.present.signedSize > 0, let newest = try publisher.newest() else { return nil }
            let cosigned = publisher.witnesses?.cosigned
            return publisher.shown.withLock { $0.next(newest: newest, cosigned: cosigned) }
        }
    }

    func bytes(of request: TileRequest) async throws -> [UInt8]? {
        try await onQueue { publisher in
            guard publisher.log.present.signedSize > 0 else { return nil }
            var size = publisher.size.withLock { $0 }
            if !request.isCovered(by: size) { size = try publisher.newest()?.size ?? 0 }
            return try LogProofs.bytes(of: request, size: size, from: publisher.reader)
        }
    }

    private func newest() throws -> StoredCheckpoint? {
        let newest = try reader.lastCheckpoint()
        if let newest { size.withLock { $0 = newest.size } }
        return newest
    }

    private func onQueue<Value: Sendable>(_ work: @escaping @Sendable (LogPublisher) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work(self) }) }
        }
    }
}
