import AsyncHTTPClient
import Foundation
import FwdTestSupport
import NIOCore
import NIOHTTP1

/// A headless Chromium, driven by chromedriver (W3C WebDriver, and Chromium's own commands beside it).
struct BrowserFixture {
    static var isInstalled: Bool {
        ["chromium", "chromedriver"].allSatisfy { (try? ChildProcess.find($0)) != nil }
    }

    private let session: String

    /// - Parameter arguments: further ones of Chromium.
    static func with(
        arguments: [String] = [], isolation: isolated (any Actor)? = #isolation,
        _ body: (BrowserFixture) async throws -> Void
    ) async throws {
        let port = FreePorts.next()
        try await TemporaryDirectory.with { directory in
            try await ProcessRun.running("chromedriver", ["--port=\(port)"]) { driver in
                let base = "http://127.0.0.1:\(port)"
                try await eventually("chromedriver answers") {
                    if let exit = driver.exit {
                        throw TestSupportError("chromedriver: \(exit) \(driver.standardError)")
                    }
                    return (try? await call(base + "/status", nil)) != nil
                }
                let answer = try await call(
                    base + "/session", capabilities(profile: directory.file("profile"), arguments))
                guard let value = answer as? [String: Any], let id = value["sessionId"] as? String else {
                    throw TestSupportError("no session: \(answer)")
                }
                let browser = BrowserFixture(session: "\(base)/session/\(id)")
                do {
                    try await body(browser)
                } catch {
                    try? await browser.quit()
                    throw error
                }
                try await browser.quit()
            }
        }
    }

    private static func capabilities(profile: String, _ further: [String]) throws -> [String: Any] {
        let arguments =
            [
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync", "--lang=en",
                "--user-data-dir=\(profile)", "--window-size=1200,900",
            ] + further
        let options: [String: Any] = ["binary": try ChildProcess.find("chromium"), "args": arguments]
        return [
            "capabilities": [
                "alwaysMatch": [
                    "browserName": "chrome", "goog:chromeOptions": options,
                    "goog:loggingPrefs": ["browser": "ALL"],
                ]
            ]
        ]
    }

    func open(_ url: String) async throws {
        _ = try await Self.call(session + "/url", ["url": url])
    }

    /// What the script's `return` gives.
    func run(_ script: String) async throws -> Any {
        try await Self.call(session + "/execute/sync", ["script": script, "args": [Any]()])
    }

    func text(_ selector: String) async throws -> String {
        try await run("return document.querySelector('\(selector)')?.textContent ?? ''") as? String ?? ""
    }

    /// What the console has said of our pages since the last time, errors and refused sources among it.
    func log() async throws -> [String] {
        let entries = try await Self.call(session + "/se/log", ["type": "browser"]) as? [[String: Any]] ?? []
        return entries.map { "\($0["level"] ?? "") \($0["message"] ?? "")" }.filter { !$0.contains("chrome://") }
    }

    /// Width and height in CSS pixels.
    func resize(_ width: Int, _ height: Int) async throws {
        try await command(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
    }

    func prefer(colorScheme scheme: String) async throws {
        try await command(
            "Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": scheme]]])
    }

    func press(_ key: String) async throws {
        for type in ["keyDown", "keyUp"] {
            try await command(
                "Input.dispatchKeyEvent", ["type": type, "key": key, "code": key, "windowsVirtualKeyCode": 9])
        }
    }

    /// PNG.
    func screenshot() async throws -> Data {
        let text = try await Self.call(session + "/screenshot", nil) as? String
        guard let data = text.flatMap({ Data(base64Encoded: $0) }) else { throw TestSupportError("no picture") }
        return data
    }

    private func command(_ name: String, _ parameters: [String: Any]) async throws {
        _ = try await Self.call(session + "/goog/cdp/execute", ["cmd": name, "params": parameters])
    }

    private func quit() async throws {
        _ = try await Self.call(session, nil, method: .DELETE)
    }

    /// - Returns: the answer's `value`.
    private static func call(_ url: String, _ body: [String: Any]?, method: HTTPMethod? = nil) async throws -> Any {
        var request = HTTPClientRequest(url: url)
        request.method = method ?? (body == nil ? .GET : .POST)
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(bytes: try JSONSerialization.data(withJSONObject: body)))
        }
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
        let data = try await response.body.collect(upTo: 16 << 20)
        let object = try JSONSerialization.jsonObject(with: Data(data.readableBytesView)) as? [String: Any]
        guard response.status == .ok, let value = object?["value"] else {
            throw TestSupportError("\(url): \(response.status) \(String(buffer: data).prefix(500))")
        }
        return value
    }
}
