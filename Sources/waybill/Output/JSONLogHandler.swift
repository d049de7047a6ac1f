import Logging
import WaybillCore
import WaybillLedger

/// Writes each event as one line of JSON to standard error. Messages are static; what varies stands in the metadata.
struct JSONLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    var logLevel: Logger.Level
    private let label: String
    private let write: @Sendable (String) -> Void

    init(label: String, level: Logger.Level, write: @escaping @Sendable (String) -> Void = { StandardStreams.writeError($0) }) {
        self.label = label
        self.logLevel = level
        self.write = write
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var members: [(String, JSONText)] = [
            ("time", .text(SystemWallClock().now().rfc3339)), ("level", .text(event.level.rawValue)), ("logger", .text(label)),
            ("message", .text(event.message.description)),
        ]
        let reserved = Set(members.map(\.0))
        var all = metadata
        all.merge(metadataProvider?.get() ?? [:]) { _, new in new }
        all.merge(event.metadata ?? [:]) { _, new in new }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            members.append((reserved.contains(key) ? "meta_\(key)" : key, JSONLogHandler.json(value)))
        }
        write(JSONText.object(members).compact + "\n")
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSONText {
        switch value {
        case .string(let text): .text(text)
        case .stringConvertible(let value as any BinaryInteger): .number(Int64(clamping: value))
        case .stringConvertible(let value as Bool): .bool(value)
        case .stringConvertible(let value): .text(value.description)
        case .array(let items): .list(items.map(json))
        case .dictionary(let items): .object(items.sorted { $0.key < $1.key }.map { ($0.key, json($0.value)) })
        }
    }
}
