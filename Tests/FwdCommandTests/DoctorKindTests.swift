import Foundation
import FwdCore
import FwdTestSupport
import Testing

/// `fwd doctor` about Unix sockets and transparent forwards.
@Suite(.serialized) struct DoctorKindTests {
    @Test func aSocketThatTheServerForbidsIsMendedByTheLine() async throws {
        try await CommandFixture.with(SSHDOptions(configuration: ["AllowStreamLocalForwarding no"])) { fixture in
            let path = "\(fixture.directory.path)/target.sock"
            let target = try await TargetServer.start(.echo, path: path)
            let forwards = "  db: -L \(fixture.directory.path)/db.sock:\(path)\n"
            try fixture.write("site", fixture.gateway(forwards: forwards))
            let step = try await fixture.doctor().expectFailure(.target, "db")
            #expect(step.finding.contains("\(path) cannot be reached from the gateway"))
            let lines = try #require(step.remedies.last?.lines)
            #expect(lines == ["AllowStreamLocalForwarding local"])
            try await fixture.server.restart(configuration: lines)
            try await fixture.expectHealthy()
            await target.stop()
        }
    }

    @Test func aFileInTheWayOfASocketIsFound() async throws {
        try await CommandFixture.with { fixture in
            let path = try fixture.directory.write("", to: "db.sock")
            try await TargetServer.with(.echo) { target in
                let forwards = "  db: -L \(path):127.0.0.1:\(target.port)\n"
                try fixture.write("site", fixture.gateway(forwards: forwards))
                let step = try await fixture.doctor().expectFailure(.listener, "db")
                #expect(step.finding == "cannot listen on \(path): it is there already, and no socket")
                #expect(step.remedies.first?.lines.first == "ls -ld \(path) $(dirname \(path))")
            }
        }
    }

    @Test(.enabled(if: NetworkNamespace.obstacle == nil, "needs root, ip and nft"))
    func aRedirectIsTriedAndLeavesNothing() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("site", fixture.gateway(forwards: "  net: {transparent: 192.0.2.0/24}\n"))
            try await fixture.expectHealthy()
            let rules = try await ProcessRun.output(of: "nft", ["list", "tables"])
            #expect(!rules.contains("_check"))
        }
    }

    @Test(.enabled(if: NetworkNamespace.obstacle == nil, "needs root, ip and nft"))
    func withoutTheCapabilityTheDropInIsShown() async throws {
        try await CommandFixture.with { fixture in
            try fixture.write("site", fixture.gateway(forwards: "  net: {transparent: 192.0.2.0/24}\n"))
            let wrapper = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"]
            let step = try await fixture.doctor(under: wrapper).expectFailure(.listener, "net")
            #expect(step.finding.contains("CAP_NET_ADMIN"))
            #expect(step.remedies.first?.lines.contains("AmbientCapabilities=CAP_NET_ADMIN") == true)
        }
    }
}
