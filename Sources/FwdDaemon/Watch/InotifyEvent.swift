import Foundation

/// One event of inotify(7).
struct InotifyEvent: Hashable, Sendable {
    let watch: CInt
    let mask: UInt32
    /// In the watched directory; empty where it is about the directory itself.
    let name: String

    /// Events were lost.
    var isOverflow: Bool { mask & UInt32(IN_Q_OVERFLOW) != 0 }

    /// `struct inotify_event`, several behind one another.
    static func parse(_ bytes: [UInt8]) -> [InotifyEvent] {
        var events: [InotifyEvent] = []
        var rest = bytes[...]
        while rest.count >= header {
            let words = (0..<4).map { index in
                rest.dropFirst(index * 4).prefix(4).withUnsafeBytes { $0.loadUnaligned(as: UInt32.self) }
            }
            let name = rest.dropFirst(header).prefix(Int(words[3])).prefix { $0 != 0 }
            events.append(
                InotifyEvent(
                    watch: CInt(bitPattern: words[0]), mask: words[1], name: String(decoding: name, as: UTF8.self)))
            rest = rest.dropFirst(header + Int(words[3]))
        }
        return events
    }

    private static let header = 16
}
