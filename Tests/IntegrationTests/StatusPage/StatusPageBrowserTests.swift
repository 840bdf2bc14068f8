import AsyncHTTPClient
import Foundation
import FwdConfig
import FwdCore
import FwdTestSupport
import NIOCore
import Testing

/// The status page in a real browser, on a real supervisor and a real sshd.
@Suite(
    .serialized, .enabled(if: BrowserFixture.isInstalled, "chromium and chromium-driver are not installed"))
struct StatusPageBrowserTests {
    @Test func aForwardGoesAndComesBackWithoutAReload() async throws {
        try await withPage { sshd, _, browser in
            try await eventually("both are up") {
                try await browser.text("#summary") == "2 of 2 forwards up"
            }
            #expect(try await browser.text("#gateways h2").hasPrefix("amsterdam"))
            _ = try await browser.run("window.marker = 'the same page'")
            await sshd.stop()
            try await eventually("both are seen to wait") {
                try await browser.text("#summary") == "0 of 2 forwards up; not up: amsterdam"
            }
            #expect(try await browser.text("tbody .state") == "waiting")
            // Not while it tries again.
            try await eventually("the gateway says why") { try await browser.text("section > .cause") != "" }
            try await sshd.restart()
            try await eventually("both are up again") {
                try await browser.text("#summary") == "2 of 2 forwards up"
            }
            #expect(try await browser.run("return window.marker") as? String == "the same page")
            try await eventually("the history has it") { try await browser.text("ol").contains("backingOff") }
            let log = try await browser.log()
            #expect(log == [])
        }
    }

    @Test func aSupervisorThatIsGoneIsSaidToBeGone() async throws {
        try await withPage { _, fixture, browser in
            try await eventually("both are up") {
                try await browser.text("#summary") == "2 of 2 forwards up"
            }
            fixture.process.send(SIGTERM)
            // An open page does not delay the end.
            #expect(try await fixture.process.waitForExit(within: .seconds(5)) == .exited(0))
            try await eventually("that is said") {
                try await browser.text("#link").hasPrefix("Connection to fwd lost")
            }
            #expect(try await browser.run("return document.body.classList.contains('stale')") as? Bool == true)
        }
    }

    @Test func whatFilesAndServersSayStaysText() async throws {
        let hostile = "gateway: {host: h}\nforwards: {}\n\"<b id=x>x</b>\": 1\n"
        try await withPage(files: ["bad.yaml": hostile]) { _, _, browser in
            try await eventually("the error is shown") {
                try await browser.text("#problems").contains("<b id=x>")
            }
            #expect(try await browser.run("return document.querySelectorAll('#problems b').length") as? Int == 0)
            // The policy is in force: what is not one of the two blocks does not run.
            _ = try await browser.run(
                "const script = document.createElement('script'); script.textContent = 'window.ran = 1'; document.body.append(script)"
            )
            #expect(try await browser.run("return window.ran === undefined") as? Bool == true)
            #expect(try await browser.log().contains { $0.contains("Content Security Policy") })
        }
    }

    @Test(arguments: ["light", "dark"])
    func everyTextHasContrast(_ scheme: String) async throws {
        try await withPage(files: ["bad.yaml": "nonsense: 1\n"]) { sshd, _, browser in
            try await browser.prefer(colorScheme: scheme)
            try await eventually("something is shown") {
                try await browser.text("#gateways h2") != ""
            }
            await sshd.stop()
            try await eventually("a cause is shown") {
                try await browser.text("section > .cause") != ""
            }
            let back = try await browser.run("return getComputedStyle(document.body).backgroundColor") as? String
            #expect(back == (scheme == "dark" ? "rgb(13, 17, 23)" : "rgb(255, 255, 255)"))
            let pale = try await browser.run(PageScripts.paleTexts) as? [String]
            #expect(pale == [], "below 4.5:1")
        }
    }

    @Test func aPhoneNeedsNoSidewaysScrolling() async throws {
        try await withPage { _, _, browser in
            try await browser.resize(360, 740)
            try await eventually("both are up") {
                try await browser.text("#summary") == "2 of 2 forwards up"
            }
            let widths =
                try await browser.run(
                    "const root = document.documentElement; return [innerWidth, root.clientWidth, root.scrollWidth]")
                as? [Int]
            #expect(widths?[0] == 360)
            #expect(widths?[1] == widths?[2], "wider than the window: \(widths ?? [])")
        }
    }

