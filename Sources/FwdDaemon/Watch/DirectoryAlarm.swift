import Foundation

/// Watches one directory, and the name it has in its parent, by inotify(7). It only says that something happened:
/// whether that matters, a look at the directory tells.
///
/// Not thread-safe: `arm` and `concerns` belong to one task. `take` is called on a queue of its own.
final class DirectoryAlarm {
    /// Opening and reading a file are not among them, nor is writing until it is over.
    private static let inside =
        IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
    /// What may put something else in the directory's place.
    private static let beside = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE

    private let path: String
    private let descriptor: CInt
    private let watch: DescriptorWatch
    private var directory: CInt?
    private var parent: CInt?

    /// - Parameters:
    ///   - path: absolute.
    ///   - take: gets inotify's events as they were read.
    /// - Throws: why the kernel refuses, in a few words; a limit of instances per user is a reason.
    init(path: String, take: @escaping @Sendable ([UInt8]) -> Void) throws(DaemonError) {
        self.path = path
        descriptor = inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { throw DaemonError(.watch, String(cString: strerror(errno))) }
        watch = DescriptorWatch(descriptor, label: "fwd.directory") { Self.read($0, take) }
    }

    /// Watches what has the directory's name now. To be called after every alarm, before the look.
    /// - Returns: whether there is such a directory, and it is watched.
    func arm() -> Bool {
        directory = add(path, Self.inside, before: directory)
        parent = add(
            URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false), Self.beside, before: parent)
        return directory != nil
    }

    /// Whether one of these events is about the directory. Other names in its parent are not.
    func concerns(_ events: [UInt8]) -> Bool {
        let name = URL(filePath: path).lastPathComponent
        return InotifyEvent.parse(events).contains { event in
            event.isOverflow || event.watch == directory || (event.watch == parent && event.name == name)
        }
    }

    func close() {
        watch.close()
    }

    /// The kernel knows by itself what is watched already.
    private func add(_ path: String, _ mask: CInt, before: CInt?) -> CInt? {
        let result = inotify_add_watch(descriptor, path, UInt32(mask | IN_ONLYDIR))
        let now = result >= 0 ? result : nil
        // Else what has been put aside would still be heard. It fails where the kernel has dropped it already.
        if let before, before != now { inotify_rm_watch(descriptor, before) }
        return now
    }

    private static func read(_ descriptor: CInt, _ take: ([UInt8]) -> Void) {
        while true {
            var count = 0
            let events = [UInt8](unsafeUninitializedCapacity: 16 * 1024) { buffer, size in
                count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                size = max(count, 0)
            }
            if count > 0 {
                take(events)
            } else if errno != EINTR {
                return
            }
        }
    }
}

@available(*, unavailable)
extension DirectoryAlarm: Sendable {}
