// swift-tools-version:6.2
import PackageDescription

// Where the product's SDK stands. `tenon plugin build` and `tenon plugin test` say so by TENON_SDK; without them it is this one.
let sdk = Context.environment["TENON_SDK"] ?? "/usr/local/lib/tenon/sdk"

let package = Package(
    name: "acme-loyalty",
    products: [.library(name: "AcmeLoyalty", type: .dynamic, targets: ["AcmeLoyalty"])],
    dependencies: [.package(path: sdk + "/PluginAPI"), .package(path: sdk + "/PluginTesting")],
    targets: [
        .target(name: "AcmeLoyalty", dependencies: [.product(name: "PluginAPI", package: "PluginAPI")]),
        .testTarget(
            name: "AcmeLoyaltyTests",
            dependencies: ["AcmeLoyalty", .product(name: "PluginTesting", package: "PluginTesting")]),
    ]
)
