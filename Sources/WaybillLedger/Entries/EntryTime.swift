package import WaybillCore

/// The form of `t` in entries: `2026-11-21T21:20:00.123Z`, always 24 bytes, so that text order is time order.
package enum EntryTime {
    static let byteCount = 24

    package static func text(_ time: Timestamp) -> [UInt8] {
        let milliseconds = time.milliseconds
        let day = time.day
        let rest = Int(milliseconds - Int64(day.number) * 86_400_000)
        let (year, month, date) = day.civil
        var bytes = [UInt8]()
        bytes.reserveCapacity(byteCount)
        bytes.append(padded: year, 4)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(padded: month, 2)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(padded: date, 2)
        bytes.append(UInt8(ascii: "T"))
        bytes.append(padded: rest / 3_600_000, 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(padded: rest / 60_000 % 60, 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(padded: rest / 1_000 % 60, 2)
        bytes.append(UInt8(ascii: "."))
        bytes.append(padded: rest % 1_000, 3)
        bytes.append(UInt8(ascii: "Z"))
        return bytes
    }

    /// Nil unless in exactly that form.
    package static func parse(_ bytes: some Collection<UInt8>) -> Timestamp? {
        guard bytes.count == byteCount, let time = Timestamp(rfc3339: String(decoding: bytes, as: UTF8.self)),
            text(time).elementsEqual(bytes)
        else { return nil }
        return time
    }
}

extension [UInt8] {
    fileprivate mutating func append(padded value: Int, _ width: Int) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(truncatingIfNeeded: value / divisor % 10) + 48)
            divisor /= 10
        }
    }
}
