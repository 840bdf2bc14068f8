import FwdTestSupport
import LibSSH2
import Testing

@Suite("The version of libssh2")
struct LibraryVersionTests {
    @Test("one that is too old stops the compiler with one sentence that says what to do")
    func refusesOldVersion() async throws {
        let shim = #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Sources/CLibSSH2/shim.h"
        try await TemporaryDirectory.with { directory in
            try directory.write("#define LIBSSH2_VERSION_NUM 0x010a00\n", to: "libssh2.h")
            let result = try await ProcessRun.run(
                "cc", ["-fsyntax-only", "-x", "c", "-I", directory.path, "/" + shim])
            #expect(result.exit != .exited(0))
            #expect(result.errors.contains("fwd needs libssh2 1.11.0 or newer"), "\(result.errors)")
            #expect(result.errors.contains("contrib/setup"))
        }
    }

    @Test("the one in use is new enough")
    func usesNewVersion() {
        #expect(
            LibSSH2Library.version.split(separator: ".").compactMap { Int($0) }.lexicographicallyPrecedes([1, 11])
                == false)
    }
}
