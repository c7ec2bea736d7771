/// Where pages find the files that browsers keep. The drawing of icons is named in hundreds of places, so its address is
/// fixed and browsers ask whether it is still the same; the others carry a mark of their content.
struct AssetPaths: Sendable {
    static let icons = "/assets/icons.svg"
    var path: @Sendable (String) -> String = { "/assets/\($0)" }
}
