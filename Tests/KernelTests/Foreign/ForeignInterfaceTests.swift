import PluginAPI
import Testing

@testable import Kernel

/// The part `foreign` of plugin.json.
@Suite struct ForeignInterfaceTests {
    @Test func `functions and handlers are read`() throws {
        let interface = try ForeignInterface.read(
            """
            {"functions": [{"name": "grade", "symbol": "acme_grade", "parameters": ["text?", "number(2)"], "returns": "integer",
                            "mayFail": true, "summary": "How good it is."}],
             "handlers": [{"hook": "chore_done", "symbol": "acme_done", "returns": "integer", "sets": "chore.score", "when": "after", "priority": -5,
                           "parameters": [{"payload": "chore", "type": "id"}, {"field": "step.name", "by": "from", "type": "text"}]},
                          {"hook": "chore_created", "symbol": "acme_new", "parameters": [{"field": "chore.title", "type": "text"}]}],
             "frees": "acme_free", "longestText": 1000}
            """)
        let grade = ForeignSignature(
            symbol: "acme_grade", parameters: [ForeignType(.text, isOptional: true), ForeignType(.number(scale: 2))], result: ForeignType(.integer),
            mayFail: true)
        #expect(interface.functions == [.init(name: "grade", summary: "How good it is.", signature: grade)])
        let done: ForeignInterface.Handler = interface.handlers[0]
        #expect(done.sources == [.payload("chore"), .field(.init(entity: "step", field: "name", member: "from"))])
        #expect(done.sets == .init(entity: "chore", field: "score", member: "chore"))
        #expect(done.when == .after && done.priority == -5)
        // The hooks that every entity sends name the record as such.
        #expect(interface.handlers[1].sources == [.field(.init(entity: "chore", field: "title", member: "record"))])
        #expect(interface.handlers[1].when == .during && interface.handlers[1].signature.result == nil)
        #expect(interface.symbols == ["acme_grade", "acme_done", "acme_new", "acme_free"])
        #expect(interface.longestText == 1000)
    }

