import PluginAPI

@testable import Kernel

/// What there is to do for a company: a plugin that stands beside those of the tree and adds to their pages.
struct TasksPlugin: Plugin {
    static let part: Composition.Part = {
        var registrar = Registrar()
        TasksPlugin().register(with: &registrar)
        return Composition.Part(id: "tasks", name: "Tasks", version: "1.0.0", optional: [], contributions: registrar.contributions,
            approved: .init(reads: ["company"], elevated: nil))
    }()

    func register(with crm: inout Registrar) {
        crm.entity(TodoTask.self)
        crm.uses(TaskedCompany.self)
        crm.list(TodoTask.self, columns: [TodoTask.title, TodoTask.company, TodoTask.due, TodoTask.owner])
        crm.related(TaskedCompany.self, TodoTask.company, columns: [TodoTask.due, TodoTask.owner], sort: .ascending(TodoTask.due))
        crm.metric("tasks.open", "Open tasks", over: TodoTask.self, .count, where: TodoTask.done == false)
        crm.widget("crm", .figure("tasks.open", title: "Tasks"), order: 160)
        crm.widget(
            "crm",
            .records("Upcoming tasks", TodoTask.self, columns: [TodoTask.due, TodoTask.company], where: TodoTask.done == false, sort: .ascending(TodoTask.due)),
            order: 430)
    }
}

enum TodoTask: Entity {
    static let title = Field<String>("title", .maxLength(200), .searchable)
    static let company = Field<Reference<TaskedCompany>?>("company", .indexed, .whenTargetIsDeleted(.clear))
    static let due = Field<Day?>("due", .indexed)
    static let done = Field<Bool>("done", .byDefault(false))
    static let owner = Field<Reference<User>?>("assigned_to", .owner, .whenTargetIsDeleted(.clear))
    static let schema = Schema("todo_task", title, company, due, done, owner).titled("Task", plural: "Tasks").path("tasks")
}

enum TaskedCompany: ForeignEntity {
    static let name = Field<String>("name")
    static let schema = Schema("company", name)
}
