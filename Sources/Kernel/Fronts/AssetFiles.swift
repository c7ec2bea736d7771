import Foundation

/// The browser's files: read once from the home's `assets` folder and kept, named by their content so that browsers may
/// keep them for good.
final class AssetFiles: Sendable {
    private struct File: Sendable {
        let bytes: [UInt8]
        let type: String
        let tag: String
    }
    private let files: [String: File]

    /// Reads a folder; without one there are no files.
    init(folder: String?) {
        var files: [String: File] = [:]
        for name in folder.flatMap({ try? FileManager.default.contentsOfDirectory(atPath: $0) }) ?? [] {
            guard let type = AssetFiles.type(of: name), let data = FileManager.default.contents(atPath: (folder ?? "") + "/" + name) else { continue }
            let bytes = [UInt8](data)
            files[name] = File(bytes: bytes, type: type, tag: AssetFiles.tag(bytes))
        }
        self.files = files
    }

    /// The address of a file with a mark of its content, for pages.
    func path(_ name: String) -> String { "/assets/" + name + (files[name].map { "?v=" + $0.tag } ?? "") }

    func respond(_ request: FrontRequest) -> FrontResponse {
        guard request.method == "GET" || request.method == "HEAD", request.path.count == 2, let file = files[request.path[1]] else {
            return Problems.response(APIFront.unknown(request))
        }
        let tag = "\"" + file.tag + "\""
        let keep = request.parameter("v") == file.tag ? "public, max-age=31536000, immutable" : "no-cache"
        if request.headers["if-none-match"] == tag {
            return FrontResponse(304, headers: [("etag", tag), ("cache-control", keep)], body: .bytes([]))
        }
        return FrontResponse(200, contentType: file.type, file.bytes, headers: [("etag", tag), ("cache-control", keep)])
    }

    private static func type(of name: String) -> String? {
        switch name.split(separator: ".").last {
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "woff2": "font/woff2"
        case "ico": "image/x-icon"
        case "webmanifest": "application/manifest+json"
        default: nil
        }
    }

    /// FNV-1a over 64 bits: a mark that changes with the content, not a secret.
    private static func tag(_ bytes: [UInt8]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
