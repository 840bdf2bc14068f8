import FwdCore
import Glibc
import NIOCore
import NIOPosix

/// A TUN device of the kernel: each read gives a packet, each write takes one. It is not persistent, so it goes with its
/// descriptors, and with it its addresses and routes, however the process ends. Loop-bound.
final class TunDevice {
    /// From the kernel (linux/if_tun.h).
    private enum Kernel {
        static let path = "/dev/net/tun"
        static let setInterface: UInt = 0x4004_54CA
        static let isTun: CShort = 0x0001
        /// No header before the packet.
        static let hasNoPacketInformation: CShort = 0x1000
        /// Refuses a device that is there already.
        static let isExclusive: CShort = CShort(bitPattern: 0x8000)
        /// struct ifreq of 64-bit systems, and the name in it (IFNAMSIZ).
        static let requestSize = 40
        static let nameSize = 16
    }

    /// Our choices.
    enum Policy {
        /// What the kernel makes a name of.
        static let namePattern = "fwd%d"
        /// Packets that one turn of the loop takes: a burst, without keeping others from their turn.
        static let turn = 64
        /// A packet that comes out of the kernel, whatever the MTU is set to meanwhile.
        static let largestPacket = 65_535
    }

    let name: String
    private let descriptor: CInt
    private var source: (any Channel)?
    private var isClosed = false
    /// Kept between reads.
    private let scratch: UnsafeMutableRawBufferPointer
    /// Told of each packet; and once why there will be no more.
    private let received: (UnsafeRawBufferPointer) -> Void
    private let turnEnded: () -> Void
    private let lost: (Cause) -> Void

    /// - Parameter name: `nil`: the kernel chooses one.
    init(
        name: String?, received: @escaping (UnsafeRawBufferPointer) -> Void, turnEnded: @escaping () -> Void,
        lost: @escaping (Cause) -> Void
    ) throws(Cause) {
        self.received = received
        self.turnEnded = turnEnded
        self.lost = lost
        descriptor = Glibc.open(Kernel.path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw TunDevice.refusal(opening: errno) }
        do throws(Cause) {
            self.name = try Self.attach(descriptor, name)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        // The last thing: what throws has no `deinit`.
        scratch = .allocate(byteCount: Policy.largestPacket, alignment: 8)
    }

    deinit {
        close()
        scratch.deallocate()
    }

    /// - Returns: the device's name.
    private static func attach(_ descriptor: CInt, _ name: String?) throws(Cause) -> String {
        var request = [UInt8](repeating: 0, count: Kernel.requestSize)
        let wanted = (name ?? Policy.namePattern).utf8.prefix(Kernel.nameSize - 1)
        request.replaceSubrange(0..<wanted.count, with: wanted)
        let flags = UInt16(bitPattern: Kernel.isTun | Kernel.hasNoPacketInformation | Kernel.isExclusive)
        withUnsafeBytes(of: flags) { bytes in
            request.replaceSubrange(Kernel.nameSize..<(Kernel.nameSize + bytes.count), with: bytes)
        }
        let result = request.withUnsafeMutableBytes { bytes in
            bytes.baseAddress.map { ioctl(descriptor, Kernel.setInterface, $0) } ?? -1
        }
        guard result == 0 else { throw refusal(attaching: errno, name) }
        return String(decoding: request.prefix(Kernel.nameSize).prefix { $0 != 0 }, as: UTF8.self)
    }

    // MARK: - Reading

    /// Begins to read.
    func start(on loop: any EventLoop) {
        let copy = dup(descriptor)
        guard copy >= 0 else { return lost(Cause(.limit, "dup: \(systemText(errno))")) }
        let reader = NIOLoopBound(TunReader(device: self), eventLoop: loop)
        NIOPipeBootstrap(group: loop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Policy.largestPacket))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(reader.value) }
            }
            .takingOwnershipOfDescriptor(input: copy)
            .assumeIsolated()
            .whenComplete { [weak self] result in
                switch result {
                case .success(let channel):
                    guard let self, !isClosed else { return channel.close(promise: nil) }
                    source = channel
                case .failure(let error):
                    Glibc.close(copy)
                    self?.lost(Cause(.bind, "the device cannot be read: \(describe(error))"))
                }
            }
    }

    /// NIO has found the device readable and taken one packet.
    fileprivate func read(_ first: ByteBuffer) {
        first.withUnsafeReadableBytes { received($0) }
    }

    /// It stops after a packet that does not fill its buffer; there may be more.
    fileprivate func readOn() {
        for _ in 1..<Policy.turn where !isClosed {
            let count = Glibc.read(descriptor, scratch.baseAddress, scratch.count)
            guard count > 0 else { break }
            received(UnsafeRawBufferPointer(rebasing: scratch[..<count]))
        }
        turnEnded()
    }

    fileprivate func ended(_ error: (any Error)?) {
        guard !isClosed else { return }
        let why = error.map { ": \(describe($0))" } ?? ""
        close()
        lost(Cause(.bind, "the device \(name) is gone\(why)"))
    }

    // MARK: - Writing

    /// One packet in one call: several vectors would be one packet too.
    /// - Returns: whether the kernel took it.
    func write(_ packet: ByteBuffer) -> Bool {
        guard !isClosed else { return false }
        return packet.withUnsafeReadableBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) == $0.count }
    }

    // MARK: - The end

    func close() {
        guard !isClosed else { return }
        isClosed = true
        source?.close(promise: nil)
        source = nil
        Glibc.close(descriptor)
    }

    // MARK: - Refusals

    private static func refusal(opening code: CInt) -> Cause {
        switch code {
        case EACCES, EPERM:
            Cause(.forbidden, .needsOperator, NetworkText.noCapability("\(Kernel.path): \(systemText(code))"))
        case ENOENT, ENODEV, ENXIO:
            Cause(
                .config, .needsOperator,
                "there is no \(Kernel.path): load the kernel's module (modprobe tun), and let the service see it "
                    + "(\(NetworkText.dropIn))")
        default: Cause(.bind, "\(Kernel.path): \(systemText(code))")
        }
    }

    private static func refusal(attaching code: CInt, _ name: String?) -> Cause {
        switch code {
        case EPERM, EACCES:
            Cause(
                .forbidden, .needsOperator,
                NetworkText.noCapability("making a network device: \(systemText(code))"))
        case EBUSY, EEXIST: Cause(.bind, "a network device \(name ?? "") is there already")
        case EINVAL:
            Cause(
                .config, .needsOperator,
                "\(name ?? Policy.namePattern) cannot be a tun device's name, or another kind of device has it")
        default: Cause(.bind, "making a network device: \(systemText(code))")
        }
    }
}

@available(*, unavailable)
extension TunDevice: Sendable {}

/// Tells the device what NIO reads.
private final class TunReader: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private weak var device: TunDevice?
    private var error: (any Error)?

    init(device: TunDevice) {
        self.device = device
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        device?.read(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        device?.readOn()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.error = error
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        device?.ended(error)
    }
}

@available(*, unavailable)
extension TunReader: Sendable {}
