// swift-tools-version:6.2
import PackageDescription

// A package of its own that depends on nothing: a plugin's tests build in seconds, and run against the product as it is
// installed (docs/decisions/0010-tests-drive-the-real-product.md).
let package = Package(
    name: "PluginTesting",
    products: [.library(name: "PluginTesting", targets: ["PluginTesting"])],
    targets: [
        .target(
            name: "PluginTesting",
            path: ".",
            exclude: ["Package.swift"],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
            ]
        )
    ]
)
