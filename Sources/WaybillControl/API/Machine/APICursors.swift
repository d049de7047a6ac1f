import Crypto
import FoundationEssentials

/// Seals what a list calls its place, which may be an id that whoever asks must not see, and refuses what it did not make itself, for this
/// operation and these variables.
struct APICursors: Sendable {
    private let key: SymmetricKey

    /// With a key of its own, cursors end with the process.
    init(key: SymmetricKey = SymmetricKey(size: .bits256)) {
        self.key = HKDF<SHA256>.deriveKey(inputKeyMaterial: key, info: Array("waybill/v1/api/cursors".utf8), outputByteCount: 32)
    }

    func sealed(_ place: String, _ operation: APIOperation, _ values: [String: String]) throws -> String {
        let box = try AES.GCM.seal(Array(place.utf8), using: key, authenticating: list(operation, values))
        return base64url(Array(box.combined ?? Data()))
    }

    func opened(_ cursor: String, _ operation: APIOperation, _ values: [String: String]) throws(APIProblem) -> String {
        let foreign = APIProblem(
            .unprocessable, "the cursor is not one of this list; give next_cursor as it came, with the same filters, or begin without",
            parameter: "cursor")
        guard let bytes = Self.bytes(cursor) else { throw foreign }
        do {
            let place = try AES.GCM.open(try AES.GCM.SealedBox(combined: bytes), using: key, authenticating: list(operation, values))
            return String(decoding: place, as: UTF8.self)
        } catch {
            throw foreign
        }
    }

    /// What the cursor is good for.
    private func list(_ operation: APIOperation, _ values: [String: String]) -> [UInt8] {
        var message = "\(operation.id)\n"
        for (name, value) in values.sorted(by: { $0.key < $1.key }) where name != "cursor" && name != "limit" {
            message += "\(name)=\(APITarget.encoded(value))\n"
        }
        return Array(message.utf8)
    }

    private func base64url(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func bytes(_ text: String) -> [UInt8]? {
        let plain = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.utf8.count % 4) % 4)).map { Array($0) }
    }
}
