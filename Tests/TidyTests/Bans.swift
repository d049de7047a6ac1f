/// Calls that have no place, and where.
enum Bans {
    struct Ban: Sendable {
        var text: String
        /// Path prefixes it is banned under.
        var under: [String]
        /// Path prefixes it is allowed under all the same.
        var except: [String] = []
        var why: String
    }

    private static let pure = ["Sources/WaybillCore/"]
    private static let everywhere = ["Sources/", "Tests/"]

    static let calls: [Ban] = [
        Ban(text: "fatalError(", under: everywhere, why: "input never stops the process: throw"),
        Ban(text: "preconditionFailure(", under: ["Sources/"], why: "input never stops the process: throw"),
        Ban(text: "try!", under: everywhere, why: "throw, or `#require` in a test"),
        Ban(text: " as!", under: everywhere, why: "cast with `as?` and say what happens otherwise"),
        Ban(text: "@unchecked Sendable", under: everywhere, why: "use a Mutex or an actor"),
        Ban(text: "nonisolated(unsafe)", under: everywhere, why: "use a Mutex or an actor"),
        Ban(text: "@_", under: everywhere, why: "underscored attributes change without notice"),
        Ban(text: "print(", under: ["Sources/"], except: ["Sources/waybill/"], why: "only commands write to the terminal"),
        Ban(text: "Date()", under: pure + ["Sources/WaybillLedger/"], why: "time is an argument"),
        Ban(text: "Date.now", under: pure + ["Sources/WaybillLedger/"], why: "time is an argument"),
        Ban(text: "clock_gettime(", under: pure, why: "time is an argument"),
        Ban(text: "ContinuousClock", under: pure, why: "time is an argument"),
        // The seed of an in-memory hash keeps strangers from choosing collisions and decides nothing.
        Ban(text: ".random(", under: pure, except: ["Sources/WaybillCore/Bodies/JSON/NameHash.swift"], why: "randomness is an argument"),
        Ban(text: "SystemRandomNumberGenerator", under: pure, why: "randomness is an argument"),
        // What a decision's moment is not asked, it does not know to differ tomorrow: the decision would be found again when it is not so.
        Ban(
            text: "input.now", under: ["Sources/WaybillCore/Decision/"],
            except: ["Sources/WaybillCore/Decision/StepContext.swift", "Sources/WaybillCore/Decision/Steps/LimitStep.swift"],
            why: "ask the context's moment, or `ask(volumeOf:)`"),
        Ban(text: "UUID()", under: pure, why: "randomness is an argument"),
        Ban(
            text: "JSONSerialization", under: ["Sources/WaybillCore/", "Sources/WaybillProxy/", "Sources/WaybillLedger/"],
            why: "it is lossy, and slow on the hot path"),
        Ban(
            text: "JSONDecoder", under: ["Sources/WaybillCore/Bodies/", "Sources/WaybillProxy/"],
            why: "the last of two equal names wins there"),
        Ban(text: "async ", under: ["Sources/WaybillProxy/Exchange/"], why: "the data plane is channel handlers"),
    ]

    /// Looked for in the text itself, because they hide in string literals.
    static let texts: [Ban] = [
        Ban(
            text: "SELECT ", under: ["Sources/WaybillLedger/", "Sources/WaybillCore/", "Sources/WaybillProxy/"],
            why: "SQL lives in WaybillStorage"),
        Ban(
            text: "INSERT INTO ", under: ["Sources/WaybillLedger/", "Sources/WaybillCore/", "Sources/WaybillProxy/"],
            why: "SQL lives in WaybillStorage"),
        Ban(text: "swiftlint:", under: everywhere, why: "swift-format is the linter"),
        Ban(text: "swift-format-ignore", under: everywhere, why: "mend it instead"),
    ]

    static let rules = [
        Rule(name: "no banned call") { file in
            calls.filter { $0.applies(to: file) }.flatMap { ban in findings(of: ban, in: file.code, path: file.path) }
        },
        Rule(name: "no banned text") { file in
            guard !file.path.hasPrefix("Tests/TidyTests/") else { return [] }
            return texts.filter { $0.applies(to: file) }.flatMap { ban in findings(of: ban, in: file.lines, path: file.path) }
        },
    ]

    private static func findings(of ban: Ban, in lines: [String], path: String) -> [Finding] {
        lines.enumerated().compactMap { number, line in
            guard contains(line, ban.text) else { return nil }
            return Finding(path: path, line: number + 1, message: "`\(ban.text)`: \(ban.why)")
        }
    }

    /// `print(` is not in `fingerprint(`: a word does not begin in the middle of another.
    private static func contains(_ line: String, _ text: String) -> Bool {
        guard let first = text.first, first.isLetter else { return line.contains(text) }
        return line.ranges(of: text).contains { range in
            guard range.lowerBound > line.startIndex else { return true }
            let before = line[line.index(before: range.lowerBound)]
            return !(before.isLetter || before.isNumber || before == "_" || before == ".")
        }
    }
}

extension Bans.Ban {
    func applies(to file: SourceFile) -> Bool {
        under.contains { file.path.hasPrefix($0) } && !except.contains { file.path.hasPrefix($0) }
    }
}
