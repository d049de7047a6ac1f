import ArgumentParser
import WaybillControl
import WaybillCore

extension SubjectCommand {
    struct Restrict: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restrict", abstract: "Restrict processing: nothing about the person leaves, until it is lifted.")
        @OptionGroup var options: SubjectDeskOptions
        @Flag(name: .long, help: "Lift the restriction.")
        var lift = false

        func run() async throws { try await options.act(lift ? "unrestrict" : "restrict") }
    }

    struct Object: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "object", abstract: "Enter an objection or an opt-out, or take one back.",
            discussion: """
                Scopes: all, direct_marketing, profiling, sale, share, targeted_advertising, sensitive_use, gpc. Opting in again after a US \
                opt-out takes two steps: the first prints what the second takes as --confirm.
                """)
        @OptionGroup var options: SubjectDeskOptions
        @Option(name: .long, help: ArgumentHelp("What it is against.", valueName: "scope"))
        var scope: String
        @Flag(name: .long, help: "Take it back.")
        var withdraw = false
        @Option(name: .long, help: ArgumentHelp("Of the first step.", valueName: "token"))
        var confirm: String?

        func run() async throws { try await options.act(withdraw ? "take-back" : "object", ["scope": scope, "confirm": confirm]) }
    }

    struct Preference: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "preference", abstract: "The person's ceiling of personalization: 0 to 3, or none of their own.")
        @OptionGroup var options: SubjectDeskOptions
        @Argument(help: "0 necessary, 1 limited data, 2 own profile, 3 vendor profiling, or none.")
        var level: String

        func run() async throws { try await options.act("preference", ["level": level]) }
    }

    struct Signal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "signal", abstract: "Enter a privacy signal of the person; one that cannot be read denies.")
        @OptionGroup var options: SubjectDeskOptions
        @Option(name: .long, help: ArgumentHelp("An IAB GPP string.", valueName: "text"))
        var gpp: String?
        @Option(name: .long, help: ArgumentHelp("An IAB US-privacy string.", valueName: "text"))
        var usprivacy: String?
        @Flag(name: .long, help: "Global Privacy Control was seen.")
        var gpc = false

        func validate() throws {
            guard [gpp != nil, usprivacy != nil, gpc].count(where: { $0 }) == 1 else {
                throw ValidationError("Give one of --gpp, --usprivacy and --gpc.")
            }
        }

        func run() async throws {
            let kind = gpp != nil ? "gpp" : usprivacy != nil ? "usprivacy" : "gpc"
            try await options.act("signal", ["signal": kind, "text": gpp ?? usprivacy])
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "All that is held about one person, disclosures included, as JSON (Articles 15 and 20).")
        @OptionGroup var options: SubjectDeskOptions

        func run() async throws { try SubjectDeskOutput.write(try await options.ask(.export)) }
    }

    struct Link: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "link", abstract: "Make a link to the person's own page, or end those there are.",
            discussion: "Whoever has the link sees the page: send it to the person only.")
        @OptionGroup var options: SubjectDeskOptions
        @Option(name: .long, help: ArgumentHelp("How long it lives, like 7d or 12h; at most 30d.", valueName: "time"))
        var expires = "7d"
        @Flag(name: .long, help: "End every link to this person's page.")
        var revoke = false

        func run() async throws {
            if revoke {
                let count = try await options.ask(.revoke)["revoked"].integer ?? 0
                StandardStreams.writeOutput("\(count) links ended\n")
                return
            }
            guard let seconds = Self.seconds(expires) else {
                throw CommandFailure("--expires must be like 7d, 12h or 30m", status: .usage)
            }
            let answer = try await options.ask(.link, ["seconds": String(seconds)])
            StandardStreams.writeOutput("\(answer["url"].text ?? answer["path"].text ?? "")\n")
            if answer["url"].text == nil {
                StandardStreams.writeError("waybill: put the control listener's public address before it, or configure `public_url`\n")
            }
        }

        private static func seconds(_ text: String) -> Int64? {
            let units: [Character: Int64] = ["d": 86_400, "h": 3_600, "m": 60, "s": 1]
            guard let unit = text.last.flatMap({ units[$0] }), text.count <= 8, let number = Int64(text.dropLast()), number > 0 else {
                return nil
            }
            return number * unit
        }
    }
}

extension ConsentCommand {
    struct Give: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "give", abstract: "Enter that a person agreed, with where the proof of it is kept.")
        @OptionGroup var options: SubjectDeskOptions
        @Option(name: .long, help: ArgumentHelp("The purpose.", valueName: "id"))
        var purpose: String
        @Option(name: .long, help: ArgumentHelp("A vendor that the person agreed to; may be repeated.", valueName: "id"))
        var recipient: [String]
        @Option(name: .long, help: ArgumentHelp("Where the proof is kept.", valueName: "text"))
        var proof: String
        @Option(name: .long, help: ArgumentHelp("The notice that the person read.", valueName: "id"))
        var notice: String?
        @Flag(name: .long, help: "It was an explicit statement.")
        var explicit = false

        func run() async throws {
            try await options.act(
                "give",
                [
                    "purpose": purpose, "recipients": recipient.joined(separator: " "), "proof": proof, "notice": notice,
                    "explicit": String(explicit),
                ])
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "withdraw", abstract: "Enter a withdrawal; it binds the next send.",
            discussion: "Without --purpose all purposes are withdrawn, without --recipient all vendors.")
        @OptionGroup var options: SubjectDeskOptions
        @Option(name: .long, help: ArgumentHelp("The purpose.", valueName: "id"))
        var purpose: String?
        @Option(name: .long, help: ArgumentHelp("A vendor; may be repeated.", valueName: "id"))
        var recipient: [String] = []

        func run() async throws {
            try await options.act("withdraw", ["purpose": purpose, "recipients": recipient.joined(separator: " ")])
        }
    }

    struct Receipt: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "receipt", abstract: "A person's consent receipts (ISO/IEC TS 27560), signed with the log's key.")
        @OptionGroup var options: SubjectDeskOptions

        func run() async throws { try SubjectDeskOutput.write(try await options.ask(.receipts)) }
    }
}
