extension GatewayConfiguration {
    /// What is different from `old`, a line each: `user: ann -> bob`. Values are what the file could say, never secrets.
    public func differences(from old: GatewayConfiguration) -> [String] {
        var lines: [String] = []
        func compare(_ what: String, _ before: String, _ after: String) {
            if before != after { lines.append("\(what): \(before) -> \(after)") }
        }
        compare("host", old.hosts, hosts)
        compare("address", "\(old.hostName):\(old.port)", "\(hostName):\(port)")
        compare("user", old.login.user, login.user)
        compare("host-key", old.trust.pinText, trust.pinText)
        compare("liveness", old.liveness.text, liveness.text)
        compare("connect timeout", "\(old.connectTimeout)", "\(connectTimeout)")
        compare("route", "\(old.route)", "\(route)")
        var rest = old
        (rest.host, rest.hostName, rest.port, rest.route) = (host, hostName, port, route)
        (rest.login.user, rest.trust.pins, rest.trust.retiring) = (login.user, trust.pins, trust.retiring)
        (rest.liveness, rest.connectTimeout, rest.forwards) = (liveness, connectTimeout, forwards)
        if old.hosts != hosts { rest.fallbacks = fallbacks }
        if rest != self { lines.append("how it logs in or trusts has changed") }
        let before = Dictionary(old.forwards.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for forward in forwards {
            if let old = before[forward.name] { lines += forward.differences(from: old) }
        }
        return lines
    }

    private var hosts: String { ([host] + fallbacks.map(\.host)).joined(separator: ", ") }
}

extension ForwardConfiguration {
    func differences(from old: ForwardConfiguration) -> [String] {
        var lines: [String] = []
        func compare(_ what: String, _ before: String, _ after: String) {
            if before != after { lines.append("\(name)\(what): \(before) -> \(after)") }
        }
        compare("", old.spec.description, spec.description)
        compare(" hold", "\(old.hold)", "\(hold)")
        compare(" enabled", "\(old.isEnabled)", "\(isEnabled)")
        compare(" probe", old.probe?.text ?? "off", probe?.text ?? "off")
        compare(" allow", old.limits.allowText, limits.allowText)
        compare(" permit", old.limits.permitText, limits.permitText)
        compare(" max-connections", Self.text(old.limits.maxConnections), Self.text(limits.maxConnections))
        compare(" rate", Self.text(old.limits.bytesPerSecond), Self.text(limits.bytesPerSecond))
        compare(" idle-timeout", Self.text(old.limits.idleTimeout), Self.text(limits.idleTimeout))
        compare(" mode", Self.octal(old.socketMode), Self.octal(socketMode))
        return lines
    }

    private static func octal(_ mode: UInt16?) -> String {
        "0" + String(mode ?? defaultSocketMode, radix: 8)
    }

    private static func text(_ value: (some Any)?) -> String {
        value.map { "\($0)" } ?? "none"
    }
}

extension HostTrust {
    fileprivate var pinText: String {
        pins.isEmpty
            ? "none" : pins.map { "\($0)\(retiring.contains($0) ? " (retiring)" : "")" }.joined(separator: ", ")
    }
}

extension Liveness {
    fileprivate var text: String { "\(interval) x \(count)" }
}

extension ForwardLimits {
    fileprivate var allowText: String { allow.map { $0.map(\.description).joined(separator: ", ") } ?? "everybody" }
    fileprivate var permitText: String { permit.map { $0.map(\.description).joined(separator: ", ") } ?? "everything" }
}

extension Probe {
    fileprivate var text: String {
        let place = target.map { "\($0) " } ?? ""
        return switch method {
        case .connect: "\(place)connect every \(every)"
        case .expect(let text): "\(place)expect \"\(text)\" every \(every)"
        case .http(let path, let status): "\(place)GET \(path) = \(status) every \(every)"
        }
    }
}
