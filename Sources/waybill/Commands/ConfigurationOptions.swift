import ArgumentParser
import FoundationEssentials

/// `--config` and `--set`, of every command that works on an installation.
struct ConfigurationOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"), completion: .file(extensions: ["yaml", "yml"]))
    var config = "waybill.yaml"

    @Option(
        name: .long,
        help: ArgumentHelp("A configuration key, over file and environment. May be repeated.", valueName: "key=value"),
        completion: .list(ConfigurationKey.all.map { $0.name + "=" }))
    var set: [String] = []

    func validate() throws {
        for pair in set where !pair.contains("=") {
            throw ValidationError("--set needs KEY=VALUE, like --set listen.gate=127.0.0.1:9000")
        }
    }

    /// `more`: values of a command's own flags, which win over `--set`.
    func settings(_ more: [String: String] = [:]) async throws -> Settings {
        var flags: [String: String] = [:]
        for pair in set {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            flags[halves[0]] = halves.count == 2 ? halves[1] : ""
        }
        flags.merge(more) { _, new in new }
        return try await SettingsReader.read(file: config, flags: flags, environment: ProcessInfo.processInfo.environment)
    }
}
