import Crypto
import Hummingbird
import WaybillLedger

/// The style sheet, the script and the picture of the tab, under names that change with their bytes, so that browsers may keep them.
struct ConsoleAssets: Sendable {
    struct Asset: Sendable {
        var path: String
        var mediaType: String
        var bytes: [UInt8]
    }
    let style: Asset
    let script: Asset
    let icon: Asset
    static let prefix = "/console/assets/"

    init() {
        style = Self.asset("console", "css", "text/css; charset=utf-8", PackageResources.console_css)
        script = Self.asset("console", "js", "text/javascript; charset=utf-8", PackageResources.console_js)
        icon = Self.asset("waybill", "svg", "image/svg+xml", PackageResources.waybill_svg)
    }

    private static func asset(_ name: String, _ ending: String, _ mediaType: String, _ bytes: [UInt8]) -> Asset {
        let digest = hex(Array(SHA256.hash(data: bytes))).prefix(16)
        return Asset(path: "\(prefix)\(name).\(digest).\(ending)", mediaType: mediaType, bytes: bytes)
    }

    func add(to router: Router<ControlContext>) {
        for asset in [style, script, icon] {
            router.get(RouterPath(asset.path)) { _, context in
                var response = Response(
                    status: .ok, headers: [.contentType: asset.mediaType],
                    body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
                ConsoleHeaders.add(to: &response, isTLS: context.isSecure, cacheControl: "public, max-age=31536000, immutable")
                return response
            }
        }
    }
}
