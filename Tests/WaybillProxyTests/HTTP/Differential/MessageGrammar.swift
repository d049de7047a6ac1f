/// Writes HTTP/1.1 messages: most of them sound, some with one of the things that two parsers like to read differently.
struct MessageGrammar {
    private var dice: FuzzDice
    private var out: [UInt8] = []

    init(dice: FuzzDice) { self.dice = dice }

    /// One to three pipelined requests, then damaged now and then.
    static func requests(_ dice: inout FuzzDice) -> [UInt8] {
        var grammar = MessageGrammar(dice: dice)
        for _ in 0...(grammar.dice.once(in: 3) ? grammar.dice.below(3) : 0) { grammar.request() }
        dice = grammar.dice
        return ByteDamage.applied(to: grammar.out, &dice)
    }

    /// Up to two interim answers and a final one, sometimes with bytes behind it.
    static func answer(_ dice: inout FuzzDice) -> [UInt8] {
        var grammar = MessageGrammar(dice: dice)
        if grammar.dice.once(in: 6) { grammar.interim() }
        if grammar.dice.once(in: 40) { grammar.interim() }
        grammar.finalAnswer()
        if grammar.dice.once(in: 12) { grammar.finalAnswer() }
        dice = grammar.dice
        return ByteDamage.applied(to: grammar.out, &dice)
    }

    // MARK: Start lines

    private mutating func request() {
        let method = dice.once(in: 12) ? dice.pick(Self.rareMethods) : dice.pick(Self.methods)
        let host = dice.once(in: 30) ? dice.pick(Self.rareHosts) : dice.pick(Self.hosts)
        let version = dice.once(in: 25) ? dice.pick(Self.rareVersions) : "HTTP/1.1"
        write(method, " ", target(host), " ", version)
        lineEnd()
        var lines: [String] = []
        if !dice.once(in: 30) { lines.append(name("Host") + colon() + host) }
        if dice.once(in: 60) { lines.append("Host: \(dice.pick(Self.hosts))") }
        let isSound = !dice.once(in: 10)
        let body = self.body(mayBeEmpty: true, isSound: isSound)
        lines += otherFields() + body.fields
        fields(lines)
        out += body.bytes
    }

    private mutating func interim() {
        write("HTTP/1.1 ", dice.pick(["100 Continue", "103 Early Hints", "102 Processing", "100", "199 x", "101 Switching Protocols"]))
        lineEnd()
        fields(dice.once(in: 3) ? ["Link: </a>"] : [])
    }

    private mutating func finalAnswer() {
        let version = dice.once(in: 25) ? dice.pick(Self.rareVersions) : "HTTP/1.1"
        let status = dice.once(in: 10) ? dice.pick(Self.rareStatuses) : dice.pick(Self.statuses)
        write(version, " ", status)
        lineEnd()
        let body = self.body(mayBeEmpty: false, isSound: !dice.once(in: 8))
        fields(otherFields() + body.fields)
        out += body.bytes
    }

    private mutating func target(_ host: String) -> String {
        switch dice.below(14) {
        case 0: "http://\(host)\(dice.pick(Self.paths))"
        case 1: dice.once(in: 3) ? "HTTPS://\(dice.pick(Self.hosts))\(dice.pick(Self.paths))" : dice.pick(Self.rareTargets)
        default: dice.pick(Self.paths)
        }
    }

    // MARK: Fields

    private mutating func otherFields() -> [String] {
        var lines: [String] = []
        for _ in 0..<dice.below(4) {
            lines.append(name(dice.pick(Self.names)) + colon() + dice.pick(dice.once(in: 20) ? Self.rareValues : Self.values))
        }
        if dice.once(in: 12) { lines.append("Connection: " + dice.pick(Self.connections)) }
        if dice.once(in: 40) { lines.append("Upgrade: websocket") }
        if dice.once(in: 60) { lines.append(dice.pick(Self.rareLines)) }
        return lines
    }

