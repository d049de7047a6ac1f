import NIOCore
import WaybillCore

/// RFC 9457 `application/problem+json`. Everything in it is fixed text, codes and numbers: never a value from the input.
enum ProblemDocument {
    /// Records beyond this are only counted in `detail` and `Waybill-Records`.
    static let recordsMax = 1_000

    static func encode(_ refusal: Refusal, xid: TransferID, allocator: ByteBufferAllocator) -> ByteBuffer {
        var out = allocator.buffer(capacity: 384 + 64 * min(refusal.records.count, recordsMax))
        out.writeStaticString("{\"type\":\"urn:waybill:problem:")
        out.writeEscaped(refusal.code)
        out.writeStaticString("\",\"title\":\"")
        out.writeEscaped(refusal.title)
        out.writeStaticString("\",\"status\":")
        out.writeString(String(refusal.status))
        if !refusal.detail.isEmpty {
            out.writeStaticString(",\"detail\":\"")
            out.writeEscaped(refusal.detail)
            out.writeStaticString("\"")
        }
        out.writeStaticString(",\"code\":\"")
        out.writeEscaped(refusal.code)
        out.writeStaticString("\",\"transfer\":\"")
        HeadWriter.append(to: &out, room: 36) { $0.put(xid) }
        out.writeStaticString("\"")
        if !refusal.records.isEmpty { out.writeRecords(refusal.records.prefix(recordsMax)) }
        out.writeStaticString("}")
        return out
    }
}

extension ByteBuffer {
    fileprivate mutating func writeRecords(_ records: ArraySlice<RecordVerdict>) {
        writeStaticString(",\"records\":[")
        for record in records {
            if record.index != records.first?.index { writeStaticString(",") }
            writeStaticString("{\"index\":")
            writeString(String(record.index))
            writeStaticString(",\"decision\":\"")
            writeString(record.decision.rawValue)
            writeStaticString("\",\"codes\":[")
            for (position, code) in record.codes.enumerated() {
                writeString(position == 0 ? "\"" : ",\"")
                writeString(code.rawValue)
                writeStaticString("\"")
            }
            writeStaticString("]}")
        }
        writeStaticString("]")
    }

    /// The inside of a JSON string (RFC 8259 §7).
    mutating func writeEscaped(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                writeInteger(UInt8(ascii: "\\"))
                writeInteger(byte)
            case 0..<0x20:
                writeStaticString("\\u00")
                writeInteger(HeadWriter.hexDigit(byte >> 4))
                writeInteger(HeadWriter.hexDigit(byte & 15))
            default: writeInteger(byte)
            }
        }
    }
}
