import Testing
@testable import Kernel

@Suite struct CompletionTests {
    private func words(_ arguments: String...) async -> [String] {
        let crm = FakeDeployment()
        await crm.run(["complete", "--"] + arguments)
        return crm.out.split(separator: "\n").map(String.init)
    }

    @Test func `the deployment's records stand beside the declared commands`() async {
        let all = await words("")
        #expect(all.contains("projects") && all.contains("task-kinds") && all.contains("serve"))
        #expect(!all.contains("complete"))
        #expect(await words("pro") == ["projects"])
    }

    @Test func `actions stand beside the verbs of all records`() async {
        #expect(
            await words("projects", "") == [
                "add", "close-down", "delete", "duplicates", "edit", "export", "import", "list", "merge", "note", "notes", "panel", "show", "timeline",
            ])
    }

    @Test func `options, and the values of a choice, are known`() async {
        #expect(await words("projects", "add", "--st") == ["--status"])
        #expect(await words("projects", "list", "--status", "") == ["done", "new"])
        #expect(await words("projects", "close-down", "--cl") == ["--closing-reason"])
        #expect(await words("plugin", "dis") == ["disable"])
        #expect(await words("user", "s") == ["show"])
        #expect(await words("token", "create", "--u") == ["--user"])
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `there is a script for each shell`(shell: String) async {
        let crm = FakeDeployment()
        #expect(await crm.run("completion", shell) == .success)
        #expect(crm.out.contains("complete"))
    }
}
