import ArgumentParser
import FoundationEssentials
import WaybillControl
import WaybillCore
import WaybillLedger

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "What machines show to the API: tokens, and names in client certificates.",
        discussion: "See docs/access.md for roles and scopes.", subcommands: [Create.self, List.self, Revoke.self])

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a token; it is printed once.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var grant: GrantOptions
        @Argument(help: "Its id, for lists and the log; never used again.")
        var id: String
        @Option(name: .long, help: ArgumentHelp("A permission, narrower than the roles. May be repeated.", valueName: "permission"))
        var scope: [Permission] = []
        @Option(name: .long, help: ArgumentHelp("In how many days it ends, at most 365.", valueName: "days"))
        var days: Int64 = 90
        @Flag(name: .long, help: "No token: a machine, known by the DNS name in its client certificate, which is the id.")
        var mtls = false

        func validate() throws {
            guard (1...3_650).contains(days) else { throw ValidationError("--days must be 1 to 365") }
            guard !grant.role.isEmpty else { throw ValidationError("name at least one --role") }
        }

        func run() async throws {
            let request = AccessDesk.TokenRequest(
                id: id, kind: mtls ? .mtls : .token, grant: try grant.value, scopes: scope.isEmpty ? nil : Set(scope),
                expiresAt: SystemWallClock().now().adding(seconds: days * 86_400))
            let arguments = ["request": String(decoding: try JSONEncoder().encode(request), as: UTF8.self)]
            let new = try await AdministrationSession(settings: try await installation.settings())
                .run(ControlRequest(command: "token.create", arguments: arguments)).decode(AccessDesk.NewToken.self)
            StandardStreams.writeOutput((new.secret ?? new.token.principalID) + "\n")
            let ends = "ends \(new.token.expiresAt.rfc3339)"
            StandardStreams.writeError("waybill: \(new.secret == nil ? ends : "shown only now; \(ends)")\n")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "Tokens and machines, revoked and expired ones too.")
        @OptionGroup var installation: ConfigurationOptions
        @OptionGroup var format: OutputOptions

        func run() async throws {
            let settings = try await installation.settings()
            let tokens = try stored { try AccessKeeping(Wiring.control(settings)).accessBook().tokens.values.sorted { $0.id < $1.id } }
            let now = SystemWallClock().now()
            var table = Table(
                columns: ["id", "kind", "state", "roles", "scopes", "vendor", "created", "by", "expires", "used"], whenEmpty: "no tokens")
            for token in tokens {
                table.append([
                    .text(token.id), .text(token.kind.rawValue), .text(token.state(now: now).rawValue),
                    .texts(token.grant.roles.map(\.rawValue).sorted()), .texts((token.scopes ?? []).map(\.rawValue).sorted()),
                    .optional(token.grant.vendor), .text(token.createdAt.rfc3339), .text(token.createdBy),
                    .text(token.expiresAt.rfc3339), .optional(token.usedAt?.rfc3339),
                ])
            }
            StandardStreams.writeOutput(table.text(format.output))
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(commandName: "revoke", abstract: "Refuse a token from the next request on.")
        @OptionGroup var installation: ConfigurationOptions
        @Argument(help: "The token's id.")
        var id: String

        func run() async throws {
            let token = try await AdministrationSession(settings: try await installation.settings())
                .run(ControlRequest(command: "token.revoke", arguments: ["id": id])).decode(AccessToken.self)
            StandardStreams.writeOutput("token \(token.id) revoked\n")
        }
    }
}

/// What an account or a token may.
struct GrantOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("A role. May be repeated.", valueName: "role"))
    var role: [Role] = []
    @Option(name: .long, help: ArgumentHelp("Sees this vendor only.", valueName: "id"))
    var vendor: String?
    @Option(name: .long, help: ArgumentHelp("Sees this engagement only.", valueName: "id"))
    var engagement: String?
    @Option(name: .long, help: ArgumentHelp("Of the role caller: whose transfers it sees.", valueName: "id"))
    var caller: String?
    @Option(name: .long, help: ArgumentHelp("From then on it grants nothing: RFC 3339, or a date.", valueName: "time"))
    var until: String?

    var value: AccessGrant {
        get throws {
            AccessGrant(
                roles: Set(role), vendor: vendor, engagement: engagement, caller: caller,
                until: try until.map { try TimeRange.required($0, "--until") })
        }
    }
}

extension Role: ExpressibleByArgument {}
extension Permission: ExpressibleByArgument {}
