import ArgumentParser
import WaybillLedger
import WaybillStorage

struct LogConsistencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "consistency", abstract: "Prove that the log only grew since it had so many entries.",
        discussion: """
            Prints `old FROM`, the hashes of the RFC 6962 consistency proof in base64, an empty line and the signed checkpoint it leads to: \
            the form in which C2SP tlog-witness takes one. Whoever kept the checkpoint of FROM entries can check it. Works beside a running gate.
            """)
    @Argument(help: "The earlier size, of a checkpoint somebody kept.")
    var from: UInt64
    @Argument(help: "The later size, of a checkpoint the log has kept. Default: the newest.")
    var to: UInt64?
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var shard: ShardOption

    func validate() throws {
        if let to, to < from { throw ValidationError("the later size is smaller than the earlier") }
    }

    func run() async throws {
        let shards = try shard.among(try Wiring.logShards(try await installation.settings()))
        defer { for shard in shards { shard.reader.close() } }
        guard let newest = shards.last else { return }
        let text = try reading {
            let proofs = LogProofs(reader: newest.reader)
            return try proofs.consistency(from: from, to: try proofs.checkpoint(ofSize: to)).text
        }
        StandardStreams.writeOutput(text)
    }
}
