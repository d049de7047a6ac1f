import ArgumentParser
import WaybillCore

struct CACommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ca", abstract: "The interception CA.", subcommands: [Init.self, Show.self, Rotate.self])

    struct Init: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "init", abstract: "Make the CA, for the hosts of `ca.permit` or of the policies' destinations.")
        @OptionGroup var installation: ConfigurationOptions

        func run() async throws {
            let settings = try await installation.settings()
            let keys = try KeyDirectory(settings.keys, create: true)
            let policies = try PolicyDirectory(settings.policies).loadForCommand()
            let ca = try InterceptionCA.create(
                in: keys, organisation: policies.organisation.name, permit: settings.caPermit.isEmpty ? policies.hosts : settings.caPermit)
            StandardStreams.writeOutput(ca.certificatePEM)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "show", abstract: "Print the CA certificate as PEM.")
        @OptionGroup var installation: ConfigurationOptions

        func run() async throws {
            let settings = try await installation.settings()
            guard let ca = try InterceptionCA.existing(in: try KeyDirectory(settings.keys, create: false)) else {
                throw CommandFailure(
                    "there is no CA in \(settings.keys) yet", remedy: "make one with `waybill ca init`, or start `waybill serve`")
            }
            StandardStreams.writeOutput(ca.bundlePEM)
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "rotate", abstract: "Replace the CA, both valid for a while.")
        @OptionGroup var installation: ConfigurationOptions

        func run() async throws {
            throw CommandFailure(
                "`ca rotate` comes with interception, which is not built yet",
                remedy: "nothing uses the CA so far; to have a new one, move ca.key and ca.pem away and run `waybill ca init`")
        }
    }
}

extension PolicySet {
    /// Of every vendor's destinations, each once.
    var hosts: [String] { Array(Set(vendors.flatMap { $0.destinations.map(\.host) })).sorted() }
}
