import FwdCore
import NIOCore

/// Where probes get their connections from: the gateway's own sessions. Loop-bound.
struct ProbeSource {
    /// The gateway, which owns the forwards and so the probes.
    weak var channels: (any ChannelSource)?
    /// Carries conversations with targets.
    let host: JumpHost
    /// The listener, where packets are carried.
    weak var network: NetworkListener?
}
