import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct LogProofCommand: AsyncParsableCommand {
    static let fileBytesMax = 1 << 20
    static let configuration = CommandConfiguration(
        commandName: "proof", abstract: "Prove that an entry is in the log: a C2SP tlog-proof.",
        discussion: """
            Prints the proof, against the newest cosigned checkpoint if witnesses are configured and it covers the entry, else the newest \
            signed one. Works beside a running gate. With --verify it checks a proof instead, offline: exit code 0, or 5 if it does not hold.
            """)
    @Argument(help: "The entry's index, or a transfer's id (its intent or denial is proved).")
    var entry: String?
    @OptionGroup var installation: ConfigurationOptions
    @Option(name: .long, help: ArgumentHelp("Check this proof.", valueName: "file"), completion: .file())
    var verify: String?
    @Option(
        name: .long,
        help: ArgumentHelp("The log's verifier key; again for each. Default: those of this installation that sign.", valueName: "vkey"))
    var key: [String] = []
    @Option(
        name: .long, help: ArgumentHelp("The entry's bytes: written beside the proof, or read by --verify.", valueName: "file"),
        completion: .file())
    var entryFile: String?
    @OptionGroup var shard: ShardOption

    func validate() throws {
        guard (entry == nil) != (verify == nil) else { throw ValidationError("name an entry to prove, or a proof with --verify") }
        guard verify == nil || entryFile != nil else { throw ValidationError("--verify needs the entry itself: --entry-file FILE") }
        guard verify != nil || key.isEmpty else { throw ValidationError("--key goes with --verify") }
    }

    func run() async throws {
        if let verify, let entryFile {
            try await check(verify, entryFile)
        } else if let entry {
            try await prove(entry)
        }
    }

    private func prove(_ text: String) async throws {
        let settings = try await installation.settings()
        let shards = try shard.among(try Wiring.logShards(settings))
        defer { for shard in shards { shard.reader.close() } }
        let (index, reader) = try place(of: text, shards)
        let (proof, bytes) = try reading {
            let proofs = LogProofs(reader: reader)
            let newest = try proofs.checkpoint()
            let cosigned = settings.log.witnesses.isEmpty ? nil : try WitnessWork.memory(settings).read().cosigned
            let origin = try LogProofs.read(newest).checkpoint.origin
            let isCosigned = cosigned.map { index < $0.size && $0.origin == origin } ?? false
            return try proofs.inclusion(of: index, in: isCosigned ? cosigned?.note ?? newest : newest)
        }
        if let entryFile {
            try failing { () throws(SystemError) in try Files.create(entryFile, content: bytes + [0x0a], mode: 0o600) }
        }
        StandardStreams.writeOutput(proof.text)
    }

    /// `shards`: not empty, the newest last. Each counts from 0; an index without a shard is of the newest.
    private func place(of text: String, _ shards: [LogShardReader]) throws -> (index: UInt64, reader: SQLiteLogReader) {
        if let index = UInt64(text), String(index) == text, let reader = shards.last?.reader { return (index, reader) }
        guard let xid = TransferID(text) else {
            throw ValidationError("`\(Table.visible(String(text.prefix(40))))` is neither an index nor a transfer's id")
        }
        for shard in shards.reversed() {
            if let detail = try reading({ try TransferReader(reader: shard.reader).show(xid) }) { return (detail.entry.index, shard.reader) }
        }
        throw CommandFailure(
            "the log has no transfer \(xid)", remedy: "requests that were malformed or unauthenticated are only counted, in seals")
    }

    private func check(_ path: String, _ entryPath: String) async throws {
        let (text, entry) = try failing { () throws(SystemError) in
            (
                String(decoding: try Files.read(path, bytesMax: Self.fileBytesMax), as: UTF8.self),
                try Files.read(entryPath, bytesMax: Self.fileBytesMax)
            )
        }
        guard let proof = InclusionProofText(text), let (note, checkpoint) = ProofCheck.parts(proof.checkpoint) else {
            throw CommandFailure("\(path) holds no tlog-proof", remedy: "make one with `waybill log proof`")
        }
        let verifiers = try await verifiers(origin: checkpoint.origin)
        let line = entry.last == 0x0a ? Array(entry.dropLast()) : entry
        if let fault = ProofCheck.fault(proof, note, checkpoint, entry: line, verifiers) {
            StandardStreams.writeOutput("The proof does NOT hold: \(fault)\n")
            throw ExitStatus.verificationFailed.quietly
        }
        StandardStreams.writeOutput("The proof holds: entry \(proof.index) of \(checkpoint.size) in \(checkpoint.origin)\n")
    }

    private func verifiers(origin: String) async throws -> [NoteVerifier] {
        if key.isEmpty {
            let (keys, keyring) = try Wiring.keyring(try await installation.settings(), create: false)
            return try Wiring.logKeys(keys, keyring, create: false).signers(origin: origin).map(\.verifier)
        }
        return try key.map { text in
            guard let verifier = NoteVerifier(text), verifier.algorithm == .ed25519 else {
                throw ValidationError("--key needs a verifier key as `waybill log checkpoint --key` prints it")
            }
            return verifier
        }
    }
}

/// Which shard an index or a size is of.
struct ShardOption: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The half-year, as `log shards` names it. Default: the present one.", valueName: "shard"))
    var shard: String?

    /// All of them, or the named one.
    func among(_ shards: [LogShardReader]) throws(CommandFailure) -> [LogShardReader] {
        guard let shard else { return shards }
        guard let found = shards.first(where: { $0.name == shard }) else {
            for shard in shards { shard.reader.close() }
            let names = shards.map(\.name).joined(separator: ", ")
            throw CommandFailure("the log has no shard \(Table.visible(String(shard.prefix(40))))", remedy: "there are \(names)")
        }
        for other in shards where other.name != shard { other.reader.close() }
        return [found]
    }
}

/// What an auditor checks of a proof.
enum ProofCheck {
    static func parts(_ text: String) -> (SignedNote, WaybillLedger.Checkpoint)? {
        do {
            let (note, checkpoint) = try LogProofs.read(text)
            return (note, checkpoint)
        } catch {
            return nil
        }
    }

    /// Nil: it holds.
    static func fault(
        _ proof: InclusionProofText, _ note: SignedNote, _ checkpoint: WaybillLedger.Checkpoint, entry: [UInt8], _ verifiers: [NoteVerifier]
    ) -> String? {
        do {
            guard try note.verified(by: verifiers).contains(where: { $0.name == checkpoint.origin }) else {
                return "its checkpoint is signed under another name than its log's."
            }
        } catch .badSignature {
            return "its checkpoint's signature is false."
        } catch {
            return "its checkpoint is not signed by a key that signs now; if the key was replaced since, make the proof anew."
        }
        let holds = ProofVerification.includes(
            leaf: MerkleHashing.leaf(entry).bytes, index: proof.index, size: checkpoint.size, proof: proof.proof.map(\.bytes),
            root: checkpoint.root.bytes)
        return holds ? nil : "the entry is not the one at index \(proof.index) of that checkpoint."
    }
}
