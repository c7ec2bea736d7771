import PluginAPI
import Testing

@testable import Kernel

/// Tracing in the browser.
@Suite struct TracePagesTests {
    @Test func `a browser with tracing switched on leads from every page to what the last change did`() async throws {
        let plain = try await Browser.open()
        let browser = Browser(kernel: plain.kernel, cookie: plain.cookie + "; tenon_trace=on", csrf: plain.csrf)
        #expect(await browser.post("/admin/teams/new", [("name", "North")]).status == 303)
        let page = await browser.get("/admin/teams")
        let id = try #require(page.header("tenon-trace"))
        #expect(page.text.contains("Tracing is on"))
        #expect(page.text.contains("<a href=\"/admin/traces/\(id)\">This page</a>"))
        let change = try #require(page.text.firstMatch(of: /<a href="(\/admin\/traces\/[0-9a-f]+)">Last change/)?.1)
        let trace = await browser.get(String(change))
        #expect(trace.status == 200)
        #expect(trace.text.contains("create team 1"))
        #expect(trace.text.contains("kernel: on_save team"))
        #expect(trace.text.contains("<ins>North</ins>"))
        #expect(trace.header("tenon-trace") == nil)
        #expect(await browser.get("/admin/traces").text.contains("POST /admin/teams/new"))
    }

    @Test func `a browser without it shows and records nothing`() async throws {
        let browser = try await Browser.open()
        let page = await browser.get("/admin/teams")
        #expect(page.header("tenon-trace") == nil)
        #expect(!page.text.contains("Tracing is on"))
        #expect(browser.kernel.store.calls.traces.all(of: 1, at: browser.kernel.clock.now).isEmpty)
        #expect(await browser.get("/admin/traces/0123456789abcdef").status == 404)
    }

    @Test func `the profile switches it on and off`() async throws {
        let browser = try await Browser.open()
        #expect(await browser.get("/admin/profile").text.contains("Switch tracing on"))
        func cookies(_ state: String) async -> [String] {
            await browser.post("/admin/profile/tracing", [("tracing", state)]).headers.filter { $0.name == "set-cookie" }.map(\.value)
        }
        #expect(await cookies("on").contains("tenon_trace=on; Path=/; HttpOnly; SameSite=Lax"))
        #expect(await cookies("off").contains("tenon_trace=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
        #expect(await browser.post("/admin/profile/tracing", [("tracing", "on")], csrf: "wrong").status == 403)
    }

    @Test func `slow code stands with the plugin and among the work in the background`() async throws {
        let browser = try await Browser.open()
        #expect(await browser.get("/admin/jobs/slow").text.contains("No slow code"))
        browser.kernel.store.calls.slow.note(.of("desk", .listener, "project_done"), took: 80_000_000, limit: 50_000_000)
        let page = await browser.get("/admin/jobs/slow")
        #expect(page.text.contains("<code>project_done</code>"))
        #expect(page.text.contains("desk"))
        #expect(await browser.post("/admin/jobs/slow/forget", []).status == 303)
        #expect(await browser.get("/admin/jobs/slow").text.contains("No slow code"))
    }
}
