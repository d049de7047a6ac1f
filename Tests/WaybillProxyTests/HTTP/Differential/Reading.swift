import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import WaybillProxy

/// What a parser made of some bytes, in words that both parsers share.
struct Reading: Equatable {
    struct Head: Equatable {
        /// Empty in answers.
        var method = ""
        var target = ""
        /// 0 in requests.
        var status = 0
        var fields: [Field]
        /// After this message whoever owns the connection reads no further messages from it.
        var isLast: Bool
        /// Ours only: the target was in absolute form and has been reduced.
        var isReduced = false
    }
    struct Field: Equatable {
        var name: String
        var value: String
    }
    enum Part: Equatable {
        case head(Head)
        /// All of a message's body that has come.
        case body([UInt8])
        case end
    }
    private(set) var parts: [Part] = []
    /// Why it read no further; nil: it waits for more bytes.
    var refusal: String?

    mutating func append(_ part: Part) {
        if case .body(let more) = part, case .body(let bytes) = parts.last {
            parts[parts.count - 1] = .body(bytes + more)
        } else {
            parts.append(part)
        }
    }
}

extension Reading {
    private static let headBytesMax = 8_192
    private static let fieldsMax = 100

    // MARK: Ours

    static func requests(_ pieces: [ArraySlice<UInt8>]) -> Reading {
        var reading = Reading()
        var parser = RequestParser(headBytesMax: headBytesMax, fieldsMax: fieldsMax)
        for piece in pieces {
            parser.feed(ByteBuffer(bytes: piece))
            do throws(HTTPFault) {
                while let part = try parser.next() { reading.append(Part(part)) }
            } catch {
                reading.refusal = error.rule
                return reading
            }
        }
        return reading
    }

    /// One answer, after which the connection closes.
    static func answer(_ pieces: [ArraySlice<UInt8>], toHEAD: Bool) -> Reading {
        var reading = Reading()
        var parser = AnswerParser(headBytesMax: headBytesMax, fieldsMax: fieldsMax, interimMax: 10)
        parser.begin(answersHEAD: toHEAD)
        for piece in pieces {
            parser.feed(ByteBuffer(bytes: piece))
            do throws(AnswerFault) {
                while let part = try parser.next() { reading.append(Part(part)) }
            } catch {
                reading.refusal = error.rawValue
                return reading
            }
        }
        if parser.endsWithClose { reading.append(.end) }
        return reading
    }

    // MARK: NIOHTTP1's

    static func oracleRequests(_ bytes: [UInt8]) -> Reading {
        var reading = Reading()
        let channel = EmbeddedChannel()
        do {
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes)))
            defer { reading.takeRequests(from: channel) }
            try channel.writeInbound(ByteBuffer(bytes: bytes))
        } catch {
            reading.refusal = "\(error)"
        }
        return reading
    }

    static func oracleAnswer(_ bytes: [UInt8], toHEAD: Bool) -> Reading {
        var reading = Reading()
        let channel = EmbeddedChannel()
        do {
            try channel.pipeline.syncOperations.addHandler(ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)))
            try channel.writeOutbound(
                HTTPClientRequestPart.head(HTTPRequestHead(version: .http1_1, method: toHEAD ? .HEAD : .GET, uri: "/")))
            defer { reading.takeAnswer(from: channel) }
            try channel.writeInbound(ByteBuffer(bytes: bytes))
            _ = try channel.finish(acceptAlreadyClosed: true)
        } catch {
            reading.refusal = "\(error)"
        }
        return reading
    }

    private mutating func takeRequests(from channel: EmbeddedChannel) {
        do {
            while let part = try channel.readInbound(as: HTTPServerRequestPart.self) {
                switch part {
                case .head(let head):
                    // The oracle's name of this one method is not what stands on the wire.
                    let method = head.method == .MSEARCH ? "M-SEARCH" : head.method.rawValue
                    append(.head(Head(method: method, target: head.uri, fields: Self.fields(head.headers), isLast: false)))
                case .body(let bytes): append(.body(Array(bytes.readableBytesView)))
                case .end: append(.end)
                }
            }
        } catch {
            refusal = "\(error)"
        }
    }

    private mutating func takeAnswer(from channel: EmbeddedChannel) {
        do {
            while let part = try channel.readInbound(as: HTTPClientResponsePart.self) {
                switch part {
                case .head(let head): append(.head(Head(status: Int(head.status.code), fields: Self.fields(head.headers), isLast: true)))
                case .body(let bytes): append(.body(Array(bytes.readableBytesView)))
                case .end: append(.end)
                }
            }
        } catch {
            refusal = "\(error)"
        }
    }

    private static func fields(_ headers: HTTPHeaders) -> [Field] { headers.map { Field(name: $0.name, value: $0.value) } }
}

extension Reading.Part {
    fileprivate init(_ part: RequestParser.Part) {
        switch part {
        case .head(let head):
            let fields = head.fields.readings
            let mayUpgrade = fields.contains { $0.name.lowercased() == "upgrade" }
            self = .head(
                Reading.Head(
                    method: head.methodText, target: head.fields.text(head.target) ?? "", fields: fields,
                    isLast: head.closes || head.methodText == "CONNECT" || mayUpgrade, isReduced: head.isAbsoluteForm))
        case .body(let bytes): self = .body(Array(bytes.readableBytesView))
        case .end: self = .end
        }
    }

    fileprivate init(_ part: AnswerParser.Part) {
        switch part {
        case .head(let head): self = .head(Reading.Head(status: head.status, fields: head.fields.readings, isLast: true))
        case .body(let bytes): self = .body(Array(bytes.readableBytesView))
        case .end: self = .end
        }
    }
}

extension HTTPFields {
    fileprivate var readings: [Reading.Field] {
        lines.map {
            Reading.Field(name: String(decoding: array($0.name), as: UTF8.self), value: String(decoding: array($0.value), as: UTF8.self))
        }
    }
}
