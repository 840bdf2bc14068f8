import ArgumentParser
import Foundation
import FwdConfig
import FwdControl
import FwdDaemon

/// The exit codes of `fwd`: 0, 1, and these of sysexits.h. (64, usage, comes from the argument parser as well.)
enum ExitStatus {
    static let failure = ExitCode(1)
    static let usage = ExitCode(64)
    static let noSupervisor = ExitCode(69)
    static let permission = ExitCode(77)
    static let configuration = ExitCode(78)

    static func of(_ error: any Error) -> ExitCode {
        switch error {
        case let error as ControlError: of(error.code)
        case let error as DaemonError: of(error.code)
        case let error as ConfigError: of(error)
        default: failure
        }
    }

    private static func of(_ code: ControlError.Code) -> ExitCode {
        switch code {
        case .noSupervisor: noSupervisor
        case .permission: permission
        case .badRequest: usage
        default: failure
        }
    }

    private static func of(_ error: ConfigError) -> ExitCode {
        if let number = error.errorNumber, [EACCES, EPERM, EROFS].contains(number) { return permission }
        return switch error.code {
        case .invalidArgument: usage
        case .unreadable, .invalidFile, .listenConflict, .uneditable, .noSuchGateway, .noSuchForward: configuration
        default: failure
        }
    }

    private static func of(_ code: DaemonError.Code) -> ExitCode {
        switch code {
        case .configuration: configuration
        case .permission: permission
        default: failure
        }
    }
}
