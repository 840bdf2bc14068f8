import FwdCore
import Testing

@testable import FwdConfig

private let old = KeySamples.rsaPin
private let new = KeySamples.ed25519Pin
private let other = KeySamples.ecdsaPin

private func pin(_ text: String) throws -> HostKeyPin { try HostKeyEntry(text).pin }

/// `$OLD`, `$NEW`, `$OTHER` stand for pins, `$LINE` for the whole key that is the old pin.
private func filled(_ text: String) -> String {
    text.replacing("$OLD", with: old).replacing("$NEW", with: new).replacing("$OTHER", with: other)
        .replacing("$LINE", with: KeySamples.rsa)
}

@Suite struct HostKeyEditTests {
    @Test(arguments: [
        // No pins yet.
        Edit("gateway:\n  host: h\n", "gateway:\n  host: h\n  host-key:\n    - $NEW\n"),
        Edit("gateway:\n  host: h", "gateway:\n  host: h\n  host-key:\n    - $NEW"),
        Edit(
            "gateway: # g\r\n    host: h\r\n    user: u # u\r\n    # c\r\n    port: 1 # p\r\n\r\n    agent: none\r\nforwards:\r\n",
            "gateway: # g\r\n    host: h\r\n    user: u # u\r\n    # c\r\n    port: 1 # p\r\n    host-key:\r\n        - $NEW\r\n"
                + "\r\n    agent: none\r\nforwards:\r\n"),
        Edit("gateway: {host: h}\n", "gateway: {host: h, host-key: [$NEW]}\n"),
        Edit("gateway: {host: h, agent: none}\n", "gateway: {host: h, host-key: [$NEW], agent: none}\n"),
        Edit(
            "gateway: {\n  host: h, # h\n  agent: none # a\n}\n",
            "gateway: {\n  host: h, # h\n  host-key: [$NEW],\n  agent: none # a\n}\n"),
        Edit(
            "{\"gateway\": {\"host\": \"h\"}}", "{\"gateway\": {\"host\": \"h\", \"host-key\": [\"$NEW\"]}}"),
        Edit("gateway:\n  host: h\n  host-key: [] # none\n", "gateway:\n  host: h\n  host-key: [$NEW] # none\n"),
        // One.
        Edit(
            "gateway:\n  host-key: $OLD # old\n  # c\n  host: h\n",
            "gateway:\n  host-key:\n    - $OLD # old\n    - $NEW\n  # c\n  host: h\n"),
        Edit("gateway:\n  host: h\n  host-key: '$OLD'", "gateway:\n  host: h\n  host-key:\n    - '$OLD'\n    - $NEW"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n     $OLD\n",
            "gateway:\n  host: h\n  host-key:\n     - $OLD\n     - $NEW\n"),
        Edit("gateway: {host-key: $OLD, host: h}\n", "gateway: {host-key: [$OLD, $NEW], host: h}\n"),
        Edit(
            "{\"gateway\": {\"host-key\": \"$OLD\", \"host\": \"h\"}}",
            "{\"gateway\": {\"host-key\": [\"$OLD\", \"$NEW\"], \"host\": \"h\"}}"),
        Edit(
            "gateway:\n  host: h\n  host-key: {pin: $OLD, retire: true} # r\n",
            "gateway:\n  host: h\n  host-key:\n    - {pin: $OLD, retire: true} # r\n    - $NEW\n"),
        // Several.
        Edit(
            "gateway:\n  host-key:\n  - $OLD # old\n  # between\n  - $OTHER\n  # after\n  host: h\n",
            "gateway:\n  host-key:\n  - $OLD # old\n  # between\n  - $OTHER\n  - $NEW\n  # after\n  host: h\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    - $OLD\n    - pin: $OTHER\n      # why\n      retire: true # r\n\n",
            "gateway:\n  host: h\n  host-key:\n    - $OLD\n    - pin: $OTHER\n      # why\n      retire: true # r\n"
                + "    - $NEW\n\n"),
        Edit(
            "gateway:\n  host: h\n  host-key: [$OLD, {pin: $OTHER}] # c\n",
            "gateway:\n  host: h\n  host-key: [$OLD, {pin: $OTHER}, $NEW] # c\n"),
        Edit(
            "gateway:\n  host: h\n  host-key: [\n    $OLD, # old\n    $OTHER # other\n  ]\n",
            "gateway:\n  host: h\n  host-key: [\n    $OLD, # old\n    $OTHER, # other\n    $NEW\n  ]\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    - $LINE root@h # old\n",
            "gateway:\n  host: h\n  host-key:\n    - $LINE root@h # old\n    - $NEW\n"),
        // There already.
        Edit("gateway:\n  host: h\n  host-key:   $NEW # c\n", "gateway:\n  host: h\n  host-key:   $NEW # c\n"),
    ])
    func addingKeepsAllOtherBytes(edit: Edit) throws {
        let edited = try file(filled(edit.before)).settingHostKeys(adding: [HostKeyEntry(new)])
        #expect(Array(edited.text.utf8) == Array(filled(edit.after).utf8), "\(edited.text)")
        #expect(try edited.configuration.trust.pins.contains(pin(new)))
    }

