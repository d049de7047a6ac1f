import ArgumentParser
import WaybillControl
import WaybillCore
import WaybillLedger

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
            let (organisation, permit) = try CACommand.subject(settings)
            let ca = try InterceptionCA.create(in: keys, organisation: organisation, permit: permit)
            StandardStreams.writeOutput(ca.certificatePEM)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "show", abstract: "Print the CA certificate as PEM.",
            discussion: "While one CA follows another, both are printed, the one that signs first: callers must trust both.")
        @OptionGroup var installation: ConfigurationOptions
        @Flag(name: .long, help: "In place of PEM: fingerprint, end, and the names it may sign for.")
        var details = false

        func run() async throws {
            let settings = try await installation.settings()
            guard let ca = try InterceptionCA.existing(in: try KeyDirectory(settings.keys, create: false)) else {
                throw CommandFailure(
                    "there is no CA in \(settings.keys) yet", remedy: "make one with `waybill ca init`, or start `waybill serve`")
            }
            StandardStreams.writeOutput(details ? CAStatus(ca).text : ca.bundlePEM)
            if let warning = ca.warning(now: SystemWallClock().now()) {
                StandardStreams.writeError("waybill: warning: \(warning)\n")
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "rotate", abstract: "Replace the CA, both trusted for a while.",
            discussion: """
                First `waybill ca rotate` makes the CA that is to follow, for the hosts of `ca.permit` or of the policies' destinations; \
                the present one goes on signing. Put what `waybill ca show` prints (both) into the callers' trust stores. Then \
                `waybill ca rotate --complete` lets the new one sign: a running gate does so at once. The old key is destroyed.
                """)
        @OptionGroup var installation: ConfigurationOptions
        @Flag(name: .long, help: "Let the new CA sign. Callers that do not trust it yet can no longer use the forward proxy.")
        var complete = false
        @Flag(name: .long, help: "Remove the CA that was to follow.")
        var abandon = false

        func validate() throws {
            guard !(complete && abandon) else { throw ValidationError("--complete and --abandon exclude each other") }
        }

        func run() async throws {
            let settings = try await installation.settings()
            let rotation = CARotation(keys: try KeyDirectory(settings.keys, create: false))
            let text: String
            if complete {
                text =
                    try await StoreSession(settings: settings).change("ca.reload") { () throws(CommandFailure) in
                        CAStatus(try rotation.complete()).text
                    } + "Callers need to trust only this one now.\n"
            } else if abandon {
                try rotation.abandon()
                text = "The CA that was to follow is removed. Take it out of the callers' trust stores again.\n"
            } else {
                let (organisation, permit) = try CACommand.subject(settings)
                let ca = try rotation.begin(organisation: organisation, permit: permit, now: SystemWallClock().now())
                text =
                    CAStatus(ca).text + """
                        Next: let every caller trust both (`waybill ca show` prints them), then `waybill ca rotate --complete`.

                        """
            }
            StandardStreams.writeOutput(text)
        }
    }

    /// Who has the CA made, and for which names.
    private static func subject(_ settings: Settings) throws -> (organisation: String, permit: [String]) {
        let policies = try Wiring.policies(settings).loadForCommand()
        return (policies.organisation.name, settings.caPermit.isEmpty ? policies.hosts : settings.caPermit)
    }
}

extension PolicySet {
    /// Of every vendor's destinations, each once.
    var hosts: [String] { Array(Set(vendors.flatMap { $0.destinations.map(\.host) })).sorted() }
}
