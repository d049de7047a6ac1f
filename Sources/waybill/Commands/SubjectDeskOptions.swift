import ArgumentParser
import FoundationEssentials
import WaybillControl
import WaybillCore

/// A person by any identifier, and who acts.
struct SubjectDeskOptions: ParsableArguments {
    @OptionGroup var installation: ConfigurationOptions
    @OptionGroup var who: ActorOptions
    @Argument(help: "The subject, by any identifier, like email:anna@example.com or crm:17.")
    var subject: String

    func ask(_ command: SubjectDeskCommand.Kind, _ more: [String: String?] = [:]) async throws -> JSONValue {
        let arguments = ["subject": subject, "by": who.name].merging(more.compactMapValues { $0 }) { $1 }
        let reply = try await StoreSession(settings: try await installation.settings())
            .run(ControlRequest(command: command.rawValue, arguments: arguments))
        return try reply.decode(JSONValue.self)
    }

    func act(_ act: String, _ more: [String: String?] = [:]) async throws {
        let answer = try await ask(.act, more.merging(["act": act]) { $1 })
        guard let token = answer["confirm"].text else {
            StandardStreams.writeOutput("done; it binds the next send\n")
            return
        }
        StandardStreams.writeOutput(
            "Opting in again takes two steps. If the person confirms it, run the command again with --confirm \(token)\n")
    }
}

enum SubjectDeskOutput {
    static func write(_ value: JSONValue) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        StandardStreams.writeOutput(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }
}
