import FwdConfig
import FwdCore
import FwdTestSupport
import Testing

/// `display:` with a real X server here, a real sshd, and a real X client at the far side.
@Suite(
    "An X display for the far side", .serialized,
    .enabled(if: XServerFixture.isInstalled, "xvfb, xauth or x11-utils is not installed"))
struct DisplayTests {
    @Test("a client there sees this machine's display when it has the cookie, and not without")
    func showsWindows() async throws {
        try await withDisplay { server, number, _, fixture in
            let display = "localhost:\(number)"
            let authority = server.directory.file("user.Xauthority")
            let stranger = try await server.xdpyinfo(display: display, authority: authority)
            #expect(!stranger.exit.isSuccess && stranger.errors.contains("unable to open display"), "\(stranger)")
            _ = try await ProcessRun.output(of: "xauth", ["-q", "-f", authority, "add", display, ".", server.cookie])
            let user = try await server.xdpyinfo(display: display, authority: authority)
            #expect(user.exit.isSuccess, "\(user.errors)")
            #expect(user.output.contains("640x480 pixels"), "\(user.output)")
            let status = try await fixture.waitUntil("site/display", is: .up)
            #expect(status.spec == "-R \(6000 + number):/tmp/.X11-unix/X\(server.number)")
            #expect(status.relays.bytesFromTarget > 1000, "it went another way")
            let list = try await fixture.fwd("list")
            #expect(list.output.contains("site/display") && list.output.contains("/tmp/.X11-unix/X"), "\(list.output)")
        }
    }

    @Test("it is there again when sshd has been restarted, and doctor walks it")
    func heals() async throws {
        try await withDisplay { server, number, sshd, fixture in
            let authority = server.directory.file("user.Xauthority")
            let display = "localhost:\(number)"
            _ = try await ProcessRun.output(of: "xauth", ["-q", "-f", authority, "add", display, ".", server.cookie])
            await sshd.stop()
            try await fixture.waitUntil("site/display", is: .waiting)
            try await sshd.restart()
            try await fixture.waitUntil("site/display", is: .up)
            #expect(try await server.xdpyinfo(display: display, authority: authority).exit.isSuccess)
            let doctor = try await FwdProcess.run([
                "doctor", "site", "--dir", fixture.forwards, "--control", fixture.control,
            ])
            #expect(doctor.exit == .exited(0), "\(doctor.output)")
            #expect(doctor.output.contains("/tmp/.X11-unix/X\(server.number) answers here"), "\(doctor.output)")
        }
    }

    /// Runs `body` with an X server here, and its number at the far side.
    private func withDisplay(
        _ body: (XServerFixture, _ number: Int, SSHDFixture, SupervisorFixture) async throws -> Void
    ) async throws {
        try await XServerFixture.with { server in
            try await SSHDFixture.with { sshd in
                let number = Int(FreePorts.next()) - 6000
                let keys = ForwardsFile.text(of: sshd.gatewayConfiguration(name: "site"))
                let display = "  display: {local: \":\(server.number)\", number: \(number)}\n"
                try await SupervisorFixture.with([], files: ["site.yaml": keys + display]) { fixture in
                    try await fixture.waitUntil("site/display", is: .up)
                    try await body(server, number, sshd, fixture)
                }
            }
        }
    }
}
