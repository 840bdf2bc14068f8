import Dispatch
import Foundation

/// Owns a non-blocking descriptor of the kernel's news, and calls `whenReadable` on a queue of its own whenever there
/// are some, until `close`. Not for sockets of relays: those are SwiftNIO's.
final class DescriptorWatch {
    private let source: any DispatchSourceRead

    init(_ descriptor: CInt, label: String, whenReadable: @escaping @Sendable (CInt) -> Void) {
        source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: DispatchQueue(label: label))
        source.setEventHandler { whenReadable(descriptor) }
        source.setCancelHandler { _ = Foundation.close(descriptor) }
        source.resume()
    }

    /// The descriptor is closed when a call that runs has returned.
    func close() {
        source.cancel()
    }
}

@available(*, unavailable)
extension DescriptorWatch: Sendable {}
