import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// What people use a proxy with, through `fwd run` and a real sshd.
@Suite("Clients of a dynamic forward", .serialized)
struct ProxyClientTests {
    private static let page = "<!doctype html><title>far</title><p id=it>from the far side</p>"

    @Test(
        "curl fetches and sends whole files in every way that it knows",
        arguments: [
            ["--socks5", "PROXY"], ["--socks5-hostname", "PROXY"], ["--socks4", "PROXY"], ["--socks4a", "PROXY"],
            ["--proxytunnel", "-x", "http://PROXY"],
        ])
    func curl(options: [String]) async throws {
        try await withProxy { proxy, server, fixture in
            let content = String(repeating: "all of it, and in order\n", count: 200_000)
            let file = try server.directory.write(content, to: "file")
            let arguments = options.map { $0.replacing("PROXY", with: proxy) }
            let url = "http://localhost:\(server.port)/file"
            let fetched = server.directory.file("fetched")
            let result = try await ProcessRun.run(
                "curl", ["-sS", "-4", "--noproxy", "", "-o", fetched, "--fail"] + arguments + [url])
            #expect(result.exit == .exited(0), "\(result.errors)")
            #expect(try await Self.hash(fetched) == (try await Self.hash(file)))
            let status = try await fixture.waitUntil("site/d", is: .up)
            #expect(status.relays.bytesFromTarget > UInt64(content.utf8.count), "it went another way")
        }
    }

    private static func hash(_ path: String) async throws -> String {
        String(try await ProcessRun.output(of: "sha256sum", [path]).prefix(64))
    }

    @Test("curl is told why: a closed port, and what is not permitted")
    func curlIsTold() async throws {
        let closed = FreePorts.next()
        let permit = [PermittedDestination(host: .name("localhost"), ports: closed...closed)]
        try await withProxy(permit: permit) { proxy, server, fixture in
            let tunnel = ["-sS", "--noproxy", "", "--proxytunnel", "-x", "http://\(proxy)"]
            let refused = try await ProcessRun.run("curl", tunnel + ["http://localhost:\(closed)/"])
            #expect(refused.errors.contains("502"), "\(refused)")
            let forbidden = try await ProcessRun.run("curl", tunnel + ["http://localhost:\(server.port)/"])
            #expect(forbidden.errors.contains("403"), "\(forbidden)")
            let socks = ["-sS", "--noproxy", "", "--socks5-hostname", proxy, "http://localhost:\(server.port)/"]
            let other = try await ProcessRun.run("curl", socks)
            #expect(other.errors.contains("(2)"), "\(other)")
            let (_, metrics) = try await fixture.health("/metrics")
            #expect(metrics.contains("kind=\"dynamic\""))
            #expect(metrics.contains("result=\"notAllowed\"} 2"), "\(metrics)")
            let list = try await fixture.fwd("list")
            #expect(list.output.contains("what clients ask for"), "\(list.output)")
        }
    }

    @Test("git clones through it, and the clone is whole")
    func git() async throws {
        try await withProxy { proxy, server, _ in
            let (work, bare) = (server.directory.file("work"), server.directory.file("repo.git"))
            let clone = server.directory.file("clone")
            try await Self.git(["init", "-q", "-b", "main", work])
            for text in ["one", "two"] {
                try server.directory.write(text + Self.page, to: "work/page")
                try await Self.git(["-C", work, "add", "page"])
                try await Self.git(["-C", work, "commit", "-q", "-m", text])
            }
            try await Self.git(["clone", "-q", "--bare", work, bare])
            try await Self.git(["-C", bare, "update-server-info"])
            try await Self.git([
                "-c", "http.proxy=socks5h://\(proxy)", "clone", "-q", "http://localhost:\(server.port)/repo.git", clone,
            ])
            let head = try await Self.git(["-C", clone, "rev-parse", "HEAD"])
            #expect(head == (try await Self.git(["-C", work, "rev-parse", "HEAD"])))
            try await Self.git(["-C", clone, "fsck"])
        }
    }

    @discardableResult
    private static func git(_ arguments: [String]) async throws -> String {
        let identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        let environment = ProcessInfo.processInfo.environment.merging(
            ["GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null", "NO_PROXY": "", "no_proxy": ""]
        ) { $1 }
        let result = try await ProcessRun.run("git", identity + arguments, environment: environment)
        #expect(result.exit == .exited(0), "\(arguments): \(result.errors)")
        return result.output
    }

    @Test(
        "Chromium shows a page through it", .enabled(if: BrowserFixture.isInstalled, "chromium is not installed"),
        arguments: ["socks5", "socks4"])
    func chromium(scheme: String) async throws {
        try await withProxy { proxy, server, fixture in
            try server.directory.write(Self.page, to: "page.html")
            // Without the last one Chromium goes to this machine directly.
            let arguments = ["--proxy-server=\(scheme)://\(proxy)", "--proxy-bypass-list=<-loopback>"]
            try await BrowserFixture.with(arguments: arguments) { browser in
                try await browser.open("http://127.0.0.1:\(server.port)/page.html")
                #expect(try await browser.text("#it") == "from the far side")
            }
            let status = try await fixture.waitUntil("site/d", is: .up)
            #expect(status.relays.bytesFromTarget > UInt64(Self.page.utf8.count), "it went another way")
        }
    }

    /// Runs `body` beside a supervisor with one dynamic forward, named "d", and a web server to ask for.
    private func withProxy(
        permit: [PermittedDestination]? = nil,
        _ body: (_ proxy: String, FileServer, SupervisorFixture) async throws -> Void
    ) async throws {
        try await SSHDFixture.with { sshd in
            try await FileServer.with { server in
                let port = FreePorts.next()
                let listen = ForwardSpec.Listen.port(.init(address: .loopback, port: port))
                let forward = ForwardConfiguration(
                    name: "d", spec: ForwardSpec(kind: .dynamic, listen: listen, target: .asked),
                    limits: ForwardLimits(permit: permit))
                let gateway = sshd.gatewayConfiguration(name: "site", forwards: [forward])
                try await SupervisorFixture.with([gateway]) { fixture in
                    try await fixture.waitUntil("site/d", is: .up)
                    try await body("127.0.0.1:\(port)", server, fixture)
                }
            }
        }
    }
}
