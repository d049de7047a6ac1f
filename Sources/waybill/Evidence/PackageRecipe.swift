import WaybillCore
import WaybillDelivery
import WaybillLedger
import WaybillReport
import WaybillStorage

/// Who is told how far a package is, and what it goes without.
struct PackageWatch {
    /// Throws to give it up.
    var reached: (_ stage: String, _ done: UInt64, _ total: UInt64) throws -> Void
    var warn: (_ sentence: String) -> Void
}

/// Makes an evidence package of an installation, for the command and for a running gate: reads the log beside its writer, the archive of
/// agreements, the certificate, and asks for the time-stamp.
struct PackageRecipe {
    enum About {
        case vendor(String)
        /// `named`: identifiers the package may name the person by; the first finds them.
        case person(named: [Identifier])
    }
    struct Made {
        var summary: PackageWriter.Summary
        var isStamped: Bool
    }
    let settings: Settings
    /// Nil: none could be read; names are missing from the report then.
    let policies: PolicySet?
    /// Nil: no time-stamp is wanted.
    let timestampURL: String?
    let now: Timestamp

    /// Writes the folder and the zip, whose one folder is `name`. What a failure leaves is the caller's to remove.
    func make(
        _ about: About, from: Timestamp?, until: Timestamp?, folder: String, zip: String, name: String, watch: PackageWatch
    ) throws -> Made {
        let shards = try Wiring.logShards(settings)
        defer { for shard in shards { shard.reader.close() } }
        let reader = try shard(of: shards, from, until)
        let (keys, keyring) = try Wiring.keyring(settings, create: false)
        let surroundings = PackageTask(self, watch)
        let writer = PackageWriter(
            reader: reader, keys: try Wiring.logKeys(keys, keyring, create: false), surroundings: try surroundings.surroundings())
        let subject = try reading { try whose(about, reader) }
        let beginning = try reading { try reader.time(ofEntry: 0)?.time } ?? now
        do {
            let summary = try reading {
                try writer.write(subject, from: from ?? beginning, until: min(until ?? now, now), to: folder, zip: zip, name: name)
            }
            return Made(summary: summary, isStamped: surroundings.isStamped)
        } catch let error as PackageError {
            throw CommandFailure(error.message.withoutFullStop)
        }
    }

    var organisation: String { policies?.organisation.name ?? settings.log.origin }

    /// The shard that the period lies in: each is a log of its own, with its own tree, so that a package is of one.
    private func shard(of shards: [LogShardReader], _ from: Timestamp?, _ until: Timestamp?) throws -> SQLiteLogReader {
        let fitting = try reading {
            try shards.filter { shard in
                guard let head = try shard.reader.head(), let first = try shard.reader.time(ofEntry: 0)?.time else { return false }
                return from.map { $0 <= head.time } ?? true && until.map { first < $0 } ?? true
            }
        }
        guard fitting.count <= 1 else {
            let names = fitting.map(\.name).joined(separator: ", ")
            throw CommandFailure(
                "the period spans the shards \(names), each of which is a log of its own",
                remedy: "make a package for each, of a period within its half-year")
        }
        guard let chosen = fitting.first ?? shards.last else { throw CommandFailure("the log has no entries yet") }
        return chosen.reader
    }

    private func whose(_ about: About, _ reader: SQLiteLogReader) throws -> PackageWriter.Subject {
        switch about {
        case .vendor(let vendor):
            return .vendor(id: vendor, name: policies?.vendors.first { $0.id == vendor }?.legalName ?? vendor)
        case .person(let named):
            guard let first = named.first,
                let trace = try Wiring.subjectTrace(String(decoding: first.bytes, as: UTF8.self), settings, log: reader)
            else {
                throw CommandFailure("nobody is known by this identifier", remedy: "check it, or name the person by another one")
            }
            return .person(trace, named: named)
        }
    }
}

/// What surrounds the entries of one package while it is written.
private final class PackageTask {
    private let recipe: PackageRecipe
    private let watch: PackageWatch
    private(set) var isStamped = false
    /// Policy set → its agreement files by digest.
    private var sets: [String: [String: PackageSurroundings.AgreementFile]] = [:]

    init(_ recipe: PackageRecipe, _ watch: PackageWatch) {
        self.recipe = recipe
        self.watch = watch
    }

    func surroundings() throws -> PackageSurroundings {
        PackageSurroundings(
            organisation: recipe.organisation, made: recipe.now,
            signer: try EvidenceIdentity.signer(recipe.settings, organisation: recipe.organisation, now: recipe.now),
            agreement: { [self] set, _, _, digest in try agreement(set, digest) }, report: { try PackageTask.report($0) },
            timestamp: { [self] manifest in stamp(manifest) }, progress: watch.reached)
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
        if sets[set] == nil { sets[set] = try Wiring.archive(recipe.settings).agreementFiles(ofSet: set) }
        return sets[set]?[digest]
    }

    /// An authority that is away keeps nobody from having a package; it is said aloud.
    private func stamp(_ manifest: [UInt8]) -> [UInt8]? {
        guard let url = recipe.timestampURL else { return nil }
        do {
            let nonce = UInt64.random(in: 1...UInt64(Int64.max))
            var identity = CurlIdentity()
            identity.trust = recipe.settings.trust
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
        watch.warn("the package has no time-stamp: \(why)")
        return nil
    }
}
