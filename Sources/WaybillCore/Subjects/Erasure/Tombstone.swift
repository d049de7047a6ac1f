package import Crypto

/// What stays of a person who was erased: keyed hashes of their identifiers, and of the salts under the numbers they had.
///
/// Nothing in it can be turned back without the master key, and with it only into "this identifier was erased then". It keeps a restored
/// backup from bringing the person back, and an old export of the CRM from starting them anew.
package struct Tombstone: Sendable, Equatable {
    package struct Part: Sendable, Equatable {
        package var number: UInt32
        /// `TombstoneKeys.part`: tells the person from somebody who has the number in another store.
        package var mark: Fingerprint
        package init(number: UInt32, mark: Fingerprint) {
            self.number = number
            self.mark = mark
        }
    }
    /// Of the erasure.
    package var id: Fingerprint
    package var erasedAt: Timestamp
    /// `TombstoneKeys.identifier`, sorted.
    package var identifiers: [Fingerprint]
    package var parts: [Part]

    package init(id: Fingerprint, erasedAt: Timestamp, identifiers: [Fingerprint], parts: [Part]) {
        self.id = id
        self.erasedAt = erasedAt
        self.identifiers = identifiers.sorted { ($0.high, $0.low) < ($1.high, $1.low) }
        self.parts = parts
    }
}

/// The hashes a tombstone is made of, under `Keyring.tombstones`.
package struct TombstoneKeys: Sendable {
    private let hash: Fingerprinter

    package init(key: SymmetricKey) { hash = Fingerprinter(key: key) }

    package func identifier(_ fingerprint: Fingerprint) -> Fingerprint {
        hash.fingerprint(of: Array("identifier\0".utf8) + fingerprint.bytes)
    }

    package func part(number: UInt32, salt: InlineArray<16, UInt8>) -> Fingerprint {
        hash.fingerprint(of: Array("part\0\(number)\0".utf8) + salt.indices.map { salt[$0] })
    }

    func line(_ text: String) -> Fingerprint { hash.fingerprint(of: Array("line\0\(text)".utf8)) }
}

/// What stands in the file of tombstones, one a line; nothing in it is ever changed.
///
/// `t ID NANOSECONDS IDENTIFIER,… NUMBER:MARK,… CHECK` for a person; `e ID INDEX CHECK` when the log's entry is durable.
package enum TombstoneLine: Sendable, Equatable {
    case tombstone(Tombstone)
    /// Where the erasure's entry stands in the log: a log without it was restored from before it.
    case entered(id: Fingerprint, index: UInt64)

    /// Without the line's end.
    package func text(keys: TombstoneKeys) -> String {
        let text =
            switch self {
            case .tombstone(let tombstone):
                "t \(tombstone.id.hex) \(tombstone.erasedAt.nanoseconds) "
                    + tombstone.identifiers.map(\.hex).joined(separator: ",") + " "
                    + tombstone.parts.map { "\($0.number):\($0.mark.hex)" }.joined(separator: ",")
            case .entered(let id, let index): "e \(id.hex) \(index)"
            }
        return "\(text) \(keys.line(text).hex)"
    }

    /// Nil: it was changed, or written under another master key.
    package init?(_ line: some StringProtocol, keys: TombstoneKeys) {
        guard let end = line.lastIndex(of: " "), let check = Fingerprint(hex: line[line.index(after: end)...]),
            check == keys.line(String(line[..<end]))
        else { return nil }
        let words = line[..<end].split(separator: " ", omittingEmptySubsequences: false)
        guard words.count >= 3, let id = Fingerprint(hex: words[1]) else { return nil }
        switch (words[0], words.count) {
        case ("t", 5):
            guard let nanoseconds = Int64(words[2]) else { return nil }
            var (identifiers, parts) = ([Fingerprint](), [Tombstone.Part]())
            for word in words[3].split(separator: ",") {
                guard let identifier = Fingerprint(hex: word) else { return nil }
                identifiers.append(identifier)
            }
            for word in words[4].split(separator: ",") {
                let halves = word.split(separator: ":")
                guard halves.count == 2, let number = UInt32(halves[0]), let mark = Fingerprint(hex: halves[1]) else { return nil }
                parts.append(Tombstone.Part(number: number, mark: mark))
            }
            self = .tombstone(
                Tombstone(id: id, erasedAt: Timestamp(nanoseconds: nanoseconds), identifiers: identifiers, parts: parts))
        case ("e", 3):
            guard let index = UInt64(words[2]) else { return nil }
            self = .entered(id: id, index: index)
        default: return nil
        }
    }
}

extension Fingerprint {
    /// 32 lower-case hexadecimal digits.
    package var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    package init?(hex: some StringProtocol) {
        guard hex.utf8.count == 32, hex.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }),
            let high = UInt64(hex.prefix(16), radix: 16), let low = UInt64(hex.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }
}