    @Test(arguments: [
        Edit("gateway:\n  host: h\n  host-key: $OLD # old\n", "gateway:\n  host: h\n  host-key: []\n"),
        Edit("gateway: {host-key: $OLD, host: h} # c\n", "gateway: {host-key: [], host: h} # c\n"),
        Edit(
            "gateway:\n  host: h\n  host-key: # keys\n    # above\n    - $OLD # old\n    # below\n",
            "gateway:\n  host: h\n  host-key: [] # keys\n    # above\n    # below\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    # above\n    - $OLD # old\n    # between\n    - $OTHER # other\n",
            "gateway:\n  host: h\n  host-key:\n    # above\n    # between\n    - $OTHER # other\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    - $OTHER\n    - $OLD",
            "gateway:\n  host: h\n  host-key:\n    - $OTHER"),
        Edit(
            "gateway:\r\n  host-key:\r\n  - $OTHER\r\n  - '$LINE root@h' # old\r\n  host: h\r\n",
            "gateway:\r\n  host-key:\r\n  - $OTHER\r\n  host: h\r\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    - pin: $OLD # old\n      # why\n      retire: true # r\n    - $OTHER\n",
            "gateway:\n  host: h\n  host-key:\n    - $OTHER\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    - {pin: $OLD,\n       retire: true} # r\n    - $OTHER\n",
            "gateway:\n  host: h\n  host-key:\n    - $OTHER\n"),
        Edit("gateway: {host: h, host-key: [$OLD]}\n", "gateway: {host: h, host-key: []}\n"),
        Edit("gateway: {host: h, host-key: [$OLD, $OTHER]}\n", "gateway: {host: h, host-key: [$OTHER]}\n"),
        Edit("gateway: {host: h, host-key: [ $OTHER, {pin: $OLD} ]}\n", "gateway: {host: h, host-key: [ $OTHER ]}\n"),
        Edit(
            "gateway:\n  host: h\n  host-key: [\n    $OTHER, # other\n    $OLD # old\n  ]\n",
            "gateway:\n  host: h\n  host-key: [\n    $OTHER # other\n  ]\n"),
        // The same key in both forms.
        Edit(
            "gateway:\n  host: h\n  host-key:\n    - $OLD # 1\n    - $OTHER\n    - $LINE\n",
            "gateway:\n  host: h\n  host-key:\n    - $OTHER\n"),
    ])
    func removingTakesTheItemsLinesOnly(edit: Edit) throws {
        let edited = try file(filled(edit.before)).settingHostKeys(removing: [pin(old)])
        #expect(Array(edited.text.utf8) == Array(filled(edit.after).utf8), "\(edited.text)")
    }

    @Test(arguments: [
        Edit(
            "gateway:\n  host: h\n  host-key: $OLD # old\n",
            "gateway:\n  host: h\n  host-key: {pin: $OLD, retire: true} # old\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    - $OLD # old\n    - $OTHER\n",
            "gateway:\n  host: h\n  host-key:\n    - {pin: $OLD, retire: true} # old\n    - $OTHER\n"),
        Edit(
            "gateway:\n  host: h\n  host-key: ['$OLD', $OTHER]\n",
            "gateway:\n  host: h\n  host-key: [{pin: $OLD, retire: true}, $OTHER]\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n  - {pin: $OLD} # old\n",
            "gateway:\n  host: h\n  host-key:\n  - {pin: $OLD, retire: true} # old\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n  - {retire: false, pin: $OLD} # old\n",
            "gateway:\n  host: h\n  host-key:\n  - {retire: true, pin: $OLD} # old\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n  - pin: $OLD # old\n  - $OTHER\n",
            "gateway:\n  host: h\n  host-key:\n  - pin: $OLD # old\n    retire: true\n  - $OTHER\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n  - retire: false # no\n    pin: $OLD\n",
            "gateway:\n  host: h\n  host-key:\n  - retire: true # no\n    pin: $OLD\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    - $LINE a#b, {c} # old\n",
            "gateway:\n  host: h\n  host-key:\n    - {pin: '$LINE a#b, {c}', retire: true} # old\n"),
        Edit(
            "{\"gateway\": {\"host\": \"h\", \"host-key\": [\"$OLD\"]}}",
            "{\"gateway\": {\"host\": \"h\", \"host-key\": [{\"pin\": \"$OLD\", \"retire\": true}]}}"),
        Edit(
            "gateway:\n  host: h\n  host-key: [{pin: $OLD, retire: true}]\n",
            "gateway:\n  host: h\n  host-key: [{pin: $OLD, retire: true}]\n"),
    ])
    func retiringMarksTheItem(edit: Edit) throws {
        let edited = try file(filled(edit.before)).settingHostKeys(retiring: [pin(old)])
        #expect(Array(edited.text.utf8) == Array(filled(edit.after).utf8), "\(edited.text)")
        #expect(try edited.configuration.trust.retiring == [pin(old)])
    }

