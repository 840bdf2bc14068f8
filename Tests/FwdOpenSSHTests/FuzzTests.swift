import FoundationEssentials
import FwdTestSupport
import Testing

@testable import FwdOpenSSH

/// Whatever files, servers and programs say, it is read or refused.
@Suite struct OpenSSHFuzzTests {
    @Test(.timeLimit(.minutes(Fuzzer.minutes)), arguments: Format.all) func everyInputIsReadOrRefused(format: Format) {
        let fuzzer = Fuzzer(seed: 14, samples: format.samples, tokens: format.tokens)
        var good = 0
        for number in Fuzzer.numbers where format.read(fuzzer.input(number)) { good += 1 }
        let count = Fuzzer.numbers.count
        #expect(good > count / 200 && good < count, "\(good) of \(count) are good")
    }

    /// A format, with a reader that says whether an input was good.
    struct Format: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let samples: [[UInt8]]
        let tokens: [[UInt8]]
        let read: @Sendable ([UInt8]) -> Bool

        static let all = [knownHosts, publicKey, certificate, keyFile, armouredKey, agent, ssh, configuration]

        private static let texts = [
            " ", "\t", "\n", "\r", "\0", "\"", "'", "\\", ",", "!", "*", "?", "#", "%", "%h", "%C", "${HOME}", "${",
            "~", "~x/",
            ":", "[", "]", "@", "=", "|1|", "/", "none", "yes", "0", "22", "65536", "99999999999999999999", "-1", "é",
            "\u{85}", "\u{2028}", "\u{202e}", "\u{FEFF}", "\u{301}",
        ].map { Array($0.utf8) }
        private static let numbers: [[UInt8]] = [
            [0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 11], [0x7F, 0xFF, 0xFF, 0xFF], [0x80, 0, 0, 0],
            [0xFF, 0xFF, 0xFF, 0xFF],
        ]
        private static let blob = wire {
            $0.string("ssh-ed25519".utf8)
            $0.string([UInt8](repeating: 1, count: 32))
        }

        private static let knownHosts = Format(
            testDescription: "known_hosts",
            samples: [
                "host,[other]:2222,!not,*.x,::1 \(placeholder()) comment\n# c\n\n@revoked * \(placeholder(2))\r\n",
                "@cert-authority *.example.org \(placeholder(3))\n",
                "|1|\(String(repeating: "A", count: 27))=|\(String(repeating: "B", count: 27))= \(placeholder())\n",
            ].map { Array($0.utf8) },
            tokens: texts + ["@revoked ", "@cert-authority ", "ssh-rsa ", placeholder()].map { Array($0.utf8) }
        ) { bytes in
            var hosts = KnownHosts()
            hosts.add(bytes, file: "f")
            _ = hosts.problems.map(\.description)
            let found = [hosts.lookUp(host: "host", port: 22), hosts.lookUp(host: "[::1]", port: 2222, alias: nil)]
            _ = hosts.lookUp(host: "", port: 1, alias: "Other")
            return found.contains { !$0.trusted.isEmpty }
        }

        private static let publicKey = Format(
            testDescription: "a line with a public key",
            samples: ["\(placeholder()) me@here", "ssh-rsa AAAAB3NzaC1yc2E= x"].map { Array($0.utf8) }, tokens: texts
        ) { bytes in
            guard let key = try? PublicKey(fileContent: bytes) else { return false }
            _ = (key.fingerprint, key.line, key.isCertificate)
            return true
        }

        private static let certificate = Format(
            testDescription: "a certificate",
            samples: [
                wire { writer in
                    writer.string("ssh-ed25519-cert-v01@openssh.com".utf8)
                    writer.string([1, 2, 3])
                    writer.string([UInt8](repeating: 1, count: 32))
                    for number: UInt32 in [0, 7, 1] { writer.uint32(number) }
                    writer.string("id".utf8)
                    writer.string(
                        wire {
                            $0.string("ann".utf8)
                            $0.string("bob".utf8)
                        })
                    for number: UInt32 in [0, 1, 0xFFFF_FFFF, 0xFFFF_FFFF] { writer.uint32(number) }
                    for _ in 0..<3 { writer.string([]) }
                    writer.string(blob)
                    writer.string([1, 2])
                }
            ],
            tokens: numbers + ["ssh-rsa", "ssh-ed25519", "-cert-v01@openssh.com"].map { Array($0.utf8) }
        ) { bytes in
            guard let key = try? PublicKey(blob: bytes) else { return false }
            _ = key.fingerprint
            guard let certificate = try? Certificate(key) else { return false }
            for now in [0, 1, UInt64.max] { _ = certificate.problem(now: now) }
            return true
        }

