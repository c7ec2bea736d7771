// swift-tools-version:6.2
import PackageDescription

// A plugin outside the product's tree: all that it knows of the product is PluginAPI. With an installed product, the path is
// that of its SDK.
let package = Package(
    name: "hello",
    products: [.library(name: "Hello", type: .dynamic, targets: ["Hello"])],
    dependencies: [.package(path: "../../Sources/PluginAPI")],
    targets: [
        .target(name: "Hello", dependencies: [.product(name: "PluginAPI", package: "PluginAPI")], path: "Sources")
    ]
)
