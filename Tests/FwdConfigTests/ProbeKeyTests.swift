import FwdCore
import Testing

@testable import FwdConfig

/// `probe` of a forward.
@Suite struct ProbeKeyTests {
    private func parsed(_ probe: String) -> GatewayFile {
        parse(head + "  db: {spec: -L 1:b:2, probe: \(probe)}\n")
    }

    @Test(arguments: [
        ("30s", Probe(every: .seconds(30))), ("1h", Probe(every: .seconds(3600))),
        ("1s", Probe(every: .seconds(1), timeout: .seconds(1))),
        ("5s", Probe(every: .seconds(5), timeout: .seconds(5))),
        ("{}", .standard), ("{every: 60s}", .standard),
        ("{every: 1500ms}", Probe(every: .milliseconds(1500), timeout: .milliseconds(1500))),
        ("{timeout: 60s}", Probe(timeout: .seconds(60))),
        ("{every: 20s, timeout: 1ms}", Probe(every: .seconds(20), timeout: .milliseconds(1))),
        ("{every: 20s, timeout: 20s}", Probe(every: .seconds(20), timeout: .seconds(20))),
        ("{expect: \"220 \"}", Probe(.expect("220 "))), ("{expect: é}", Probe(.expect("é"))),
        ("{http: /}", Probe(.http(path: "/", status: 200))),
        (
            "{http: \"/health?a=b%20c\", status: 599, every: 5m, timeout: 2s}",
            Probe(.http(path: "/health?a=b%20c", status: 599), every: .seconds(300), timeout: .seconds(2))
        ),
    ])
    func whatIsAccepted(text: String, probe: Probe) throws {
        let file = parsed(text)
        #expect(file.diagnostics == [])
        #expect(try #require(file.configuration).forwards.map(\.probe) == [probe])
    }

    @Test func offIsNone() throws {
        let configuration = try #require(parsed("off").configuration)
        #expect(configuration.forwards.map(\.probe) == [nil])
    }

    @Test(arguments: ["-L 1:b:2", "{spec: -R 1:b:2}", "{spec: -L 1:b:2, hold: 1s}"])
    func whoSaysNothingIsProbed(forward: String) throws {
        let file = try file(head + "  db: \(forward)\n")
        #expect(file.configuration.forwards.map(\.probe) == [.standard])
        #expect(try file.adding(spec: "-L 9:b:2").configuration.forwards.map(\.probe) == [.standard, .standard])
    }

    private static let form =
        "expected \"off\", a duration from 1s to 24h, as in 10s, 2m or 1h, or a mapping with "
        + "\"every\", \"timeout\", \"to\", \"expect\" or \"http\""
    private static let path =
        "expected a path that starts with /, at most 1024 printable ASCII characters without blank or #"

    @Test(arguments: [
        Case("60", "5:31: error: forwards.db.probe: read \"60\", \(form)"),
        Case("999ms", "5:31: error: forwards.db.probe: read \"999ms\", \(form)"),
        Case("25h", "5:31: error: forwards.db.probe: read \"25h\", \(form)"),
        Case("on", "5:31: error: forwards.db.probe: read \"on\", \(form)"),
        Case("false", "5:31: error: forwards.db.probe: read \"false\", \(form)"),
        Case("", "5:24: error: forwards.db.probe: read nothing, \(form)"),
        Case("[60s]", "5:31: error: forwards.db.probe: read a list, \(form)"),
        Case("{evry: 5s}", "5:32: error: forwards.db.probe.evry: unknown key, did you mean \"every\"?"),
        Case(
            "{port: 5}",
            "5:32: error: forwards.db.probe.port: unknown key, expected \"to\", \"every\", \"timeout\", \"expect\", \"http\" "
                + "or \"status\""),
        Case("{every: 0s}", "5:39: error: forwards.db.probe.every: read \"0s\", \(expectedPeriod)"),
        Case("{every: off}", "5:39: error: forwards.db.probe.every: read \"off\", \(expectedPeriod)"),
        Case(
            "{every: 5s, timeout: 6s}",
            "5:52: error: forwards.db.probe.timeout: read \"6s\", expected a duration up to the 5s of \"every\", "
                + "as in 500ms or 10s"),
        Case(
            "{every: 1500ms, timeout: 0s}",
            "5:56: error: forwards.db.probe.timeout: read \"0s\", expected a duration up to the 1500ms of \"every\", "
                + "as in 500ms or 10s"),
        Case(
            "{timeout: 61s}",
            "5:41: error: forwards.db.probe.timeout: read \"61s\", expected a duration up to the 60s of \"every\", "
                + "as in 500ms or 10s"),
        Case(
            "{expect: [a]}",
            "5:40: error: forwards.db.probe.expect: read a list, expected the first text that the target sends, "
                + "at most 255 bytes"),
        Case(
            "{expect: \"a\\nb\"}",
            "5:40: error: forwards.db.probe.expect: read \"a\\u{a}b\", expected the first text that the target sends, "
                + "at most 255 bytes"),
        Case("{http: health}", "5:38: error: forwards.db.probe.http: read \"health\", \(path)"),
        Case("{http: /a b}", "5:38: error: forwards.db.probe.http: read \"/a b\", \(path)"),
        Case("{http: /a#b}", "5:38: error: forwards.db.probe.http: read \"/a#b\", \(path)"),
        Case("{http: /é}", "5:38: error: forwards.db.probe.http: read \"/é\", \(path)"),
        Case("{http: \"/a\\r\\nb: c\"}", "5:38: error: forwards.db.probe.http: read \"/a\\u{d}\\u{a}b: c\", \(path)"),
        Case(
            "{http: /, status: 99}",
            "5:49: error: forwards.db.probe.status: read \"99\", expected a status from 100 to 599"),
        Case(
            "{http: /, status: 600}",
            "5:49: error: forwards.db.probe.status: read \"600\", expected a status from 100 to 599"),
        Case(
            "{http: /, status: +200}",
            "5:49: error: forwards.db.probe.status: read \"+200\", expected a status from 100 to 599"),
        Case("{status: 200}", "5:32: error: forwards.db.probe.status: needs \"http\", the path to ask for"),
        Case(
            "{expect: a, http: /}",
            "5:43: error: forwards.db.probe.http: \"expect\" stands here already, expected one of the two"),
    ])
    func whatIsRefused(row: Case) {
        let file = parsed(row.text)
        #expect(lines(file.diagnostics) == row.lines)
        #expect(file.configuration == nil)
    }

    @Test(arguments: [("expect", "a"), ("http", "/")])
    func whatIsTooLongIsRefused(key: String, first: String) {
        for (count, isGood) in [(key == "http" ? 1024 : 255, true), (key == "http" ? 1025 : 256, false)] {
            let text = first + String(repeating: "a", count: count - 1)
            #expect((parsed("{\(key): \(text)}").configuration != nil) == isGood, "\(count)")
        }
    }
}
