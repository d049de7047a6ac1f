import Crypto
import FoundationEssentials

/// Makes what a list calls its place opaque, and refuses what it did not make itself, for this operation and these variables.
struct APICursors: Sendable {
    static let tagBytes = 16
    private let key: SymmetricKey

    /// With a key of its own, cursors end with the process.
    init(key: SymmetricKey = SymmetricKey(size: .bits256)) { self.key = key }

    func sealed(_ place: String, _ operation: APIOperation, _ values: [String: String]) -> String {
        base64url(Array(tag(place, operation, values)) + Array(place.utf8))
    }

    func opened(_ cursor: String, _ operation: APIOperation, _ values: [String: String]) throws(APIProblem) -> String {
        let foreign = APIProblem(
            .unprocessable, "the cursor is not one of this list; give next_cursor as it came, with the same filters, or begin without",
            parameter: "cursor")
        guard let bytes = Self.bytes(cursor), bytes.count > Self.tagBytes else { throw foreign }
        let place = String(decoding: bytes.dropFirst(Self.tagBytes), as: UTF8.self)
        // Both sides are hashed again, so that the time the comparison takes tells nothing.
        let right = SHA256.hash(data: Array(tag(place, operation, values)))
        guard SHA256.hash(data: Array(bytes.prefix(Self.tagBytes))) == right else { throw foreign }
        return place
    }

    private func tag(_ place: String, _ operation: APIOperation, _ values: [String: String]) -> ArraySlice<UInt8> {
        var message = "\(operation.id)\n"
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where name != "cursor" && name != "limit" {
            message += "\(name)=\(APITarget.encoded(value))\n"
        }
        return Array(HMAC<SHA256>.authenticationCode(for: Array((message + "\n" + place).utf8), using: key)).prefix(Self.tagBytes)
    }

    private func base64url(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)).map { Array($0) }
    }
}
