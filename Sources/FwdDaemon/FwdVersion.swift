import FwdTunnel

/// The one place that knows which version this is.
public enum FwdVersion {
    public static let current = "0.1.0"

    /// "fwd 0.1.0 (libssh2 1.11.1)".
    public static var description: String { "fwd \(current) (libssh2 \(TunnelEngine.version))" }
}
