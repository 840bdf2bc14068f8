import FwdCore

/// The metrics of design and documentation, from one snapshot.
///
/// Labels come from the configuration and from closed sets, never from traffic. Counters of a closed set exist from the
/// start with 0, so that `rate()` sees their first step.
struct Metrics {
    let snapshot: StatusSnapshot
    private var text = MetricsText()

    init(of snapshot: StatusSnapshot) {
        self.snapshot = snapshot
    }

    static func render(_ snapshot: StatusSnapshot) -> String {
        var metrics = Metrics(of: snapshot)
        metrics.process()
        metrics.gatewayStates()
        metrics.gatewayTimes()
        metrics.forwardStates()
        metrics.forwardProbes()
        metrics.forwardTraffic()
        metrics.forwardPackets()
        return metrics.text.text
    }

    private mutating func process() {
        text.family("fwd_build_info", .gauge, "The version of fwd and of its libssh2; always 1.")
        text.sample("fwd_build_info", ["version": snapshot.version, "libssh2": snapshot.libssh2], 1)
        // The name that the client libraries of Prometheus give it, so that rules for any process know it.
        text.family("process_start_time_seconds", .gauge, "When this process started, in seconds since 1970.")
        text.sample("process_start_time_seconds", [:], snapshot.startedAt.secondsSince1970)
        let reload = "fwd_config_last_reload_success"
        text.family(reload, .gauge, "Whether all of forwards.d was accepted when it was last read.")
        text.sample(reload, [:], snapshot.configuration.isSuccessful ? 1 : 0)
    }

    private mutating func gatewayStates() {
        text.family("fwd_gateway_up", .gauge, "Whether the gateway has an authenticated session.")
        for gateway in snapshot.gateways {
            text.sample("fwd_gateway_up", ["gateway": gateway.name], gateway.state == .up ? 1 : 0)
        }
        text.family("fwd_gateway_down", .gauge, "Why a gateway has no authenticated session; absent while it has one.")
        for gateway in snapshot.gateways where gateway.state != .up {
            let reason = gateway.cause?.reason.rawValue ?? ""
            text.sample(
                "fwd_gateway_down", ["gateway": gateway.name, "state": gateway.state.rawValue, "reason": reason], 1)
        }
        text.family("fwd_gateway_connects_total", .counter, "How often the gateway came up.")
        for gateway in snapshot.gateways {
            text.sample("fwd_gateway_connects_total", ["gateway": gateway.name], gateway.connects)
        }
        let reconnects = "fwd_gateway_reconnects_total"
        text.family(reconnects, .counter, "How often a session ended or an attempt failed, by reason.")
        for gateway in snapshot.gateways {
            for reason in Cause.Reason.allCases.map(\.rawValue) {
                text.sample(
                    reconnects, ["gateway": gateway.name, "reason": reason], gateway.failures[reason] ?? 0)
            }
        }
    }

    private mutating func gatewayTimes() {
        let retry = "fwd_gateway_next_retry_timestamp_seconds"
        text.family(retry, .gauge, "When the next attempt starts; absent while none is planned.")
        for gateway in snapshot.gateways {
            guard let next = gateway.nextRetry else { continue }
            text.sample(retry, ["gateway": gateway.name], next.secondsSince1970)
        }
        text.family("fwd_gateway_rtt_seconds", .gauge, "The last round trip to the server; absent without one.")
        for gateway in snapshot.gateways {
            guard let seconds = gateway.session?.rttSeconds else { continue }
            text.sample("fwd_gateway_rtt_seconds", ["gateway": gateway.name], seconds)
        }
        let open = "fwd_gateway_channel_open_duration_seconds"
        text.family(open, .histogram, "Time from asking the server for a channel to its confirmation.")
        for gateway in snapshot.gateways { histogram(open, gateway.name, gateway.channelOpen) }
    }

    private mutating func histogram(_ name: String, _ gateway: String, _ histogram: DurationHistogram) {
        var total = 0
        for (bound, count) in zip(DurationHistogram.bounds, histogram.counts) {
            total += count
            text.sample("\(name)_bucket", ["gateway": gateway, "le": MetricsText.render(bound)], total)
        }
        text.sample("\(name)_bucket", ["gateway": gateway, "le": "+Inf"], histogram.count)
        text.sample("\(name)_sum", ["gateway": gateway], histogram.sumSeconds)
        text.sample("\(name)_count", ["gateway": gateway], histogram.count)
    }