    @Test func `what is wrong is told with its path in the file`() throws {
        let types = "text, integer, number(2) and money(2) with their decimals, boolean, id, date and moment, each with ? where it may be empty"
        #expect(
            try ForeignInterface.complaints(
                """
                {"functions": [{"name": "Grade", "parameters": ["text", "double"], "returns": "void"},
                               {"name": "ok", "parameters": ["number"], "returns": "money(2)"},
                               {"parameters": "text", "returns": "integer", "parameter": []},
                               {"name": "many", "parameters": ["id","id","id","id","id","id","id","id","id","id","id","id","id"], "returns": "id"}],
                 "frees": "free it", "longestText": 0}
                """) == [
                "foreign.functions[0].name is not small letters, digits and single underscores, beginning with a letter",
                "foreign.functions[0].parameters[1] is \"double\", which is no type: there are \(types)",
                "foreign.functions[0].returns is nothing, but a function of formulas must give a value",
                "foreign.functions[1].parameters[0] is \"number\", which is no type: there are \(types)",
                "foreign.functions[1].returns is money(2), which has no currency: return a number",
                "foreign.functions[2].name is missing",
                "foreign.functions[2].parameters is not a list of texts",
                "foreign.functions[2].parameter is not a key of plugin.json",
                "foreign.functions[3].parameters are 13, and 12 at most can be passed",
                "foreign.frees is \"free it\", which cannot be the name of a C function",
                "foreign.longestText is not from 1 to 1048576",
            ])
        #expect(
            try ForeignInterface.complaints(
                """
                {"handlers": [{"hook": "chore_done", "symbol": "1st", "parameters": [{"payload": "chore"}, {"field": "title", "type": "text"}, 7]},
                              {"hook": "Chore Done", "symbol": "done", "returns": "integer", "when": "before"},
                              {"hook": "chore_done", "symbol": "done", "sets": "chore.score"},
                              {"hook": "chore_done", "symbol": "done", "parameters": [{"payload": "a", "field": "chore.title", "type": "id"},
                                                                                     {"payload": "a", "by": "b", "type": "id"}]}]}
                """) == [
                "foreign.handlers[0].symbol is \"1st\", which cannot be the name of a C function",
                "foreign.handlers[0].parameters[0].type is missing",
                "foreign.handlers[0].parameters[1].field is not written as entity.field",
                "foreign.handlers[0].parameters[2] is not a JSON object",
                "foreign.handlers[0].parameters[2].type is missing",
                "foreign.handlers[0].parameters[2] names neither \"payload\" nor \"field\", or both",
                "foreign.handlers[1].hook is not the name of a hook",
                "foreign.handlers[1].sets is missing: say where the returned value goes, or return \"nothing\"",
                "foreign.handlers[1].when is neither \"in\" nor \"after\"",
                "foreign.handlers[2].returns is nothing, so that there is no value for \"sets\"",
                "foreign.handlers[3].parameters[0] names neither \"payload\" nor \"field\", or both",
                "foreign.handlers[3].parameters[1].by goes with \"field\" only",
            ])
    }

    @Test func `a part that offers nothing, or is none, is refused`() throws {
        #expect(try ForeignInterface.complaints("{}") == ["foreign has neither functions nor handlers"])
        #expect(try ForeignInterface.complaints("[]").first == "foreign is not a JSON object")
        #expect(try ForeignInterface.complaints(#"{"functions": {}, "colour": "red"}"#).first == "foreign.functions is not a list")
    }

    @Test func `a manifest must ask for the entities that its handlers read and write`() {
        let handler = """
            {"hook": "chore_done", "symbol": "done", "parameters": [{"field": "chore.title", "type": "text"}, {"field": "user.name", "type": "text"}],
             "returns": "integer", "sets": "chore.score"}
            """
        func problems(_ capabilities: String) -> [Problem] {
            let json = """
                {"id": "acme", "name": "Acme", "version": "1.0.0", "api": {"from": "1.0", "below": "2.0"}, "summary": "Scores.",
                 "licence": "Apache-2.0", "library": "acme", "capabilities": \(capabilities), "foreign": {"handlers": [\(handler)]}}
                """
            do {
                let manifest = try PluginManifest(json: Array(json.utf8))
                return manifest.foreign == nil ? [Problem(field: "", "is not foreign")] : []
            } catch { return (error as? CRMError)?.problems ?? [Problem(field: "", "\(error)")] }
        }
        #expect(
            problems("{}") == [
                Problem(field: "foreign.handlers[0].parameters[0].field", "needs the entity chore, which capabilities.reads does not name"),
                Problem(field: "foreign.handlers[0].sets", "needs the entity chore, which capabilities.writes does not name"),
            ])
        #expect(problems(#"{"reads": ["chore"]}"#).map(\.field) == ["foreign.handlers[0].sets"])
        #expect(problems(#"{"writes": ["chore"]}"#) == [])
    }

    static let prototypes: [([String], String, Bool, String)] = [
        (["text", "text?", "boolean", "boolean?"], "integer", false, "int64_t f(const char *, const char *, bool, const bool *)"),
        (
            ["integer", "number(2)?", "id?", "date", "moment?", "money(2)"], "text?", true,
            "const char *f(int64_t, const int64_t *, int64_t, int64_t, const int64_t *, int64_t, char *problem, size_t room)"
        ),
        ([], "number(1)?", false, "const int64_t *f(void)"), ([], "boolean", true, "bool f(char *problem, size_t room)"),
    ]

    @Test(arguments: prototypes)
    func `a signature reads as C`(parameters: [String], returns: String, mayFail: Bool, prototype: String) throws {
        let types: [ForeignType] = try parameters.map { try #require(ForeignType($0)) }
        #expect(types.map(\.description) == parameters)
        let signature = ForeignSignature(symbol: "f", parameters: types, result: ForeignType(returns), mayFail: mayFail)
        #expect(signature.prototype == prototype)
    }

    @Test(arguments: ["", "?", "text??", "number()", "number(10)", "number(-1)", "number(2", "number(+2)", "Number(2)", "int64", "money", "list"])
    func `a type that there is not is not taken for another`(name: String) { #expect(ForeignType(name) == nil) }
}
