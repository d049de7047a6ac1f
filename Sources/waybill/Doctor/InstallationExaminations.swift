import FoundationEssentials
import SwiftASN1
import WaybillControl
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillStorage
import X509

extension Examination {
    private static let certificateBytesMax = 1 << 20
    private static let certificateDaysMin: Int64 = 30
    private static let indexLagEntriesMax: UInt64 = 50_000

    static let configuration = Examination(area: "configuration") { settings in
        try InstallationCheck(settings: settings).run()
        let unknown = settings.unknownVariables.map {
            Finding.warning("the environment variable \($0) is no configuration key", "remove or correct it")
        }
        return [.ok("\(settings.file), policies, secrets and keys are valid")] + unknown
    }

    static let gate = Examination(area: "gate") { settings in
        let client = ControlClient(socketPath: try settings.reachableSocket())
        guard await client.answers() else {
            return [.warning("no gate runs on this store", "start it with `waybill serve`, unless that is meant")]
        }
        let status: GateStatus
        do {
            let reply = try await client.run(
                ControlRequest(command: "status"), input: { () throws(ControlFailure) in nil }, onReply: { _ in })
            status = try reply.decode(GateStatus.self)
        } catch let failure as ControlFailure {
            throw CommandFailure(failure.message.withoutFullStop)
        }
        var findings: [Finding] = []
        if let failure = status.policyFailure {
            findings.append(.error("newer policy files are not in force: \(failure)", "mend them; the last good set still decides"))
        }
        if status.log != "open" {
            findings.append(.error("nothing can be recorded, so nothing leaves: \(status.log)", "mend that; see docs/operations.md"))
        }
        return findings.isEmpty ? [.ok("it runs, policy set \(status.policy.prefix(12)), \(status.logEntries) entries")] : findings
    }

    /// What others on the machine could read or change.
    static let files = Examination(area: "files") { settings in
        var findings: [Finding] = []
        let kept = [settings.stateDirectory, settings.keys, settings.store, settings.controlStore, settings.indexStore]
        let shards = try failing { () throws(SystemError) in try settings.logShards() }.map(\.path)
        for path in kept + shards {
            guard let facts = try failing({ () throws(SystemError) in try Files.facts(path) }) else { continue }
            if facts.mode & 0o077 != 0 {
                findings.append(.error("\(path) can be read or changed by other users", "chmod go= \(path)"))
            }
        }
        if let facts = try failing({ () throws(SystemError) in try Files.facts(settings.policies) }), facts.mode & 0o002 != 0 {
            findings.append(.error("everybody may write to \(settings.policies)", "chmod o-w \(settings.policies)"))
        }
        return findings.isEmpty ? [.ok("stores and keys are for their owner only")] : findings
    }

    static let log = Examination(area: "log") { settings in
        guard try failing({ () throws(SystemError) in try Files.facts(settings.logStore) }) != nil else {
            return [.ok("there is no log yet; the first start makes it")]
        }
        let reader = try Wiring.logReader(settings)
        let (head, checkpoint) = try reading { (try reader.head(), try reader.lastCheckpoint()) }
        let copy: [UInt8]?
        do throws(CheckpointCopyError) {
            copy = try FileCheckpointCopy(path: settings.log.checkpointCopy).read()
        } catch {
            throw CommandFailure("\(error)".withoutFullStop, remedy: "let the user that runs waybill read it")
        }
        guard copy != nil else {
            return [
                .warning(
                    "the checkpoint outside the database (\(settings.log.checkpointCopy)) is missing",
                    "find out who removed it; without it a rolled-back database is not noticed until the next is written")
            ]
        }
        let size = head?.size ?? 0
        let signed = checkpoint.map { " and a checkpoint of \($0.size)" } ?? ""
        return [.ok("\(size) entries\(signed); `waybill log verify` proves them")]
    }

    static let index = Examination(area: "index") { settings in
        guard try failing({ () throws(SystemError) in try Files.facts(settings.logStore) }) != nil else { return [] }
        let reader = try Wiring.logReader(settings)
        return try reading {
            guard let first = try reader.commits(from: 0, limit: 1).first?.root, let size = try reader.head()?.size else { return [] }
            let next = try Wiring.transferIndex(settings).reading({ try $0.position(of: first) })?.next ?? 0
            guard next + indexLagEntriesMax < size else { return [.ok("it holds the log up to its last entries")] }
            return [
                .warning("it is \(size - next) entries behind the log", "wait for a running gate, or run `waybill log reindex`")
            ]
        }
    }

    /// Of listeners, callers and signatures: what ends soon.
    static let certificates = Examination(area: "certificates") { settings in
        let listeners = [settings.gate, settings.proxy, settings.control].compactMap { $0?.tls?.certificate }
        let configured = listeners + [settings.evidence.certificate].compactMap { $0 }
        let own = [InterceptionCA.certificateFile, EvidenceIdentity.certificateFile].map { Files.resolve($0, against: settings.keys) }
        let now = SystemWallClock().now()
        var findings: [Finding] = []
        for path in Set(configured + own).sorted() {
            guard try failing({ () throws(SystemError) in try Files.facts(path) }) != nil else { continue }
            let bytes = try failing { () throws(SystemError) in try Files.read(path, bytesMax: certificateBytesMax) }
            let end: Date
            do {
                end = try Certificate(pemEncoded: String(decoding: bytes, as: UTF8.self)).notValidAfter
            } catch {
                findings.append(.error("\(path) does not begin with a certificate", "put a PEM chain into it, leaf first"))
                continue
            }
            let days = (Int64(end.timeIntervalSince1970) - now.seconds) / 86_400
            if end.timeIntervalSince1970 < Double(now.seconds) {
                findings.append(.error("\(path) has ended", "replace it"))
            } else if days < certificateDaysMin {
                findings.append(.warning("\(path) ends in \(days) days", "replace it"))
            } else {
                findings.append(.ok("\(path) is good for \(days) days"))
            }
        }
        return findings
    }

    static let witnesses = Examination(area: "witnesses") { settings in
        guard !settings.log.witnesses.isEmpty else { return [] }
        let records = try reading { try WitnessWork.memory(settings).read().records }
        let now = SystemWallClock().now()
        return settings.log.witnesses.map { witness in
            let record = records.first { $0.vkey == witness.verifier.vkey }
            guard let record else {
                return .warning("\(witness.name) has cosigned nothing yet", "see the gate's log, and that the witness knows this log")
            }
            let age = now.milliseconds - record.time.milliseconds
            guard age > Int64(settings.log.witnessPacing.staleMilliseconds) else {
                return .ok("\(witness.name) cosigned \(record.size) entries")
            }
            return .warning("\(witness.name) cosigned last on \(record.time.rfc3339)", "see the gate's log; ask who runs the witness")
        }
    }

    static let sinks = Examination(area: "sinks") { settings in
        guard !settings.sinks.isEmpty, try failing({ () throws(SystemError) in try Files.facts(settings.controlStore) }) != nil else {
            return []
        }
        let cursors = SinkCursors(try Wiring.control(settings), clock: SystemWallClock())
        return try settings.sinks.map { sink in
            let row = try reading { try cursors.row(ofSink: sink.name) }
            guard let failure = row.failure else { return .ok("\(sink.name) delivers") }
            let since = row.failingSince.map { " since \($0.rfc3339)" } ?? ""
            return .warning("\(sink.name) fails\(since): \(failure.withoutFullStop)", "as it says; it catches up by itself")
        }
    }
}
