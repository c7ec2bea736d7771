import Foundation
import PluginAPI

extension Home {
    /// The browser's files without which pages do not look or work as they should.
    private static let neededAssets = ["tenon.css", "tenon.js"]

    /// What is wrong with the product's own files: said when it starts, before somebody wonders at the pages. Empty when all is well.
    func complaints() -> [CRMError] {
        var complaints: [CRMError] = []
        func complain(_ fact: String, _ hint: String) { complaints.append(CRMError(.unavailable, fact, hint: hint)) }
        let advice = "Build the product again (`make build`) or install it again, or name its folder with TENON_HOME."
        if let passedOver { complain("TENON_HOME names \(passedOver), which has no folder \"plugins\" and is not used", advice) }
        guard let assets else {
            complain("the product's own files were not found: there are no plugins, and pages are bare", advice)
            return complaints
        }
        for name in Home.neededAssets {
            let path = assets + "/" + name
            guard let content = FileManager.default.contents(atPath: path) else {
                let isThere = (try? FileManager.default.attributesOfItem(atPath: path)) != nil
                complain("\(path) \(isThere ? "cannot be read" : "is missing"): pages do not look or work as they should", advice)
                continue
            }
            if content.isEmpty { complain("\(path) is empty: pages do not look or work as they should", advice) }
        }
        for broken in PluginCatalogue(folders: plugins).discover().broken {
            let reason = broken.error.problems.first.map { "\($0.field) \($0.message)" } ?? broken.error.message
            complain("the plugin in \(broken.folder) cannot be used: \(reason)", broken.error.hint.isEmpty ? advice : broken.error.hint)
        }
        return complaints
    }
}