    @Test(arguments: [
        Edit("gateway:\n  host: h\n  host-key: $OLD # old\n", "gateway:\n  host: h\n  host-key:\n    - $NEW\n"),
        Edit(
            "gateway:\n  host: h\n  host-key:\n    # keys\n    - $OLD # old\n    - $OTHER\n",
            "gateway:\n  host: h\n  host-key:\n    # keys\n    - $OTHER\n    - $NEW\n"),
        Edit("gateway: {host: h, host-key: [$OLD]}\n", "gateway: {host: h, host-key: [$NEW]}\n"),
        Edit("gateway: {host: h, host-key: $OLD}\n", "gateway: {host: h, host-key: [$NEW]}\n"),
    ])
    func replacingIsOneEdit(edit: Edit) throws {
        let edited = try file(filled(edit.before)).settingHostKeys(adding: [HostKeyEntry(new)], removing: [pin(old)])
        #expect(Array(edited.text.utf8) == Array(filled(edit.after).utf8), "\(edited.text)")
    }

    @Test func addingWhatWasToRetireTrustsItAgain() throws {
        let before = filled("gateway:\n  host: h\n  host-key:\n    - {pin: $OLD, retire: true}\n    - $OTHER\n")
        let edited = try file(before).settingHostKeys(adding: [HostKeyEntry(old)])
        #expect(edited.text == filled("gateway:\n  host: h\n  host-key:\n    - $OTHER\n    - $OLD\n"))
        #expect(edited.configuration.trust.retiring == [])
    }

    @Test func aWholeKeyIsWrittenAsItIs() throws {
        let entry = try HostKeyEntry("\(KeySamples.ed25519) root@t2: 1")
        let edited = try file("gateway: {host: h}\n").settingHostKeys(adding: [entry], retiring: [entry.pin])
        let text = "{pin: '\(KeySamples.ed25519) root@t2: 1', retire: true}"
        #expect(edited.text == "gateway: {host: h, host-key: [\(text)]}\n")
    }

    @Test func whatIsNotPinnedCannotBeRemovedOrRetired() throws {
        let file = try file(filled("gateway: {host: h, host-key: $OLD}\n"))
        for change in [
            { try file.settingHostKeys(removing: [pin(new)]) }, { try file.settingHostKeys(retiring: [pin(new)]) },
        ] {
            let error = try #require(throws: ConfigError.self) { try change() }
            #expect(error.code == .invalidArgument)
            #expect(error.message == "work.yaml does not pin \(new)")
        }
    }

    @Test func whatIsNoHostKeyIsNoEntry() throws {
        let error = try #require(throws: ConfigError.self) { try HostKeyEntry("ssh-dss AAAA") }
        #expect(error.code == .invalidArgument)
        #expect(error.message.hasPrefix("read \"ssh-dss AAAA\", expected a key of a type that fwd can negotiate"))
    }

    @Test(arguments: [
        "gateway:\n  host: h\n  host-key:\n    pin: $OLD\n    retire: true\n",
        "gateway:\n  host: h\n  host-key:\n    -\n      $OLD\n",
        "gateway:\n  ? host\n  : h\n",
    ])
    func aLayoutThatCannotBeEditedSafelyIsLeftAlone(text: String) throws {
        let error = try #require(throws: ConfigError.self) {
            try file(filled(text)).settingHostKeys(adding: [HostKeyEntry(new)])
        }
        #expect(error.code == .uneditable)
        #expect(error.message.contains("add \"\(new)\" to host-key by hand"))
    }

    @Test func theDirectorysFileIsChanged() throws {
        let directory = try TemporaryDirectory()
        try directory.write(filled("# ours\ngateway:\n  host: h\n  host-key: $OLD # old\n"), "work.yaml")
        try directory.forwards.setHostKeys(
            ofGateway: "work", adding: [HostKeyEntry(new)], retiring: [pin(old)])
        #expect(
            try directory.read("work.yaml")
                == filled(
                    "# ours\ngateway:\n  host: h\n  host-key:\n    - {pin: $OLD, retire: true} # old\n    - $NEW\n"))
        #expect(directory.names == ["work.yaml"])
        let error = try #require(throws: ConfigError.self) { try directory.forwards.setHostKeys(ofGateway: "wrok") }
        #expect(error.code == .noSuchGateway)
    }
}
