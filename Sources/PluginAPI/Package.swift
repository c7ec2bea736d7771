// swift-tools-version:6.2
import PackageDescription

// A package of its own, with one dynamic product: the host and every plugin must share a single
// copy of these types, or casts across the boundary fail (docs/decisions/0001-one-plugin-api.md).
let package = Package(
    name: "PluginAPI",
    products: [.library(name: "PluginAPI", type: .dynamic, targets: ["PluginAPI"])],
    targets: [
        .target(
            name: "PluginAPI",
            path: ".",
            exclude: ["Package.swift"],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .unsafeFlags(["-enable-library-evolution"]),
            ]
        )
    ]
)
