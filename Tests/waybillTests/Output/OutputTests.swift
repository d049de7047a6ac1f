import Logging
import Synchronization
import Testing

@testable import waybill

@Suite("What commands print")
struct OutputTests {
    private var table: Table {
        var table = Table(columns: ["name", "count", "codes"], whenEmpty: "nothing")
        table.append([.text("a, \"b\""), .number(3), .texts(["x", "y"])])
        table.append([.text("=1+1"), .number(-3), .null])
        return table
    }

    @Test("A table aligns its columns")
    func aligned() { #expect(table.text(.table) == "NAME    COUNT  CODES\na, \"b\"  3      x y\n=1+1    -3     \n") }

    @Test("CSV quotes by RFC 4180 and disarms formulas, but not numbers")
    func csv() { #expect(table.text(.csv) == "name,count,codes\r\n\"a, \"\"b\"\"\",3,x y\r\n'=1+1,-3,\r\n") }

    @Test(
        "Each way to begin a formula is disarmed",
        arguments: ["=a", "+a", "-a", "@a", "\ta", "\ra", "\na"])
    func formulas(cell: String) { #expect(Table.csvLine([cell]).contains("'" + cell)) }

    @Test("A quote is doubled, also where a mark behind it makes one character of both")
    func quotes() {
        #expect(Table.csvLine(["a\"b"]) == "\"a\"\"b\"\r\n")
        #expect(Array(Table.csvLine(["a\"\u{301},=1+1"]).unicodeScalars) == Array("\"a\"\"\u{301},=1+1\"\r\n".unicodeScalars))
    }

    @Test("NDJSON is one object a line, JSON one list")
    func json() {
        #expect(table.text(.ndjson).split(separator: "\n").first == #"{"name":"a, \"b\"","count":3,"codes":["x","y"]}"#)
        #expect(table.text(.json).hasPrefix("[\n  {\n    \"name\": "))
        #expect(Table(columns: ["a"], whenEmpty: "nothing").text(.json) == "[]\n")
        #expect(Table(columns: ["a"], whenEmpty: "nothing").text(.table) == "nothing\n")
    }

    @Test("Control characters neither break JSON nor reach a terminal")
    func controls() {
        #expect(JSONText.text("a\u{1b}\u{0}\u{7f}\n\"\\").compact == #""a\u001b\u0000\u007f\n\"\\""#)
        #expect(Table.visible("a\u{1b}[2J") == "a\u{fffd}[2J")
    }

    @Test("Progress tells count, rate and time left")
    func progress() {
        #expect(Progress.line("events", done: 500, total: 2_000, seconds: 5) == "events: 500 of 2000, 100/s, 15 s left")
        #expect(Progress.line("events", done: 5, total: nil, seconds: 0) == "events: 5")
    }

    @Test("A log line is JSON: static message, metadata beside it")
    func logLine() {
        let lines = Mutex<[String]>([])
        var logger = Logger(label: "gate") { label in
            JSONLogHandler(label: label, level: .info) { line in lines.withLock { $0.append(line) } }
        }
        logger[metadataKey: "node"] = "1"
        logger.debug("not shown")
        logger.info("listening", metadata: ["port": "\(8080)", "level": "x", "list": ["a", "b"]])
        let written = lines.withLock { $0 }
        #expect(written.count == 1)
        #expect(written[0].contains(#""level":"info","logger":"gate","message":"listening""#))
        #expect(
            written[0].contains(#""meta_level":"x""#) && written[0].contains(#""node":"1""#) && written[0].contains(#""list":["a","b"]"#))
        #expect(written[0].hasSuffix("}\n"))
    }
}
