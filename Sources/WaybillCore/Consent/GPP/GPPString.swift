/// The IAB's Global Privacy Platform string: a header that names the sections, and the sections, each after a `~`.
///
/// Source: InteractiveAdvertisingBureau/Global-Privacy-Platform, Core/ConsentStringSpecification.md. What cannot be read wholly, an unknown
/// section included, is unreadable, which denies wherever a US opt-out matters.
package struct GPPString: Sendable, Hashable {
    package struct Unreadable: Error, Sendable, Hashable {}

    package enum Section: Sendable, Hashable {
        case us(GPPSection)
        case usPrivacy(USPrivacyString)
        /// TCF: choices towards the framework's own vendors, for its own purposes. Nothing of it is taken as a consent here.
        case tcf
    }

    package static let bytesMax = 4_096
    private static let sectionsMax = 32

    /// By section id; empty: the header alone.
    package var sections: [Int: Section]

    package static func parse(_ text: some StringProtocol) throws(Unreadable) -> GPPString {
        guard (1...bytesMax).contains(text.utf8.count) else { throw Unreadable() }
        let parts = text.utf8.split(separator: UInt8(ascii: "~"), omittingEmptySubsequences: false)
        guard let header = parts.first else { throw Unreadable() }
        let ids = try ids(inHeader: Array(header))
        guard ids.count == parts.count - 1 else { throw Unreadable() }
        var sections: [Int: Section] = [:]
        for (id, part) in zip(ids, parts.dropFirst()) {
            guard sections.updateValue(try section(id, String(decoding: Array(part), as: UTF8.self)), forKey: id) == nil else {
                throw Unreadable()
            }
        }
        return GPPString(sections: sections)
    }

    /// Type 3, version 1, then the ids as a range of Fibonacci-coded steps.
    private static func ids(inHeader text: [UInt8]) throws(Unreadable) -> [Int] {
        var bits = try SixBits(text)
        guard try bits.integer(6) == 3, try bits.integer(6) == 1 else { throw Unreadable() }
        let count = try bits.integer(12)
        guard count <= sectionsMax else { throw Unreadable() }
        var ids: [Int] = []
        var last = 0
        for _ in 0..<count {
            let isRange = try bits.integer(1) == 1
            let first = last + (try bits.fibonacci())
            last = isRange ? first + (try bits.fibonacci()) : first
            guard last <= 64, ids.count + last - first < sectionsMax else { throw Unreadable() }
            ids += Array(first...last)
        }
        try bits.finish()
        return ids
    }

    private static func section(_ id: Int, _ text: String) throws(Unreadable) -> Section {
        switch id {
        case 2, 5:
            // The core segment begins with its version.
            let core = text.utf8.prefix { $0 != UInt8(ascii: ".") }
            var bits = try SixBits(Array(core))
            guard try bits.integer(6) == (id == 2 ? 2 : 1), text.utf8.allSatisfy({ $0 == UInt8(ascii: ".") || SixBits.value($0) != nil })
            else { throw Unreadable() }
            return .tcf
        case 6:
            do { return .usPrivacy(try USPrivacyString.parse(text)) } catch { throw Unreadable() }
        default:
            guard let layout = GPPLayout.of(section: id) else { throw Unreadable() }
            return .us(try GPPSection.parse(text, layout))
        }
    }
}

/// Reads the bits of a base64url text without padding, six a character.
struct SixBits {
    private let values: [UInt8]
    private var position = 0

    init(_ text: [UInt8]) throws(GPPString.Unreadable) {
        var values: [UInt8] = []
        for byte in text {
            guard let value = SixBits.value(byte) else { throw GPPString.Unreadable() }
            values.append(value)
        }
        guard !values.isEmpty else { throw GPPString.Unreadable() }
        self.values = values
    }

    static func value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }

    mutating func integer(_ count: Int) throws(GPPString.Unreadable) -> Int {
        var number = 0
        for _ in 0..<count { number = number << 1 | (try bit() ? 1 : 0) }
        return number
    }

    /// A sum of Fibonacci numbers, lowest first, ended by two ones.
    mutating func fibonacci() throws(GPPString.Unreadable) -> Int {
        var (small, large, sum) = (1, 2, 0)
        var wasOne = false
        while true {
            let isOne = try bit()
            if isOne, wasOne { return sum }
            guard large < 10_000 else { throw GPPString.Unreadable() }
            if isOne { sum += small }
            wasOne = isOne
            (small, large) = (large, small + large)
        }
    }

    /// What is left pads and says nothing: less than a group of four characters, all zero.
    mutating func finish() throws(GPPString.Unreadable) {
        guard values.count * 6 - position < 24 else { throw GPPString.Unreadable() }
        while position < values.count * 6 {
            guard try !bit() else { throw GPPString.Unreadable() }
        }
    }

    private mutating func bit() throws(GPPString.Unreadable) -> Bool {
        guard position < values.count * 6 else { throw GPPString.Unreadable() }
        defer { position += 1 }
        return values[position / 6] >> UInt8(5 - position % 6) & 1 == 1
    }
}