    private mutating func fields(_ lines: [String]) {
        var lines = lines
        if dice.once(in: 2) { lines.shuffle(using: &dice) }
        for line in lines {
            write(line)
            lineEnd()
        }
        lineEnd()
    }

    private mutating func name(_ name: String) -> String {
        switch dice.below(12) {
        case 0: name.lowercased()
        case 1: name.uppercased()
        default: name
        }
    }

    private mutating func colon() -> String {
        dice.once(in: 60) ? dice.pick([" :", ":\u{b}", "::", ""]) : dice.pick([": ", ": ", ": ", ":", ":  ", ":\t"])
    }

    private mutating func lineEnd() {
        if dice.once(in: 300) { write(dice.pick(["\n", "\r", "\r\r\n", "\n\r", " \r\n", "\r\n "])) } else { write("\r\n") }
    }

    // MARK: Bodies

    private mutating func body(mayBeEmpty: Bool, isSound: Bool) -> (fields: [String], bytes: [UInt8]) {
        let text = bytes()
        switch dice.below(mayBeEmpty ? 6 : 5) {
        case 0, 1:
            let length = isSound ? "\(text.count)" : dice.pick(Self.rareLengths(text.count))
            var fields = [name("Content-Length") + colon() + length]
            if !isSound, dice.once(in: 3) { fields.append("Content-Length: " + dice.pick(Self.rareLengths(text.count))) }
            return (fields, text)
        case 2, 3:
            var fields = [name("Transfer-Encoding") + colon() + (isSound ? "chunked" : dice.pick(Self.rareCodings))]
            if !isSound, dice.once(in: 3) { fields.append(dice.pick(["Content-Length: 3", "Transfer-Encoding: chunked", "TE: trailers"])) }
            return (fields, chunks(text, isSound: isSound))
        case 4: return ([], mayBeEmpty ? [] : text)
        default: return ([], [])
        }
    }

    private mutating func bytes() -> [UInt8] {
        if dice.once(in: 4) { return dice.pick([[], Array("GET /b HTTP/1.1\r\nHost: b\r\n\r\n".utf8), Array("0\r\n\r\n".utf8)]) }
        return (0..<dice.below(24)).map { _ in dice.once(in: 6) ? UInt8(dice.below(256)) : UInt8(ascii: "a") + UInt8(dice.below(26)) }
    }

    private mutating func chunks(_ text: [UInt8], isSound: Bool) -> [UInt8] {
        var result: [UInt8] = []
        var rest = text[...]
        while !rest.isEmpty {
            let chunk = rest.prefix(1 + dice.below(rest.count))
            rest = rest.dropFirst(chunk.count)
            let size = String(chunk.count, radix: 16, uppercase: dice.once(in: 3))
            result += Array(((dice.once(in: 8) ? "0" : "") + size + chunkTail(isSound: isSound)).utf8)
            result += chunk + Array((isSound ? "\r\n" : dice.pick(["\r\n", "\r\n", "", "\n", "\r", " \r\n"])).utf8)
        }
        result += Array((dice.once(in: 10) ? "000" : "0").utf8) + Array(chunkTail(isSound: isSound).utf8)
        if dice.once(in: 4) {
            for _ in 0...dice.below(2) { result += Array(((isSound ? "X-T: v" : dice.pick(Self.trailers)) + "\r\n").utf8) }
        }
        return result + Array("\r\n".utf8)
    }

    private mutating func chunkTail(isSound: Bool) -> String {
        if isSound { return dice.once(in: 8) ? dice.pick([";a\r\n", ";a=b\r\n", ";a=\"b c\"\r\n", ";a;b=1\r\n"]) : "\r\n" }
        return dice.pick(Self.chunkTails)
    }

    private mutating func write(_ texts: String...) {
        for text in texts { out += Array(text.utf8) }
    }
}