    private mutating func forwardStates() {
        text.family("fwd_forward_up", .gauge, "Whether the forward carries; absent while it is disabled.")
        for (gateway, forward) in forwards where forward.state != .disabled {
            text.sample(
                "fwd_forward_up", ["gateway": gateway, "forward": forward.name, "kind": forward.kind.rawValue],
                forward.state == .up ? 1 : 0)
        }
        text.family("fwd_forward_connections", .gauge, "Connections being carried or waiting to be.")
        for (gateway, forward) in forwards {
            text.sample(
                "fwd_forward_connections", ["gateway": gateway, "forward": forward.name], forward.relays.active)
        }
    }

    private mutating func forwardProbes() {
        text.family("fwd_forward_down", .gauge, "Why a forward does not carry; absent while it does or is disabled.")
        for (gateway, forward) in forwards where forward.state != .up && forward.state != .disabled {
            text.sample(
                "fwd_forward_down",
                [
                    "gateway": gateway, "forward": forward.name, "state": forward.state.rawValue,
                    "reason": forward.cause?.reason.rawValue ?? "",
                ], 1)
        }
        let success = "fwd_forward_probe_success"
        text.family(success, .gauge, "Whether the last probe went through; absent before the first.")
        for (gateway, forward) in forwards {
            guard let probe = forward.probe else { continue }
            text.sample(success, ["gateway": gateway, "forward": forward.name], probe.isSuccess ? 1 : 0)
        }
        let duration = "fwd_forward_probe_duration_seconds"
        text.family(duration, .gauge, "How long the last probe took; absent before the first.")
        for (gateway, forward) in forwards {
            guard let probe = forward.probe else { continue }
            text.sample(duration, ["gateway": gateway, "forward": forward.name], probe.durationSeconds)
        }
    }

    private mutating func forwardTraffic() {
        let ended = "fwd_forward_connections_total"
        text.family(ended, .counter, "Connections that have ended, by how they ended.")
        for (gateway, forward) in forwards {
            for result in RelayResult.allCases.map(\.rawValue) {
                text.sample(
                    ended, ["gateway": gateway, "forward": forward.name, "result": result],
                    forward.relays.ended[result] ?? 0)
            }
        }
        let bytes = "fwd_forward_bytes_total"
        text.family(bytes, .counter, "Payload bytes carried to and from the target.")
        for (gateway, forward) in forwards {
            let id = (gateway, forward.name)
            text.sample(
                bytes, ["gateway": id.0, "forward": id.1, "direction": "toTarget"], forward.relays.bytesToTarget)
            text.sample(
                bytes, ["gateway": id.0, "forward": id.1, "direction": "fromTarget"], forward.relays.bytesFromTarget)
        }
    }

    /// Of network forwards alone.
    private mutating func forwardPackets() {
        let packets = "fwd_forward_packets_total"
        text.family(packets, .counter, "Packets that a network forward has carried to and from the peer.")
        for (gateway, forward) in forwards {
            guard let network = forward.network else { continue }
            for (direction, count) in [("toTarget", network.packetsToPeer), ("fromTarget", network.packetsFromPeer)] {
                text.sample(
                    packets, ["gateway": gateway, "forward": forward.name, "direction": direction], count)
            }
        }
        let dropped = "fwd_forward_packets_dropped_total"
        text.family(dropped, .counter, "Packets that a network forward has not carried, by why.")
        for (gateway, forward) in forwards {
            guard let network = forward.network else { continue }
            for reason in PacketDrop.allCases.map(\.rawValue) {
                text.sample(
                    dropped, ["gateway": gateway, "forward": forward.name, "reason": reason],
                    network.dropped[reason] ?? 0)
            }
        }
    }

    private var forwards: [(String, ForwardStatus)] {
        snapshot.gateways.flatMap { gateway in gateway.forwards.map { (gateway.name, $0) } }
    }
}
