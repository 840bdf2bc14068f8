import FwdOpenSSH
import FwdTestSupport
import Testing

@Suite struct HostAliasesTests {
    @Test("concrete names come in order and once; wildcards, negations and comments do not")
    func names() async throws {
        let text = """
            # Host comment
            Host one two
            host=three
              HOST = "four five" 'six'
            Host *.org !seven ei?ht
            Hostname nine
            Match host ten
            Host one eleven # Host twelve
            Host\tthirteen\r
            """
        #expect(
            try await aliases(["config": text]) == ["one", "two", "three", "four five", "six", "eleven", "thirteen"])
    }

    @Test("included files are read in place, relative ones beside the others")
    func includes() async throws {
        let files = [
            "config": "Host a\nInclude more/* \"with blank\" missing\nHost z\n", "more-2": "Host never\n",
            "with blank": "Host d\n",
        ]
        try await TemporaryDirectory.with { directory in
            for (name, text) in files { try directory.write(text, to: name) }
            _ = try await ProcessRun.output(of: "mkdir", [directory.file("more")])
            try directory.write("Host b\n", to: "more/1")
            try directory.write("Host c\nInclude \(directory.path)/config\n", to: "more/2")
            let found = SSHConfigFile.hostAliases(
                inFile: directory.file("config"), includesRelativeTo: directory.path)
            // The blank is the word's: globs do not split it.
            #expect(found == ["a", "b", "c", "d", "z"])
        }
    }

    @Test("files that include one another end, and so does a long chain")
    func circles() async throws {
        var files = ["config": "Host first\nInclude config other 0\n", "other": "Host second\nInclude config\n"]
        for number in 0..<40 { files["\(number)"] = "Host n\(number)\nInclude \(number + 1)\n" }
        let found = try await aliases(files)
        #expect(found.prefix(3) == ["first", "second", "n0"])
        #expect(found.last == "n15")
    }

    @Test("a file that is not there has no names")
    func missing() {
        #expect(SSHConfigFile.hostAliases(inFile: "/missing/config") == [])
    }

    private func aliases(_ files: [String: String]) async throws -> [String] {
        try await TemporaryDirectory.with { directory in
            for (name, text) in files { try directory.write(text, to: name) }
            return SSHConfigFile.hostAliases(inFile: directory.file("config"), includesRelativeTo: directory.path)
        }
    }
}
