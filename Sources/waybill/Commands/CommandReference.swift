import ArgumentParser

/// `docs/reference/cli.md`, written from the commands themselves.
enum CommandReference {
    static var text: String {
        """
        # Command line

        <!-- Generated: waybill reference cli > docs/reference/cli.md -->

        Exit codes: 0 done, 1 failed, 2 usage, 3 policy invalid, 4 policy test failed, 5 verification failed, 6 denied.
        List commands take `--output table|json|ndjson|csv`. Long commands show progress on a terminal and stay quiet in a pipe.

        Shell completions: `waybill --generate-completion-script zsh` (or `bash`, `fish`) prints a script. Put it where your shell
        looks for them, for example `~/.local/share/bash-completion/completions/waybill`, `~/.zfunc/_waybill` (with
        `fpath=(~/.zfunc $fpath)` before `compinit`), or `~/.config/fish/completions/waybill.fish`.


        """ + section(Waybill.self, path: [])
    }

    private static func section(_ command: any ParsableCommand.Type, path: [String]) -> String {
        let name = command.configuration.commandName ?? ""
        let full = path + [name]
        let help = Waybill.helpMessage(for: command, columns: 120)
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            var line = String(line)
            while line.last == " " { line.removeLast() }
            return line
        }
        let own = "## \(full.joined(separator: " "))\n```text\n\(lines.joined(separator: "\n"))\n```\n\n"
        let subcommands = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
        return own + subcommands.map { section($0, path: full) }.joined()
    }
}
