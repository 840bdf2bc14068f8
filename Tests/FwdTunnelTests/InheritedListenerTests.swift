import FwdCore
import FwdTestSupport
import FwdTunnel
import Glibc
import Synchronization
import Testing

@Suite("Listening sockets that outlive a gateway", .serialized)
struct InheritedListenerTests {
    @Test("a client that connects between two gateways is served by the second; the port never refuses")
    func handsOver() async throws {
        try await withStore { sshd, forward, store in
            let port = forward.spec.listenPort
            let configuration = sshd.gatewayConfiguration(forwards: [forward])
            try await GatewayFixture.with(configuration, listeners: store) { fixture in
                try await fixture.waitUntil("f", is: .up)
                try await fixture.waitUntil(.up)
                await (try greeted(port)).close()
            }
            let between = try await StreamClient.connect(port: port)
            try await between.send("hello")
            try await GatewayFixture.with(configuration, listeners: store) { fixture in
                #expect(await between.receive(count: 5) == "hello")
                #expect(try await fixture.waitUntil("f", is: .up).boundPort == port)
                await (try greeted(port)).close()
            }
            #expect(store.handedOver == 1 + (FreePorts.hasIPv6 ? 1 : 0))
            await between.close()
        }
    }

    @Test("a forward that is removed is forgotten, and its port refuses", arguments: [true, false])
    func forgetsRemoved(byUpdate: Bool) async throws {
        try await withStore { sshd, forward, store in
            let port = forward.spec.listenPort
            var configuration = sshd.gatewayConfiguration(forwards: [forward])
            try await GatewayFixture.with(configuration, listeners: store) { fixture in
                try await fixture.waitUntil("f", is: .up)
                if byUpdate {
                    configuration.forwards = []
                    await fixture.gateway.update(configuration)
                } else {
                    await fixture.gateway.leave(drain: .zero)
                }
                try await eventually("the port is free") { FreePorts.isFree(port) }
            }
            #expect(store.isEmpty)
        }
    }

    @Test("a socket for another address is closed, and the forward listens where it should")
    func closesStrangers() async throws {
        try await withStore { sshd, forward, store in
            let other = FreePorts.next()
            store.put(try listening(on: other), for: ForwardID(gateway: sshd.gatewayConfiguration().name, forward: "f"))
            try await GatewayFixture.with(sshd.gatewayConfiguration(forwards: [forward]), listeners: store) { fixture in
                #expect(try await fixture.waitUntil("f", is: .up).boundPort == forward.spec.listenPort)
                try await fixture.waitUntil(.up)
                await (try greeted(forward.spec.listenPort)).close()
                #expect(FreePorts.isFree(other))
            }
        }
    }
}

private func withStore(
    _ body: (SSHDFixture, ForwardConfiguration, MemoryStore) async throws -> Void
) async throws {
    let store = MemoryStore()
    defer { store.closeAll() }
    try await SSHDFixture.with { sshd in
        try await TargetServer.with(.echo) { target in
            var forward = forward(.local, "f", to: target)
            // Longer than a busy machine needs.
            forward.hold = .seconds(60)
            try await body(sshd, forward, store)
        }
    }
}

private func listening(on port: UInt16) throws -> CInt {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    try #require(result == 0 && listen(descriptor, 16) == 0)
    return descriptor
}

/// Does within one process what the service manager does between two.
private final class MemoryStore: ListenerStore {
    private struct State {
        var sockets: [ForwardID: [CInt]] = [:]
        var handedOver = 0
    }

    private let state = Mutex(State())

    var handedOver: Int { state.withLock { $0.handedOver } }
    var isEmpty: Bool { state.withLock { $0.sockets.isEmpty } }

    func put(_ socket: CInt, for forward: ForwardID) {
        state.withLock { $0.sockets[forward, default: []].append(socket) }
    }

    func take(_ forward: ForwardID) -> [CInt] {
        state.withLock { state in
            let sockets = state.sockets.removeValue(forKey: forward) ?? []
            state.handedOver += sockets.count
            return sockets
        }
    }

    func keep(_ socket: CInt, for forward: ForwardID) {
        put(fcntl(socket, F_DUPFD_CLOEXEC, 0), for: forward)
    }

    func forget(_ forward: ForwardID) {
        let sockets = state.withLock { $0.sockets.removeValue(forKey: forward) ?? [] }
        for socket in sockets { close(socket) }
    }

    func closeAll() {
        for forward in state.withLock({ Array($0.sockets.keys) }) { forget(forward) }
    }
}
