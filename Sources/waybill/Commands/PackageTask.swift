import Dispatch
import Synchronization
import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillReport

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// What surrounds the entries of a package: agreements from the archive, the report, certificate, time-stamp, progress, and being stopped.
final class PackageTask {
    private let settings: Settings
    private let timestampURL: String?
    private var progress = Progress("entries")
    private var stage = "entries"
    private let interruption = Interruption()
    private(set) var isStamped = false
    /// Policy set → its agreement files by digest.
    private var sets: [String: [String: PackageSurroundings.AgreementFile]] = [:]

    init(settings: Settings, timestampURL: String?) {
        self.settings = settings
        self.timestampURL = timestampURL
    }

    func surroundings(organisation: String, now: Timestamp) throws -> PackageSurroundings {
        PackageSurroundings(
            organisation: organisation, made: now, signer: try EvidenceIdentity.signer(settings, organisation: organisation, now: now),
            agreement: { [self] set, _, _, digest in try agreement(set, digest) }, report: { try PackageTask.report($0) },
            timestamp: { [self] manifest in stamp(manifest) }, progress: { [self] in try update($0, $1, $2) })
    }

    func clear() { progress.clear() }

    private func update(_ stage: String, _ done: UInt64, _ total: UInt64) throws {
        guard !interruption.isRaised else { throw CommandFailure("stopped; nothing was kept", remedy: "run it again") }
        if stage != self.stage {
            progress.clear()
            progress = Progress(stage)
            self.stage = stage
        }
        progress.update(done: Int(clamping: done), total: Int(clamping: total))
    }

    private static func report(_ report: EvidenceReport) throws -> [(name: String, content: [UInt8])] {
        do {
            return [
                (PackageLayout.reportHTML, EvidenceReportHTML.write(report)),
                (PackageLayout.reportPDF, try EvidenceReportPDF.write(report)),
            ]
        } catch {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    /// The agreement file with this digest, out of the set that an entry pins.
    private func agreement(_ set: String, _ digest: String) throws -> PackageSurroundings.AgreementFile? {
        if sets[set] == nil { sets[set] = try Wiring.archive(settings).agreementFiles(ofSet: set) }
        return sets[set]?[digest]
    }

    /// An authority that is away keeps nobody from having a package; it is said aloud.
    private func stamp(_ manifest: [UInt8]) -> [UInt8]? {
        guard let url = timestampURL else { return nil }
        do {
            let nonce = UInt64.random(in: 1...UInt64(Int64.max))
            var identity = CurlIdentity()
            identity.trust = settings.trust
            // A time-stamp is signed, and the request holds nothing but a digest.
            identity.allowsPlainHTTP = true
            var limits = CurlLimits()
            limits.responseBytesMax = TimestampProtocol.responseBytesMax
            let request = CurlRequest(
                .post, url, headers: [("Content-Type", TimestampProtocol.requestType), ("Accept", TimestampProtocol.responseType)],
                body: try TimestampProtocol.request(for: manifest, nonce: nonce))
            let answer = try CurlClient(identity).send(request, limits)
            guard answer.isSuccess else { return missing("the authority answered \(answer.status)") }
            if let fault = TimestampProtocol.fault(of: answer.body, for: manifest, nonce: nonce) {
                return missing("the authority's answer \(fault)")
            }
            isStamped = true
            return answer.body
        } catch {
            return missing("\(error)".withoutFullStop)
        }
    }

    private func missing(_ why: String) -> [UInt8]? {
        progress.clear()
        StandardStreams.writeError("waybill: warning: the package has no time-stamp: \(why)\n")
        return nil
    }
}

/// SIGINT and SIGTERM as a flag, so that what was begun is removed before the process ends.
private final class Interruption {
    private final class Flag: Sendable {
        let raised = Atomic(false)
    }
    private let flag = Flag()
    private let sources: [any DispatchSourceSignal]

    init() {
        let flag = flag
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { flag.raised.store(true, ordering: .relaxed) }
            source.resume()
            return source
        }
    }

    var isRaised: Bool { flag.raised.load(ordering: .relaxed) }
}

extension PolicyArchive {
    /// The agreement files of a kept set by their SHA-256, as entries cite them; empty if the set is not kept.
    func agreementFiles(ofSet digest: String) throws -> [String: PackageSurroundings.AgreementFile] {
        let directory = Files.resolve(digest, against: path)
        guard digest.allSatisfy(\.isHexDigit), try failing({ () throws(SystemError) in try Files.facts(directory) }) != nil else {
            return [:]
        }
        var dates: [String: Agreement] = [:]
        do {
            for agreement in try set(digest)?.agreements ?? [] { dates[agreement.digest] = agreement }
        } catch is PolicyProblems {
            // A newer version may read old files more strictly; the text is evidence all the same.
        }
        var files: [String: PackageSurroundings.AgreementFile] = [:]
        for (_, content) in try PolicyDirectory(directory).read() {
            let digest = MerkleHashing.sha256(content).description
            files[digest] = .init(
                content: content, from: dates[digest]?.from.day.iso8601 ?? "", until: dates[digest]?.until?.day.iso8601)
        }
        return files
    }
}
