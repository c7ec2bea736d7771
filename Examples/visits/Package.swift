// swift-tools-version:6.2
import PackageDescription

let package = Package(
    name: "visits",
    products: [.library(name: "Visits", type: .dynamic, targets: ["Visits"])],
    dependencies: [.package(path: "../../Sources/PluginAPI")],
    targets: [
        .target(name: "Visits", dependencies: [.product(name: "PluginAPI", package: "PluginAPI")])
    ]
)
