#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What a look at a `forwards.d` shows without reading its files: enough to say whether they may have changed.
public struct DirectoryPrint: Hashable, Sendable {
    /// Of what a name leads to, through symbolic links; a file that cannot be asked has zeros.
    struct FileState: Hashable, Sendable {
        var device: UInt64 = 0
        var number: UInt64 = 0
        var size: Int64 = 0
        var modified: [Int] = []
    }

    /// Only the files that are read; `nil`: there is no directory that can be read.
    private let files: [String: FileState]?

    init(path: String) {
        let names = try? DirectoryReader.visibleNames(in: path)
        files = names.map { names in
            let counted = names.filter { $0.hasSuffix(ForwardsDirectory.suffix) }
            return Dictionary(uniqueKeysWithValues: counted.map { ($0, Self.state(of: "\(path)/\($0)")) })
        }
    }

    public var isReadable: Bool { files != nil }

    /// What is different from an earlier look, in byte order of the files: `amsterdam.yaml changed`.
    public func changes(since old: DirectoryPrint) -> [String] {
        guard let files else { return old.isReadable ? ["the directory is gone"] : [] }
        let (before, returned) = (old.files ?? [:], old.isReadable ? [] : ["the directory is back"])
        let names = DirectoryReader.inByteOrder(Array(Set(files.keys).union(before.keys)))
        return returned
            + names.compactMap { name in
                if files[name] == before[name] { return nil }
                return "\(name) \(files[name] == nil ? "gone" : before[name] == nil ? "new" : "changed")"
            }
    }

    private static func state(of path: String) -> FileState {
        var status = stat()
        guard stat(path, &status) == 0 else { return FileState() }
        #if canImport(Darwin)
            let times = [status.st_mtimespec, status.st_ctimespec]
        #else
            let times = [status.st_mtim, status.st_ctim]
        #endif
        return FileState(
            device: UInt64(truncatingIfNeeded: status.st_dev), number: UInt64(status.st_ino),
            size: Int64(status.st_size), modified: times.flatMap { [Int($0.tv_sec), Int($0.tv_nsec)] })
    }
}

extension ForwardsDirectory {
    /// A look at the directory as it is now.
    public func look() -> DirectoryPrint {
        DirectoryPrint(path: path)
    }
}
