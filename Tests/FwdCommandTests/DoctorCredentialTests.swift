import Foundation
import FwdTestSupport
import Testing

/// `credential:NAME`, which only the service is told of, in the walk of somebody beside it.
@Suite(.serialized) struct DoctorCredentialTests {
    @Test func theWalkUsesTheCredentialsOfTheSupervisor() async throws {
        try await CommandFixture.with { fixture in
            let folder = fixture.directory.file("credentials")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            try FileManager.default.copyItem(atPath: fixture.server.identityPath, toPath: "\(folder)/key")
            let text = fixture.gateway().replacing(
                "identity: \(fixture.server.identityPath)", with: "identity: credential:key")
            try fixture.write("site", text)
            let alone = try await fixture.fwd(["doctor", "site"])
            #expect(alone.exit == .exited(1))
            #expect(alone.output.contains("only while the service runs are its credentials known"))
            try await FwdProcess.running(
                ["run", "--health", "off"] + fixture.common, environment: ["CREDENTIALS_DIRECTORY": folder]
            ) { process in
                try await eventually("the supervisor is ready") {
                    process.standardError.contains("the control socket is ready")
                }
                let beside = try await fixture.fwd(["doctor", "site"])
                #expect(beside.exit == .exited(0), "\(beside.output)")
                let line = try await fixture.fwd(["doctor", "site", "--authorized-keys"])
                #expect(line.output.contains("ssh-ed25519 AAAA"), "\(line.output)\(line.errors)")
            }
        }
    }
}
