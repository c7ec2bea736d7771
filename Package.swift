// swift-tools-version:6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Starts the built program and talks to it; knows nothing of the kernel.
let pluginTesting = Target.Dependency.product(name: "PluginTesting", package: "PluginTesting")

let pluginAPI = Target.Dependency.product(name: "PluginAPI", package: "PluginAPI")

/// A business module: a shared library that sees PluginAPI and nothing else.
func plugin(_ name: String, path: String) -> Target {
    .target(name: name, dependencies: [pluginAPI], path: path, exclude: ["plugin.json", "README.md", "Tests"], swiftSettings: strict)
}

/// A throw-away plugin that a test of the same name loads.
func fixture(_ name: String) -> Target {
    .target(
        name: name, dependencies: [pluginAPI] + (name == "Crasher" ? ["CCrasher"] : []), path: "Tests/Fixtures/Plugins/\(name)",
        exclude: ["plugin.json"], swiftSettings: strict)
}

let fixtures = [
    "BreaksRules", "ThrowsInHook", "Ledgerly", "LedgerlyNext", "NeedsMissing", "CycleA", "CycleB", "TakenName", "Crasher",
    "Gated", "GatedNext",
]

let package = Package(
    name: "tenon",
    products: [
        .executable(name: "tenon", targets: ["tenon"]),
        .executable(name: "tenon-compat", targets: ["tenon-compat"]),
        .library(name: "Customers", type: .dynamic, targets: ["Customers"]),
        .library(name: "Leads", type: .dynamic, targets: ["Leads"]),
        .library(name: "Deals", type: .dynamic, targets: ["Deals"]),
    ] + fixtures.map { .library(name: $0, type: .dynamic, targets: [$0]) },
    dependencies: [
        .package(path: "Sources/PluginAPI"),
        .package(path: "Sources/PluginTesting"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        // libcurl and libpq are loaded when they are first needed, not linked.
        .target(name: "CLibrary"),
        .target(name: "CCurl", dependencies: ["CLibrary"]),
        .target(name: "CPostgreSQL", dependencies: ["CLibrary"]),
        .target(name: "CThread"),
        .target(name: "CCrash"),
        .target(name: "CSQLite"),
        .systemLibrary(name: "CFFISystem", pkgConfig: "libffi", providers: [.apt(["libffi-dev"])]),
        .target(name: "CFFI", dependencies: ["CFFISystem"]),
        .target(
            name: "Kernel",
            dependencies: [
                pluginAPI,
                "CSodium", "CCurl", "CFFI", "CCrash", "CThread", "CSQLite", "CPostgreSQL",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            // Served from the home that tools/home assembles, not compiled in.
            exclude: ["Web/Assets"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "tenon",
            dependencies: ["Kernel", pluginAPI],
            exclude: ["order.txt"],
            swiftSettings: strict,
            linkerSettings: [
                // Where `make install` puts libPluginAPI.so.
                .unsafeFlags(["-Xlinker", "-rpath=$ORIGIN/../lib/tenon"]),
                // Addresses to be fixed at the start take a twelfth of the room, and none of the file is read twice for them.
                .unsafeFlags(["-use-ld=lld", "-Xlinker", "-z", "-Xlinker", "pack-relative-relocs"], .when(configuration: .release)),
                // What an idle server calls lies together (tools/order), and so less of the program is in memory.
                .unsafeFlags(
                    ["-Xlinker", "--symbol-ordering-file=\(Context.packageDirectory)/Sources/tenon/order.txt", "-Xlinker", "--no-warn-symbol-ordering"],
                    .when(configuration: .release)),
            ]
        ),
        // The rules that every plugin keeps, for plugins that have no tests of their own.
        .executableTarget(name: "tenon-compat", dependencies: [pluginTesting], path: "Sources/tenon-compat", swiftSettings: strict),
        .executableTarget(
            name: "bench",
            dependencies: [
                "Kernel", pluginAPI,
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ],
            path: "Benchmarks/bench",
            swiftSettings: strict
        ),
        .target(name: "CCrasher", path: "Tests/Fixtures/CCrasher"),
        plugin("Customers", path: "Plugins/Customers"),
        plugin("Leads", path: "Plugins/Leads"),
        plugin("Deals", path: "Plugins/Deals"),
        .testTarget(
            name: "PluginTests",
            // The libraries are loaded, not linked: see Tests/PluginTests/Support/PluginLibrary.swift.
            dependencies: ["Kernel", pluginAPI],
            swiftSettings: strict),
        .testTarget(
            name: "KernelTests",
            dependencies: [
                "Kernel", "CCrash", "CSQLite", "CThread", pluginAPI,
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict),
        .testTarget(name: "HostTests", dependencies: ["Kernel", pluginAPI, pluginTesting], swiftSettings: strict),
    ] + fixtures.map(fixture)
)
