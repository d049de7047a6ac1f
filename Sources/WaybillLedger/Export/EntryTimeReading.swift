import WaybillCore

extension EntryReading {
    /// `t`, since 1970; nil unless it is in the form of `EntryTime`.
    var milliseconds: Int64? { text("t").flatMap { EntryTime.milliseconds($0) } }
}

extension EntryTime {
    /// As `parse`, without making a text of it first.
    static func milliseconds(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard text.count == byteCount, text[4] == 0x2d, text[7] == 0x2d, text[10] == 0x54, text[13] == 0x3a, text[16] == 0x3a,
            text[19] == 0x2e, text[23] == 0x5a, let year = number(text, 0..<4), let month = number(text, 5..<7),
            let date = number(text, 8..<10), let hour = number(text, 11..<13), let minute = number(text, 14..<16),
            let second = number(text, 17..<19), let rest = number(text, 20..<23), hour < 24, minute < 60, second < 60,
            let day = Day(year: year, month: month, day: date)
        else { return nil }
        return Int64(day.number) * 86_400_000 + Int64((hour * 60 + minute) * 60 + second) * 1_000 + Int64(rest)
    }

    private static func number(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
        var value = 0
        for i in range {
            guard text[i] &- 48 < 10 else { return nil }
            value = value * 10 + Int(text[i] - 48)
        }
        return value
    }
}
