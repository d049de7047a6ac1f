import Foundation

/// Test vectors other projects publish, kept beside the package. Where they are missing, their tests are skipped aloud.
enum SharedVectors {
    static let folder: URL = {
        if let path = ProcessInfo.processInfo.environment["WAYBILL_SHARED"] { return URL(fileURLWithPath: path) }
        return URL(fileURLWithPath: #filePath).appending(path: "../../../../shared").standardized
    }()

    static let areThere: Bool = {
        let path = folder.appending(path: "reference/tlog-vectors.json").path
        let exists = FileManager.default.fileExists(atPath: path)
        if !exists {
            print("SKIPPED: tests of published vectors, because \(path) is missing; set WAYBILL_SHARED to the folder that holds reference/")
        }
        return exists
    }()

    static func load<Value: Decodable>(_ section: String, of file: String = "tlog-vectors.json", as type: Value.Type = Value.self) throws
        -> Value
    {
        let data = try Data(contentsOf: folder.appending(path: "reference/\(file)"))
        return try JSONDecoder().decode(Sections<Value>.self, from: data, configuration: section).value
    }

    /// Decodes one member of the file and leaves the others alone.
    private struct Sections<Value: Decodable>: DecodableWithConfiguration {
        var value: Value
        init(from decoder: any Decoder, configuration section: String) throws {
            value = try decoder.container(keyedBy: Key.self).decode(Value.self, forKey: Key(stringValue: section))
        }
    }

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }
}

extension [UInt8] {
    /// Nil unless an even number of hexadecimal digits.
    init?(hex text: String) {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }
}
