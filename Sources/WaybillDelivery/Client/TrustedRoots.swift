import FoundationEssentials

/// The root certificates a receiver's chain may end at: the system's, and those of files named for it.
struct TrustedRoots: Sendable {
    private static let bytesMax = 16 << 20
    /// Both together; nil: libcurl's own default.
    let pem: [UInt8]?

    /// `bundle`: the system's, which an explicit list would else replace.
    init(_ files: [String], beside bundle: String?) throws(DeliveryFailure) {
        guard !files.isEmpty else {
            pem = nil
            return
        }
        var pem: [UInt8] = []
        if let bundle, let system = FileManager.default.contents(atPath: bundle) { pem += system }
        for file in files {
            guard let bytes = FileManager.default.contents(atPath: file), !bytes.isEmpty, bytes.count <= Self.bytesMax else {
                throw DeliveryFailure("The root certificates in \(file) cannot be read; check the path and its permissions.")
            }
            pem.append(0x0a)
            pem += bytes
        }
        self.pem = pem
    }
}
