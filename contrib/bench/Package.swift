// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// The bench shares no code with the package that it measures: it builds in seconds, and against any version of fwd.
let package = Package(
    name: "fwd-bench",
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        .target(name: "CBench", linkerSettings: [.linkedLibrary("crypto")]),
        .target(name: "BenchSystem", dependencies: ["CBench"], swiftSettings: strict),
        .target(name: "BenchStreams", dependencies: ["BenchSystem", "CBench"], swiftSettings: strict),
        .target(name: "BenchFigures", swiftSettings: strict),
        .target(name: "BenchLine", dependencies: ["BenchSystem", "CBench"], swiftSettings: strict),
        .target(name: "BenchContenders", dependencies: ["BenchSystem"], swiftSettings: strict),
        .executableTarget(
            name: "fwd-bench",
            dependencies: [
                "BenchContenders", "BenchFigures", "BenchLine", "BenchStreams", "BenchSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .testTarget(name: "BenchFiguresTests", dependencies: ["BenchFigures"], swiftSettings: strict),
        .testTarget(name: "BenchLineTests", dependencies: ["BenchLine"], swiftSettings: strict),
        .testTarget(
            name: "BenchStreamsTests", dependencies: ["BenchStreams", "BenchSystem"], swiftSettings: strict),
    ]
)
