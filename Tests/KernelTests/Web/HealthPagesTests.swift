import PluginAPI
import Testing

@testable import Kernel

/// Whether the deployment is well, in the browser.
@Suite struct HealthPagesTests {
    @Test func `an administrator looks whether all is well, mends what can be made anew, and takes a backup away`() async throws {
        let browser = try await Browser.open()
        let page = await browser.get("/admin/jobs/health")
        // Nothing is read before somebody says so.
        #expect(page.text.contains("Look now") && !page.text.contains("All is well"))
        #expect(page.text.contains("href=\"/api/v1/backup\" download"))
        #expect(await browser.get("/admin/jobs/health?look=1").text.contains("All is well"))

        let engine = browser.kernel.store.engine
        try await engine.write { try engine.dialect.dropSearch($0, table: "user") }
        let ill = await browser.get("/admin/jobs/health?look=1")
        #expect(ill.text.contains("One thing is not well") && ill.text.contains("user: there is no index"))
        #expect(await browser.post("/admin/jobs/health/mend", [], csrf: "wrong").status == 403)
        #expect(await browser.post("/admin/jobs/health/mend", []).status == 303)
        let well = await browser.get("/admin/jobs/health?look=1")
        #expect(well.text.contains("All is well") && !well.text.contains("/admin/jobs/health/mend"))
        let mended = try await engine.read { try $0.integer("SELECT count(*) FROM tenon_audit WHERE entity = 'doctor' AND action = 'mended'") }
        #expect(mended == 1)
    }
}
