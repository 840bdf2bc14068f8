// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"),
    .product(name: "NIOPosix", package: "swift-nio"),
]
let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "fwd",
    products: [
        .executable(name: "fwd", targets: ["fwd"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibSSH2", pkgConfig: "libssh2", providers: [.apt(["libssh2-1-dev"]), .brew(["libssh2"])]),
        .systemLibrary(name: "CResolv"),
        .target(name: "LibSSH2", dependencies: ["CLibSSH2"], swiftSettings: strict),
        .target(name: "FwdCore", swiftSettings: strict),
        .target(
            name: "FwdOpenSSH", dependencies: ["CResolv", "FwdCore", crypto, subprocess, system],
            swiftSettings: strict),
        .target(
            name: "FwdConfig",
            dependencies: ["FwdCore", "FwdOpenSSH", .product(name: "Yams", package: "Yams")], swiftSettings: strict),
        .target(
            name: "FwdTunnel",
            dependencies: [
                "FwdCore", "FwdOpenSSH", "LibSSH2", log, subprocess, system,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSOCKS", package: "swift-nio-extras"),
            ] + nio,
            swiftSettings: strict),
        .target(
            name: "FwdControl",
            dependencies: [
                "FwdCore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"), lifecycle, log,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio,
            swiftSettings: strict),
        .target(
            name: "FwdDaemon",
            dependencies: [
                "FwdControl", "FwdConfig", "FwdCore", "FwdOpenSSH", "FwdTunnel", crypto, lifecycle, log,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ] + nio,
            resources: ["page.html", "page.css", "page.js"].map { .embedInCode("StatusPage/\($0)") },
            swiftSettings: strict),
        .executableTarget(
            name: "fwd",
            dependencies: [
                "FwdConfig", "FwdControl", "FwdCore", "FwdDaemon", "FwdOpenSSH", "FwdTunnel", log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .target(name: "FwdTestSupport", dependencies: ["FwdCore", crypto, log] + nio, swiftSettings: strict),
        .testTarget(
            name: "LibSSH2Tests", dependencies: ["FwdTestSupport", "LibSSH2"] + nio, swiftSettings: strict),
        .testTarget(name: "FwdCoreTests", dependencies: ["FwdCore"], swiftSettings: strict),
        .testTarget(
            name: "FwdOpenSSHTests", dependencies: ["FwdCore", "FwdOpenSSH", "FwdTestSupport"], swiftSettings: strict),
        .testTarget(
            name: "FwdConfigTests", dependencies: ["FwdConfig", "FwdCore", "FwdOpenSSH", "FwdTestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "FwdTunnelTests",
            dependencies: [
                "FwdCore", "FwdOpenSSH", "FwdTestSupport", "FwdTunnel", "LibSSH2", log,
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "FwdControlTests",
            dependencies: [
                "FwdControl", "FwdCore", "FwdTestSupport", lifecycle, log,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "FwdDaemonTests",
            dependencies: [
                "FwdControl", "FwdConfig", "FwdCore", "FwdDaemon", "FwdTestSupport", lifecycle, log,
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "FwdCommandTests",
            dependencies: [
                "fwd", "FwdConfig", "FwdControl", "FwdCore", "FwdDaemon", "FwdOpenSSH", "FwdTestSupport", "FwdTunnel",
                log,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "fwd", "FwdConfig", "FwdCore", "FwdTestSupport", "LibSSH2",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ] + nio,
            swiftSettings: strict),
        .testTarget(
            name: "FwdTestSupportTests", dependencies: ["FwdCore", "FwdTestSupport", crypto, log] + nio,
            swiftSettings: strict),
    ]
)