    @Test func itCanBeUsedByKeyboardAndReadAloud() async throws {
        try await withPage { _, _, browser in
            try await eventually("both are up") {
                try await browser.text("#summary") == "2 of 2 forwards up"
            }
            var reached: [String] = []
            for _ in 0..<4 {
                try await browser.press("Tab")
                reached.append(
                    try await browser.run("return document.activeElement.id || document.activeElement.tagName")
                        as? String ?? "")
            }
            #expect(reached == ["A", "find", "troubled", "SUMMARY"])
            #expect(try await browser.run(PageScripts.unnamed) as? [String] == [])
            let roles =
                try await browser.run(
                    "return [...document.querySelectorAll('[role]')].map((e) => e.getAttribute('role'))") as? [String]
            #expect(Set(["status", "search", "table", "row", "cell", "columnheader", "img"]).isSubset(of: roles ?? []))
        }
    }

    @Test func theFilterLeavesWhatItNames() async throws {
        try await withPage { _, _, browser in
            try await eventually("both are up") {
                try await browser.text("#summary") == "2 of 2 forwards up"
            }
            _ = try await browser.run(
                "const find = document.getElementById('find'); find.value = 'wiki'; find.dispatchEvent(new Event('input'))"
            )
            #expect(
                try await browser.run(
                    "return [...document.querySelectorAll('tbody tr:not([hidden]) th')].map((e) => e.textContent)")
                    as? [String] == ["wiki"])
        }
    }

    /// Writes the pictures of contrib/doc into `$FWD_SCREENSHOTS`.
    @Test(
        .enabled(
            if: ProcessInfo.processInfo.environment["FWD_SCREENSHOTS"] != nil,
            "FWD_SCREENSHOTS names no folder for the pictures"))
    func thePicturesOfTheManual() async throws {
        let folder = try #require(ProcessInfo.processInfo.environment["FWD_SCREENSHOTS"])
        let dead = """
            gateway: {host: 127.0.0.1, port: 1, user: tunnel, ssh-config: none, known-hosts: none, agent: none, \
            host-key: ssh-ed25519 SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU, identity: /none}
            forwards: {mail: -L \(FreePorts.next()):mail.internal:25}
            """
        try await withPage(files: ["hamburg.yaml": dead + "\n"]) { _, fixture, browser in
            try await eventually("two are up") {
                try await browser.text("#summary").hasPrefix("2 of 3 forwards up")
            }
            let port = try #require(try await fixture.snapshot().gateways[0].forwards[0].boundPort)
            for round in 1...20 {
                try await StreamClient.with(port: port) { client in
                    try await client.send(String(repeating: "x", count: round * 4_000))
                    _ = await client.receive(count: round * 4_000)
                }
                let bytes = round * (round + 1) / 2 * 4_000
                try await eventually("the page has seen it") {
                    try await browser.run("return shown.gateways[0].forwards[0].relays.bytesToTarget") as? Int ?? 0
                        >= bytes
                }
            }
            for (name, scheme, width, height) in [
                ("light", "light", 1_100, 620), ("dark", "dark", 1_100, 620), ("phone", "light", 360, 900),
            ] {
                try await browser.prefer(colorScheme: scheme)
                try await browser.resize(width, height)
                try await browser.screenshot().write(to: URL(filePath: "\(folder)/status-page-\(name).png"))
            }
        }
    }

    private func withPage(
        files: [String: String] = [:],
        _ body: (SSHDFixture, SupervisorFixture, BrowserFixture) async throws -> Void
    ) async throws {
        try await SSHDFixture.with { sshd in
            try await TargetServer.with(.echo) { target in
                let gateway = sshd.gatewayConfiguration(
                    name: "amsterdam",
                    forwards: [
                        try ForwardConfiguration("db", "-L \(FreePorts.next()):127.0.0.1:\(target.port)"),
                        try ForwardConfiguration("wiki", "-R 0:127.0.0.1:\(target.port)"),
                    ])
                try await SupervisorFixture.with([gateway], files: files) { fixture in
                    try await BrowserFixture.with { browser in
                        try await browser.open("http://127.0.0.1:\(fixture.healthPort)/")
                        try await body(sshd, fixture, browser)
                    }
                }
            }
        }
    }
}
