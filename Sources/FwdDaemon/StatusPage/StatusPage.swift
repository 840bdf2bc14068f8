import Crypto
import Foundation
import Hummingbird

/// The status page: one document with its style and script, and nothing from elsewhere.
///
/// Its Content-Security-Policy names the two blocks by their hashes (CSP Level 3 section 6.7.3.3), so that nothing that
/// a server or a file says can become code.
struct StatusPage: Sendable {
    static let standard = StatusPage(
        document: PackageResources.page_html, style: PackageResources.page_css, script: PackageResources.page_js)

    let html: String
    let policy: String

    init(document: [UInt8], style: [UInt8], script: [UInt8]) {
        let (style, script) = (String(decoding: style, as: UTF8.self), String(decoding: script, as: UTF8.self))
        html = String(decoding: document, as: UTF8.self)
            .replacing("<style></style>", with: "<style>\(style)</style>")
            .replacing("<script></script>", with: "<script>\(script)</script>")
        policy = [
            "default-src 'none'", "style-src \(Self.source(style))", "script-src \(Self.source(script))",
            "connect-src 'self'", "img-src data:", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
        ].joined(separator: "; ")
    }

    var response: Response {
        Response(
            status: .ok,
            headers: [
                .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
                .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff",
            ], body: ResponseBody(byteBuffer: ByteBuffer(string: html)))
    }

    private static func source(_ block: String) -> String {
        "'sha256-\(Data(SHA256.hash(data: Data(block.utf8))).base64EncodedString())'"
    }
}
