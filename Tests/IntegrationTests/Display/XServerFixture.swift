import FwdTestSupport

/// A real X server without a screen, on a Unix socket alone, that wants its cookie.
struct XServerFixture {
    static var isInstalled: Bool {
        ["Xvfb", "xauth", "xdpyinfo"].allSatisfy { (try? ChildProcess.find($0)) != nil }
    }

    let number: Int
    let cookie: String
    let directory: TemporaryDirectory

    static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (XServerFixture) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            let cookie = (0..<16).map { _ in
                let byte = String(UInt8.random(in: 0...255), radix: 16)
                return byte.count == 1 ? "0\(byte)" : byte
            }.joined()
            let file = directory.file("server.Xauthority")
            // Whatever the display: the server takes each cookie of its file.
            _ = try await ProcessRun.output(of: "xauth", ["-q", "-f", file, "add", ":0", ".", cookie])
            let arguments = ["-displayfd", "1", "-screen", "0", "640x480x24", "-nolisten", "tcp", "-auth", file]
            return try await ProcessRun.running("Xvfb", arguments) { server in
                let number = try await eventually("the X server says its display") {
                    if let exit = server.exit { throw TestSupportError("Xvfb: \(exit) \(server.standardError)") }
                    return server.standardOutput.hasSuffix("\n") ? Int(server.standardOutput.dropLast()) : nil
                }
                return try await body(XServerFixture(number: number, cookie: cookie, directory: directory))
            }
        }
    }

    /// `xdpyinfo` as a user of the far side runs it.
    /// - Parameter authority: that user's own file of cookies.
    func xdpyinfo(display: String, authority: String) async throws -> ProcessResult {
        try await ProcessRun.run(
            "xdpyinfo", ["-display", display], environment: ["PATH": "/usr/bin:/bin", "XAUTHORITY": authority])
    }
}
