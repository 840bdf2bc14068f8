import FwdCore
import Glibc
import Synchronization

/// The system's libnftables (libnftables(3)), loaded when the first transparent forward starts: no other machine needs it.
struct NftablesLibrary: Sendable {
    typealias New = @convention(c) (UInt32) -> OpaquePointer?
    typealias Free = @convention(c) (OpaquePointer) -> Void
    typealias Buffer = @convention(c) (OpaquePointer) -> CInt
    typealias Text = @convention(c) (OpaquePointer) -> UnsafePointer<CChar>?
    typealias Run = @convention(c) (OpaquePointer, UnsafePointer<CChar>) -> CInt

    let new: New
    let free: Free
    let bufferErrors: Buffer
    let errors: Text
    let run: Run

    private static let name = "libnftables.so.1"

    /// Loaded once, or not.
    static let shared: Result<NftablesLibrary, Cause> = Result { () throws(Cause) in try NftablesLibrary() }

    private init() throws(Cause) {
        guard let handle = dlopen(Self.name, RTLD_NOW) else {
            throw Cause(
                .config, .needsOperator,
                "a transparent forward needs \(Self.name): install it with \"apt-get install nftables\"")
        }
        new = try Self.symbol("nft_ctx_new", of: handle)
        free = try Self.symbol("nft_ctx_free", of: handle)
        bufferErrors = try Self.symbol("nft_ctx_buffer_error", of: handle)
        errors = try Self.symbol("nft_ctx_get_error_buffer", of: handle)
        run = try Self.symbol("nft_run_cmd_from_buffer", of: handle)
    }

    private static func symbol<Function>(_ name: String, of handle: UnsafeMutableRawPointer) throws(Cause) -> Function {
        guard let address = dlsym(handle, name) else {
            throw Cause(.config, .needsOperator, "\(Self.name) is too old: it has no \(name)")
        }
        return unsafeBitCast(address, to: Function.self)
    }
}

/// A connection to the kernel's packet filter, which owns the tables it makes (nft(8), flag "owner"): the kernel takes
/// them out when it is closed, also by the death of this process.
///
/// Its functions block for as long as the kernel takes; not for an event loop. For all threads.
final class NftablesConnection: Sendable {
    /// libnftables parses with state that its contexts share.
    private static let turn = Mutex(())

    private let library: NftablesLibrary
    private let context: Mutex<OpaquePointer?>

    init() throws(Cause) {
        // Without, libnftables writes to standard error by itself.
        guard Capabilities.includeNetworkAdministration else { throw Self.notAllowed }
        library = try NftablesLibrary.shared.get()
        try Self.requirePacketFilter()
        guard let context = library.new(0) else { throw Cause(.limit, "libnftables cannot start") }
        _ = library.bufferErrors(context)
        self.context = Mutex(context)
    }

    deinit { close() }

    /// libnftables ends the whole process where it gets no such socket (libnftables, netlink.c).
    private static func requirePacketFilter() throws(Cause) {
        let netfilter = CInt(12)  // NETLINK_NETFILTER (linux/netlink.h)
        let probe = socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), netfilter)
        guard probe < 0 else {
            Glibc.close(probe)
            return
        }
        let code = errno
        if code == EMFILE || code == ENFILE { throw Cause(.limit, "a netlink socket: \(systemText(code))") }
        throw Cause(
            .config, .needsOperator,
            "a transparent forward needs the kernel's packet filter (nf_tables), which this process does not get at: "
                + systemText(code))
    }

    /// A table's name that no other process has, also none of another pid namespace.
    static func newTableName() -> String {
        "fwd_\(getpid())_\(String(UInt64.random(in: .min ... .max), radix: 36))"
    }

    /// Why this process cannot have rules; `nil`: it can. A table without rules is put in, and goes at once.
    static var problem: Cause? {
        do throws(Cause) {
            let connection = try NftablesConnection()
            try connection.run("add table inet \(newTableName()) { flags owner; }\n")
            connection.close()
            return nil
        } catch {
            return error
        }
    }

    /// All of the commands, or none.
    func run(_ commands: String) throws(Cause) {
        let problem = Self.turn.withLock { _ in
            context.withLock { context -> String? in
                guard let context else { return "the connection is closed" }
                return library.run(context, commands) == 0
                    ? nil : library.errors(context).map { String(cString: $0) } ?? ""
            }
        }
        if let problem { throw Self.cause(of: problem) }
    }

    /// Takes out what it has put in.
    func close() {
        Self.turn.withLock { _ in
            context.withLock { context in
                if let open = context.take() { library.free(open) }
            }
        }
    }

    private static func cause(of text: String) -> Cause {
        let line = text.split(separator: "\n").first.map { printable(String($0)) } ?? "no reason given"
        let isRefused = text.lowercased().contains(systemText(EPERM).lowercased())
        return isRefused ? notAllowed : Cause(.bind, "the kernel's packet filter refuses the rules: \(line)")
    }

    private static let notAllowed = Cause(
        .forbidden, .needsOperator,
        "a transparent forward needs the capability CAP_NET_ADMIN, which this process does not have (under systemd: "
            + "the drop-in fwd-network.conf)")
}
