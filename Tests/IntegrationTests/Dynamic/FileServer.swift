import FwdTestSupport

/// Python's web server, with one folder, on a port that the system chooses.
struct FileServer {
    let port: UInt16
    let directory: TemporaryDirectory

    static func with<Result>(
        isolation: isolated (any Actor)? = #isolation, _ body: (FileServer) async throws -> Result
    ) async throws -> Result {
        try await TemporaryDirectory.with { directory in
            let arguments = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", directory.path]
            return try await ProcessRun.running("python3", arguments) { server in
                let port = try await eventually("the web server says its port") { Self.port(in: server.standardOutput) }
                return try await body(FileServer(port: port, directory: directory))
            }
        }
    }

    /// "Serving HTTP on 127.0.0.1 port 40123 (http://127.0.0.1:40123/) ..."
    private static func port(in text: String) -> UInt16? {
        let words = text.split(separator: " ")
        return words.firstIndex(of: "port").flatMap { words.dropFirst($0 + 1).first }.flatMap { UInt16($0) }
    }
}
