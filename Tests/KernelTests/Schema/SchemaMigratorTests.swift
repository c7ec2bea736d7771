import PluginAPI
import Testing

@testable import Kernel

@Suite struct SchemaMigratorTests {
    @Test func `the tables of a plugin are these`() throws {
        let plan: String = SchemaMigrator(dialect: SQLiteDialect(), registry: try registry(.projects)).plan(of: "projects")
        #expect(plan == Self.golden)
    }

    @Test func `making the tables twice changes nothing and fields added later become columns`() async throws {
        let database = try TemporaryDatabase()
        let before: Registry = try registry(.projects)
        try await database.prepare(for: before)
        try await database.prepare(for: before)
        _ = try await database.engine.write { connection in
            try connection.execute("INSERT INTO project (version, created_at, updated_at, name) VALUES (1, 0, 0, 'Alpha')")
        }
        let field = CustomField(id: 1, entity: "project", name: "area", definition: CustomFieldDefinition(kind: "money"))
        try await database.prepare(for: try registry(.projects, customFields: [field]))
        try await database.engine.read { connection in
            let columns: Set<String> = try connection.columns(of: "project")
            let name: String? = try connection.first("SELECT name FROM project") { $0.text(0) }
            #expect(columns.isSuperset(of: ["area", "area_currency"]))
            #expect(name == "Alpha")
        }
    }

