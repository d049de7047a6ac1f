import ArgumentParser
import WaybillCore
import WaybillLedger
import WaybillStorage

struct LogReindexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reindex", abstract: "Build the index of the log anew, from the entries.",
        discussion: """
            Works beside a running gate: the new index is built aside and takes the old one's place at the end. Needs as much free space \
            as the index takes, about a tenth of the log.
            """)
    /// Erasures while it is built; each means to begin again.
    private static let attemptsMax = 5
    private static let batchEntriesMin = 400_000

    @OptionGroup var installation: ConfigurationOptions

    func run() async throws {
        keepFilesPrivate()
        let settings = try await installation.settings()
        let logs = try Wiring.searchedLogs(settings)
        defer { for log in logs { log.close() } }
        let present = Wiring.transferIndex(settings)
        for _ in 0..<Self.attemptsMax {
            let forgotten = try reading { try present.forgotten() }
            let aside = try reading { try SQLiteTransferIndex.aside(present) }
            let started = monotonicSeconds()
            let size = try reading {
                try logs.reduce(0) { sum, log in
                    try sum + Wiring.follow(TransferIndexer(log: log, index: aside, batchEntriesMin: Self.batchEntriesMin), log)
                }
            }
            let isDone = try reading { try present.replace(by: aside, forgotten: forgotten) }
            guard isDone else { continue }
            let seconds = max(monotonicSeconds() - started, 0.001)
            StandardStreams.writeOutput("The index holds \(size) entries (\(Int(Double(size) / seconds)) entries/s).\n")
            return
        }
        throw CommandFailure("subjects were erased each time while the index was built", remedy: "run it again when no erasure is at work")
    }
}
