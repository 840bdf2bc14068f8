#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// A failed system call.
struct SystemError: Error, Hashable, Sendable {
    let number: Int32

    /// The error of the call that has just failed.
    static var last: SystemError { SystemError(number: errno) }

    var text: String { String(cString: strerror(number)) }
}

/// An open descriptor, closed at the end of its life.
struct Descriptor: ~Copyable {
    let number: Int32

    /// open(2) with `O_CLOEXEC`.
    init(_ path: String, _ flags: Int32, mode: mode_t = 0) throws(SystemError) {
        number = open(path, flags | O_CLOEXEC, mode)
        if number < 0 { throw .last }
    }

    deinit {
        _ = close(number)
    }

    func status() throws(SystemError) -> stat {
        var status = stat()
        if fstat(number, &status) != 0 { throw .last }
        return status
    }

    /// Up to `limit` bytes from the start of the file.
    func read(limit: Int) throws(SystemError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: limit)
        var count = 0
        while count < limit {
            let result = buffer[count...].withUnsafeMutableBytes { readOnce($0) }
            if result < 0 { throw .last }
            if result == 0 { break }
            count += result
        }
        return Array(buffer[..<count])
    }

    func write(_ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let result = rest.withUnsafeBytes { writeOnce($0) }
            if result < 0 { throw .last }
            rest = rest.dropFirst(result)
        }
    }

    func synchronize() throws(SystemError) {
        if fsync(number) != 0 { throw .last }
    }

    private func readOnce(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        repeating { posixRead(number, buffer.baseAddress, buffer.count) }
    }

    private func writeOnce(_ buffer: UnsafeRawBufferPointer) -> Int {
        repeating { posixWrite(number, buffer.baseAddress, buffer.count) }
    }

    private func repeating(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}

// The methods above hide the functions of the same names.
private let posixRead = read(_:_:_:)
private let posixWrite = write(_:_:_:)
