import Foundation
import FwdCore
import FwdTestSupport
import Testing

@testable import FwdDaemon

@Suite struct InheritedDescriptorsTests {
    @Test func namesBelongToNumbersFromThreeOn() {
        let inherited = read(["LISTEN_PID": "7", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "gw/a:gw/a:gw/b"])
        #expect(inherited.named.map(\.descriptor) == [3, 4, 5])
        #expect(inherited.named.map(\.name) == ["gw/a", "gw/a", "gw/b"])
        #expect(
            read(["LISTEN_PID": "7", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "x"]).named.map(\.name) == ["x", "unknown"])
    }

    @Test(arguments: [
        [:], ["LISTEN_FDS": "1"], ["LISTEN_PID": "8", "LISTEN_FDS": "1"], ["LISTEN_PID": "7"],
        ["LISTEN_PID": "7", "LISTEN_FDS": "0"], ["LISTEN_PID": "7", "LISTEN_FDS": "-1"],
        ["LISTEN_PID": "7", "LISTEN_FDS": "99999999999999999999"], ["LISTEN_PID": "x", "LISTEN_FDS": "1"],
    ])
    func whatIsForAnotherProcessOrMakesNoSenseIsNothing(_ environment: [String: String]) {
        #expect(read(environment).named.isEmpty)
    }

    private func read(_ environment: [String: String]) -> InheritedDescriptors {
        InheritedDescriptors(environment: environment, pid: 7)
    }
}

@Suite struct ServiceManagerTests {
    @Test(arguments: [true, false])
    func whatIsBoundIsStoredOnceAndForgottenByName(isAbstract: Bool) throws {
        let directory = try TemporaryDirectory.create()
        defer { directory.remove() }
        let path = isAbstract ? "@fwd-test-\(UUID().uuidString)" : directory.file("notify")
        let receiver = try NotifyReceiver(path: path)
        let manager = make([:], path)
        let (id, port) = (ForwardID(gateway: "gw", forward: "a"), socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0))
        defer { close(port) }
        manager.forget(id)
        manager.keep(port, for: id)
        manager.keep(port, for: id)
        manager.flush()
        #expect(receiver.messages == ["FDSTORE=1\nFDNAME=gw/a\nFDPOLL=0"])
        let stored = try #require(receiver.stored.first)
        #expect(number(of: stored.descriptor) == number(of: port))
        manager.forget(id)
        manager.forget(id)
        manager.flush()
        #expect(receiver.messages.count == 2)
        #expect(receiver.messages.last == "FDSTOREREMOVE=1\nFDNAME=gw/a")
        #expect(receiver.stored.isEmpty)
    }

    @Test func aSocketThatTheManagerGaveIsNotSentBack() throws {
        let receiver = try NotifyReceiver(path: "@fwd-test-\(UUID().uuidString)")
        let port = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let inherited = InheritedDescriptors([(port, "gw/a")])
        let manager = ServiceManager(inherited, notifySocket: receiver.path, logger: TestLogger.silent)
        let id = ForwardID(gateway: "gw", forward: "a")
        #expect(fcntl(port, F_GETFD) == FD_CLOEXEC)
        #expect(manager.take(id) == [port])
        #expect(manager.take(id) == [])
        manager.keep(port, for: id)
        manager.flush()
        #expect(receiver.messages == [])
        // But it must be given up with its forward.
        manager.forget(id)
        manager.flush()
        #expect(receiver.messages == ["FDSTOREREMOVE=1\nFDNAME=gw/a"])
        close(port)
    }

    @Test func whatNoForwardListensOnIsClosedUnlessItsFileIsRefused() throws {
        let names = ["gw/a", "gw/gone", "bad/x", "unknown"]
        let sockets = names.map { _ in socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0) }
        let receiver = try NotifyReceiver(path: "@fwd-test-\(UUID().uuidString)")
        let manager = ServiceManager(
            InheritedDescriptors(Array(zip(sockets, names))), notifySocket: receiver.path, logger: TestLogger.silent)
        var loaded = try ConfigurationStub(["gw": ["a"]]).loaded()
        loaded.refused = ["bad"]
        manager.closeStrangers(to: loaded)
        manager.flush()
        #expect(manager.take(ForwardID(gateway: "gw", forward: "a")) == [sockets[0]])
        #expect(manager.take(ForwardID(gateway: "gw", forward: "gone")) == [])
        #expect(manager.take(ForwardID(gateway: "bad", forward: "x")) == [sockets[2]])
        #expect(
            Set(receiver.messages) == ["FDSTOREREMOVE=1\nFDNAME=gw/gone", "FDSTOREREMOVE=1\nFDNAME=unknown"])
        close(sockets[0])
        close(sockets[2])
    }

    @Test func namesFollowTheManagersRules() {
        #expect(ServiceManager.isLegal("gw/a"))
        #expect(ServiceManager.isLegal(String(repeating: "x", count: 255)))
        for name in [String(repeating: "x", count: 256), "a:b", "a\nb", "ä", "\u{7f}"] {
            #expect(!ServiceManager.isLegal(name))
        }
    }

    @Test(arguments: ["", "relative", "@", "/" + String(repeating: "x", count: 200)])
    func aNotifySocketThatIsNoneIsIgnored(_ path: String) {
        let manager = make([:], path)
        manager.keep(0, for: ForwardID(gateway: "gw", forward: "a"))
        manager.flush()
    }

    private func make(_ environment: [String: String], _ path: String) -> ServiceManager {
        ServiceManager(
            InheritedDescriptors(environment: environment, pid: 7), notifySocket: path, logger: TestLogger.silent)
    }

    /// Of the socket behind a descriptor.
    private func number(of descriptor: CInt) -> ino_t {
        var status = stat()
        fstat(descriptor, &status)
        return status.st_ino
    }
}