        private static let container = wire { writer in
            for byte in Array("openssh-key-v1\0".utf8) { writer.byte(byte) }
            for text in ["aes256-ctr", "bcrypt", "salt"] { writer.string(text.utf8) }
            writer.uint32(1)
            writer.string(blob)
            writer.string([UInt8](repeating: 9, count: 64))
        }

        private static func armoured(_ label: String, _ content: [UInt8]) -> [UInt8] {
            let text = Data(content).base64EncodedString(options: .lineLength64Characters)
            return Array("-----BEGIN \(label)-----\n\(text)\n-----END \(label)-----\n".utf8)
        }

        private static let keyFile = Format(
            testDescription: "a private key file",
            samples: [
                armoured("OPENSSH PRIVATE KEY", container), armoured("PRIVATE KEY", [1]),
                Array(
                    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n".utf8),
                Array("PuTTY-User-Key-File-3: ssh-ed25519\n".utf8), Array(placeholder().utf8),
            ],
            tokens: texts + ["-----BEGIN ", "-----END ", "-----", "ENCRYPTED "].map { Array($0.utf8) }
        ) { (try? PrivateKeyFile($0)) != nil }

        private static let armouredKey = Format(
            testDescription: "what an OpenSSH private key file holds", samples: [container], tokens: numbers
        ) { bytes in
            (try? PrivateKeyFile(armoured("OPENSSH PRIVATE KEY", bytes))) != nil
        }

        private static let agent = Format(
            testDescription: "an agent's answer",
            samples: [
                wire {
                    $0.byte(12)
                    $0.uint32(2)
                    for _ in 0..<2 {
                        $0.string(blob)
                        $0.string("c".utf8)
                    }
                },
                wire {
                    $0.byte(14)
                    $0.string(
                        wire {
                            $0.string("ssh-ed25519".utf8)
                            $0.string([1, 2, 3])
                        })
                },
                [5], [28], [0, 0, 0, 1, 5, 0, 0, 0, 1, 28],
            ],
            tokens: numbers
        ) { bytes in
            var frames = AgentFrames()
            for part in [bytes.prefix(bytes.count / 2), bytes.dropFirst(bytes.count / 2)] {
                frames.append(part)
                while let frame = try? frames.next() { _ = try? AgentReply(frame) }
            }
            return (try? AgentReply(bytes)) != nil
        }

        private static let ssh = Format(
            testDescription: "what ssh -G prints",
            samples: [
                """
                host work
                user ann
                hostname work.example
                port 22
                hostkeyalias w
                identitiesonly yes
                identityfile ~/.ssh/id_%u
                certificatefile ${HOME}/c
                identityagent $SSH_AUTH_SOCK
                userknownhostsfile ~/.ssh/known_hosts ~/.ssh/known_hosts2
                globalknownhostsfile none
                proxyjump a@b:22,ssh://[::1]:7/
                proxycommand nc %h %p
                connecttimeout 7
                serveralivecountmax 3
                serveraliveinterval 0
                localforward 1080 [db]:22
                localforward [::1]:1 [/run/x y]:0
                remoteforward /run/a [/run/b]:0
                dynamicforward [*]:1080
                """
            ].map { Array($0.utf8) }, tokens: texts + ["none\n", "proxyjump ", "identityfile "].map { Array($0.utf8) }
        ) { bytes in
            let values = SSHClientSettings.values(of: String(decoding: bytes, as: UTF8.self))
            return (try? SSHClientSettings(values, host: "work", defaultIdentityFiles: [])) != nil
        }

        private static let configuration = Format(
            testDescription: "a line of ssh_config",
            samples: ["Host a \"b c\" !d # e", "Include=~/x\\ y", "HostName 'h", "user@[::1]:22"].map {
                Array($0.utf8)
            },
            tokens: texts
        ) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            _ = JumpHop(text[...])?.description
            _ = (SSHForwardText.spec(text), SSHForwardText.listen(text), SSHForwardText.target(text))
            return ConfigWords(text).arguments.count > 1
        }

        private static func wire(_ write: (inout WireWriter) -> Void) -> [UInt8] {
            var writer = WireWriter()
            write(&writer)
            return writer.bytes
        }
    }
}
