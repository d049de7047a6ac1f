import ArgumentParser
import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger

struct AccountCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "account", abstract: "People who sign in to the console.",
        discussion: """
            For whoever may run commands on this machine; administrators do the same in the console and by the API. A set-up code is \
            printed once; its owner enters it at /console/set-up, and chooses password and second factor there. See docs/access.md.
            """,
        subcommands: [Create.self, List.self, Roles.self, Disable.self, Enable.self, Reset.self, Invite.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make an account; prints the code by which its owner sets it up.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var grant: GrantOptions
        @Argument(help: "The login name; no e-mail address, because the log keeps it.")
        var id: String
        @Option(name: .long, help: ArgumentHelp("For people to read. Default: the login name.", valueName: "text"))
        var name: String?

        func run() async throws {
            let request = AccountRequest(id: id, name: name, grant: try grant.value)
            let new = try await AccountCommand.run("account.create", ["request": try json(request)], installation)
                .decode(AccessDesk.NewAccount.self)
            AccountCommand.tell(new)
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "Accounts, their roles and states.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let settings = try await installation.settings()
            let book = try stored { try AccessKeeping(Wiring.control(settings)).accessBook() }
            var table = Table(
                columns: ["id", "name", "state", "roles", "vendor", "engagement", "until", "created", "by", "signed_in"],
                whenEmpty: "no accounts")
            for account in book.accounts.values.sorted(by: { $0.id < $1.id }) {
                table.append([
                    .text(account.id), .text(account.name), .text(account.state.rawValue),
                    .texts(account.grant.roles.map(\.rawValue).sorted()), .optional(account.grant.vendor),
                    .optional(account.grant.engagement), .optional(account.grant.until?.rfc3339), .text(account.createdAt.rfc3339),
                    .text(account.createdBy), .optional(account.signedInAt?.rfc3339),
                ])
            }
            StandardStreams.writeOutput(table.text(format.output))
        }
    }

    struct Roles: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "roles", abstract: "Give an account other roles; ends its sessions.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var grant: GrantOptions
        @Argument(help: "The login name.")
        var id: String

        func run() async throws {
            let request = AccountRequest(id: id, name: nil, grant: try grant.value)
            let account = try await AccountCommand.run("account.change", ["request": try json(request)], installation).decode(Account.self)
            let roles = account.grant.roles.map(\.rawValue).sorted().joined(separator: " ")
            StandardStreams.writeOutput("account \(account.id): \(roles)\n")
        }
    }

    struct Disable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "disable", abstract: "Permit an account nothing from the next request on.")
        @OptionGroup var installation: ConfigurationOptions
        @Argument(help: "The login name.")
        var id: String
        func run() async throws { try await AccountCommand.set("account.disable", id, installation) }
    }

    struct Enable: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "enable", abstract: "Let an account in again.")
        @OptionGroup var installation: ConfigurationOptions
        @Argument(help: "The login name.")
        var id: String
        func run() async throws { try await AccountCommand.set("account.enable", id, installation) }
    }

    struct Reset: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "reset", abstract: "Void password, second factor and recovery codes; prints a new set-up code.")
        @OptionGroup var installation: ConfigurationOptions
        @Argument(help: "The login name.")
        var id: String

        func run() async throws {
            AccountCommand.tell(
                try await AccountCommand.run("account.reset", ["id": id], installation).decode(AccessDesk.NewAccount.self))
        }
    }

    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "invite", abstract: "Print a code by which another first administrator sets up an account, within an hour.")
        @OptionGroup var installation: ConfigurationOptions

        func run() async throws {
            StandardStreams.writeOutput(try await AccountCommand.run("account.invite", [:], installation).decode(String.self) + "\n")
        }
    }

    fileprivate static func set(_ command: String, _ id: String, _ installation: ConfigurationOptions) async throws {
        let account = try await run(command, ["id": id], installation).decode(Account.self)
        StandardStreams.writeOutput("account \(account.id) \(account.state.rawValue)\n")
    }

    fileprivate static func run(
        _ command: String, _ arguments: [String: String], _ installation: ConfigurationOptions
    ) async throws -> ControlReply {
        try await AdministrationSession(settings: try await installation.settings())
            .run(ControlRequest(command: command, arguments: arguments))
    }

    fileprivate static func tell(_ new: AccessDesk.NewAccount) {
        StandardStreams.writeOutput(new.setUpCode + "\n")
        StandardStreams.writeError("waybill: shown only now; for \(new.id), at /console/set-up, until \(new.expiresAt.rfc3339)\n")
    }
}

private func json(_ value: some Encodable) throws -> String { String(decoding: try JSONEncoder().encode(value), as: UTF8.self) }
