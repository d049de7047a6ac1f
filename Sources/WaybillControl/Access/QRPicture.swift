import CQREncode
import FoundationEssentials

/// A QR code as an SVG, for pages that may load nothing.
enum QRPicture {
    /// Light modules around it, without which readers do not find it.
    private static let quiet = 4
    private static let bytesMax = 1_000

    /// Nil: the text is too long, or there is no memory.
    static func svg(_ text: String) -> String? {
        guard text.utf8.count <= bytesMax, let code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1) else { return nil }
        defer { QRcode_free(code) }
        let width = Int(code.pointee.width)
        let modules = UnsafeBufferPointer(start: code.pointee.data, count: width * width)
        var path = ""
        for row in 0..<width {
            for column in 0..<width where modules[row * width + column] & 1 == 1 { path += "M\(column + quiet) \(row + quiet)h1v1h-1z" }
        }
        let side = width + 2 * quiet
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(side) \(side)\" shape-rendering=\"crispEdges\">"
            + "<path fill=\"#fff\" d=\"M0 0h\(side)v\(side)H0z\"/><path fill=\"#000\" d=\"\(path)\"/></svg>"
    }

    static func dataURL(_ text: String) -> String? {
        svg(text).map { "data:image/svg+xml;base64," + Data($0.utf8).base64EncodedString() }
    }
}