    @Test func `every table, column and index has an owner on record`() async throws {
        let database = try TemporaryDatabase()
        try await database.prepare(for: try registry(.projects))
        try await database.engine.read { connection in
            let owners: [String] = try connection.all(
                "SELECT kind, name, plugin FROM tenon_owner WHERE parent = 'phase' ORDER BY kind, name"
            ) { "\($0.text(0)) \($0.text(1)) \($0.text(2))" }
            #expect(
                owners == [
                    "column name projects", "column position projects", "index phase__created_at__id__index projects",
                    "index phase__name__unique projects", "table phase projects",
                ])
        }
    }

    @Test func `unique text counts neither case nor empty values`() async throws {
        let database = try TemporaryDatabase()
        try await database.prepare(for: try registry(.projects))
        let insert = "INSERT INTO project (version, created_at, updated_at, name, phase, code) VALUES (1, 0, 0, ?, ?, ?)"
        let dialect: any Dialect = database.engine.dialect
        try await database.engine.write { connection in
            try connection.execute(insert, [.text("a"), .integer(1), .text("X1")])
            try connection.execute(insert, [.text("b"), .integer(1), .null])
            try connection.execute(insert, [.text("c"), .integer(1), .text("")])
            try connection.execute(insert, [.text("d"), .integer(1), .text("")])
            let code: (any Error)? = #expect(throws: (any Error).self) {
                try connection.savepoint { try connection.execute(insert, [.text("e"), .integer(1), .text("x1")]) }
            }
            #expect(code.flatMap(dialect.uniqueViolation) == ["code"])
            let both: (any Error)? = #expect(throws: (any Error).self) {
                try connection.savepoint { try connection.execute(insert, [.text("A"), .integer(1), .null]) }
            }
            #expect(both.flatMap(dialect.uniqueViolation) == ["phase", "name"])
        }
    }

    @Test func `a renamed field keeps its data`() async throws {
        let database = try TemporaryDatabase()
        try await database.engine.write { connection in
            try KernelTables.prepare(connection, database.engine.dialect)
            try connection.execute(
                """
                CREATE TABLE project (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, created_at INTEGER NOT NULL,
                updated_at INTEGER NOT NULL, cost INTEGER, cost_currency TEXT)
                """)
            try connection.execute("INSERT INTO project VALUES (1, 1, 0, 0, 1250, 'EUR')")
            let part = Composition.Part.of("projects") { $0.renamed(Project.self, from: "cost", to: Project.budget) }
            try SchemaMigrator(dialect: database.engine.dialect, registry: try registry(.projects))
                .apply("projects", renames: part.contributions.renames, connection)
            let row = try connection.first("SELECT budget, budget_currency FROM project") { "\($0.integer(0)) \($0.text(1))" }
            #expect(row == "1250 EUR")
        }
    }

    @Test func `a failing step leaves neither tables nor records of the steps before it`() async throws {
        let database = try TemporaryDatabase()
        try await database.engine.write { try KernelTables.prepare($0, database.engine.dialect) }
        let registry: Registry = try registry(.projects)
        let steps: [Contributions.MigrationEntry] = Composition.Part.of("projects") {
            $0.migration("one") { _ in }
            $0.migration("two") { _ in throw CRMError.refused("no") }
        }.contributions.migrations
        let store = Store(engine: database.engine, clock: SystemClock(), registry: registry)
        await #expect(throws: CRMError.self) {
            try await database.engine.write { connection in
                let migrator = SchemaMigrator(dialect: store.engine.dialect, registry: registry)
                try migrator.apply("projects", renames: [], connection)
                try migrator.run(steps, of: "projects", done: [], at: store.clock.now, connection) {
                    StoreTransaction(
                        connection: connection, dialect: store.engine.dialect,
                        state: Store.State(registry: registry, settings: DeploymentSettings()),
                        actor: .system("test", rights: .empty), now: store.clock.now, isWriting: true)
                }
            }
        }
        try await database.engine.read { connection in
            let columns: Set<String> = try connection.columns(of: "project")
            let steps: Set<String> = try SchemaMigrator.recordedSteps(connection)
            let plans: [String: String] = try SchemaMigrator.recordedPlans(connection)
            #expect(columns.isEmpty)
            #expect(steps.isEmpty)
            #expect(plans.isEmpty)
        }
    }

    @Test func `data of a newer release is not touched`() async throws {
        let database = try TemporaryDatabase()
        try await database.engine.write { connection in
            try KernelTables.prepare(connection, database.engine.dialect)
            try connection.execute("UPDATE tenon_meta SET value = '99' WHERE key = 'format'")
        }
        await #expect(throws: CRMError.self) {
            try await database.engine.write { try KernelTables.prepare($0, database.engine.dialect) }
        }
    }

    @Test func `an index name tells its columns and never means two things`() {
        #expect(IndexName.uniqueColumns(IndexName.unique("a_b", ["c"])) == ["c"])
        #expect(IndexName.plain("a_b", ["c"]) != IndexName.plain("a", ["b_c"]))
        let long = String(repeating: "x", count: 40)
        #expect(IndexName.plain(long, [long]).utf8.count <= 60)
        #expect(IndexName.plain(long, [long]) != IndexName.plain(long, [long + "y"]))
    }

    static let golden = """
        CREATE TABLE "phase" (
            "id" INTEGER PRIMARY KEY AUTOINCREMENT,
            "version" INTEGER NOT NULL,
            "created_at" INTEGER NOT NULL,
            "created_by" INTEGER,
            "updated_at" INTEGER NOT NULL,
            "updated_by" INTEGER,
            "name" TEXT,
            "position" INTEGER
        );
        CREATE UNIQUE INDEX "phase__name__unique" ON "phase" (lower("name")) WHERE "name" IS NOT NULL AND "name" <> '';
        CREATE INDEX "phase__created_at__id__index" ON "phase" ("created_at", "id");
        -- search:\u{20}
        CREATE TABLE "project" (
            "id" INTEGER PRIMARY KEY AUTOINCREMENT,
            "version" INTEGER NOT NULL,
            "created_at" INTEGER NOT NULL,
            "created_by" INTEGER,
            "updated_at" INTEGER NOT NULL,
            "updated_by" INTEGER,
            "rank" INTEGER NOT NULL DEFAULT 0,
            "name" TEXT,
            "code" TEXT,
            "budget" INTEGER,
            "budget_currency" TEXT,
            "phase" INTEGER,
            "assigned_to" INTEGER,
            "due" TEXT,
            "effort" INTEGER
        );
        CREATE UNIQUE INDEX "project__code__unique" ON "project" (lower("code")) WHERE "code" IS NOT NULL AND "code" <> '';
        CREATE UNIQUE INDEX "project__phase__name__unique" ON "project" ("phase", lower("name")) WHERE "phase" IS NOT NULL AND "name" IS NOT NULL AND "name" <> '';
        CREATE INDEX "project__created_at__id__index" ON "project" ("created_at", "id");
        CREATE INDEX "project__phase__created_at__id__index" ON "project" ("phase", "created_at", "id");
        CREATE INDEX "project__due__created_at__id__index" ON "project" ("due", "created_at", "id");
        CREATE INDEX "project__assigned_to__created_at__id__index" ON "project" ("assigned_to", "created_at", "id");
        CREATE INDEX "project__phase__rank__id__index" ON "project" ("phase", "rank", "id");
        CREATE INDEX "project__phase__assigned_to__rank__id__index" ON "project" ("phase", "assigned_to", "rank", "id");
        -- search: name

        """
}
