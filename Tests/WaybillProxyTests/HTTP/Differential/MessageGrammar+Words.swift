/// What the grammar chooses from.
extension MessageGrammar {
    static let methods = ["GET", "POST", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]
    static let rareMethods = [
        "CONNECT", "TRACE", "PRI", "get", "Post", "M-SEARCH", "QUERY", "PROPFIND", "SOURCE", "GE T", "", "X", "G\u{e9}T", "BREW", "POST_",
        "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ",
    ]
    static let rareVersions = [
        "HTTP/1.0", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.2", "HTTP/1.10", "http/1.1", "HTTp/1.1", "HTTP/1,1", "HTTP 1.1", "ICE/1.0",
        "RTSP/1.0", "HTTP/11", "",
    ]
    static let hosts = ["a.test", "a.test:8080", "[::1]:80", "A.Test", "127.0.0.1"]
    static let rareHosts = ["a_b", "", "a b", "a,b", "u@a.test", "a.test/", "\u{e9}.test", "a.test:", ":80", "a%2e"]
    static let paths = ["/", "/to/acme/v1?q=1", "/a//b", "/%2e%2e/x", "/a;b=c", "/?", "/a?b=/c?d", "/a\\b", "/~a|b", "/{x}", "/a\"b"]
    static let rareTargets = [
        "*", "a", "a:80", "*a", "//a.test/x", "/a#b", "/a b", "http:/x", "http://", "http:///x", "http://u@a.test/", "ftp://a.test/",
        "?q", "http://a.test?q", "\\x", "/\u{e9}", "/\u{1}", "/\u{7f}", "[::1]:80", "://x", "javascript:x", "http://a.test", "-", "1://a/",
    ]
    static let names = [
        "Content-Type", "Accept", "X-A", "Waybill-Token", "Expect", "TE", "Trailer", "Cookie", "Authorization", "!#$%&'*+-.^`|~", "Date",
        "Content-Encoding", "Keep-Alive", "Proxy-Connection",
    ]
    static let values = [
        "application/json", "x", "", "100-continue", "a, b", "a\tb", "\u{e9}", "a  ", "\"a\\\"b\"", "x;q=1", "a: b", "trailers", "  a",
    ]
    static let rareValues = ["a\u{1}b", "a\u{0}b", "a\rb", "a\nb", "a\u{7f}", "a\u{b}", "\u{a0}", "\u{1b}", "a\r\n b", "\r", "a\r\r"]
    static let connections = [
        "close", "keep-alive", "Close", "close, keep-alive", "keep-alive, close", "upgrade", "content-type", ",", "", "close ", "closed",
        "te",
        "Upgrade, close", "close,,",
    ]
    static let rareLines = [
        "X_A: b", "X-A", ": b", " X: folded", "\tX: folded", "X-A : b", "X\u{e9}: b", "X\u{0}: b", "X(: b", "Content-Length\u{0}: 3",
        "transfer_encoding: chunked", "Content_Length: 3", "X-A: b\r\n folded", "Transfer-Encoding : chunked",
    ]
    static let statuses = ["200 OK", "201 Created", "204 No Content", "304 Not Modified", "404 Not Found", "500 x", "200 ", "400 a b c"]
    static let rareStatuses = [
        "200", "099 x", "600 x", "999 x", "2000 x", "20 x", "200\tOK", "200  OK", "2x0 OK", "200 \u{e9}", "200 a\u{1}", "101 Switching",
        "150 x",
        "206 Partial", "000 x", "+20 x", "200 a\rb",
    ]
    static let rareCodings = [
        "chunked", "Chunked", "CHUNKED", "chunked ", "\tchunked", "gzip, chunked", "chunked, gzip", "identity", ",chunked", "chunked,", "x",
        "", "chunked;x", "\u{b}chunked", "chunked, chunked", "\"chunked\"", "chunke",
    ]
    static let chunkTails = [
        "\r\n", "\n", ";\r\n", ";a\r\n", ";a=\r\n", ";=b\r\n", ";a=b\r\n", ";a=\"b\"\r\n", ";a=\"b\r\n", " \r\n", " ;a\r\n", "; a\r\n",
        ";a b\r\n",
        ";a=b c\r\n", ";a\u{0}\r\n", ";a\n\r\n", "\r", "x\r\n", "_\r\n", ".0\r\n", ";;\r\n", ";a=\"\\\"\"\r\n", ";a=\"b\"c\r\n", "\t;a\r\n",
        ";a=\u{e9}\r\n", ";a=\"\u{e9}\"\r\n", ";a \r\n", ";a=b;\r\n", ",\r\n", ";(\r\n", ";a=\"\t\"\r\n", ";a=\"b\";c\r\n",
    ]
    static let trailers = [
        "X-T: v", "Content-Length: 3", "Transfer-Encoding: chunked", "X_T: v", " X: v", "X", ": v", "X : v", "Host: b", "X-T:",
        "X-T: \u{1}",
        "X-T: v\r\n w", "Authorization: x", "Content-Length : 3", "Connection: close",
    ]

    static func rareLengths(_ count: Int) -> [String] {
        [
            "\(count)", "+\(count)", "-\(count)", " \(count)", "\(count) ", "0\(count)", "000\(count)", "\(count),\(count)",
            "\(count), \(count)",
            "0x\(String(count, radix: 16))", "", "\(count)a", "\(count) \(count)", "99999999999999999999", "18446744073709551616",
            "1000000000000000", "\(count).0", "\(max(0, count - 1))", "\(count + 1)", "\u{b}\(count)", "\(count)\u{b}", "\(count);",
        ]
    }
}
