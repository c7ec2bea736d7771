import PluginAPI

/// What a lead's page works out when somebody looks: where the score comes from, why it belongs to whom it does, and how long it was
/// in each status.
enum LeadPanels {
    /// The score line by line. The lead is read whole: the score is the same for everyone. What a rule says about fields that the
    /// reader does not see is not told.
    @Sendable static func score(_ seen: Record<Lead>, _ transaction: Transaction) throws -> Panel {
        let scoring = try LeadScoring(transaction)
        let everything: Transaction = transaction.elevated(for: "A score is the same whoever looks at it.")
        let lead: Record<Lead> = try everything.find(Lead.self, seen.id)
        let lines: [LeadScoring.Line] = scoring.lines(of: lead)
        if lines.isEmpty { return Panel(scoring.hasRules ? "No rule holds for this lead." : "") }
        let total: Int = lines.reduce(0) { $0 + $1.points }
        let rows: [[Panel.Cell]] = lines.map { line in
            let isTold: Bool = line.rule.map { isVisible($0, seen, transaction) } ?? true
            return [.text(line.title), .text(isTold ? line.why : "what you may not see"), .number(line.points)]
        }
        return Panel(
            "\(total) points in all.", columns: ["Rule", "Because", .number("Points")], rows: rows)
    }

    private static func isVisible(_ rule: Record<LeadScoreRule>, _ lead: Record<Lead>, _ transaction: Transaction) -> Bool {
        let formulas: [String] = [rule[LeadScoreRule.condition], rule[LeadScoreRule.pointsFormula]].compactMap(\.self)
        return formulas.allSatisfy { formula in
            do {
                _ = try transaction.evaluate(formula, on: lead)
                return true
            } catch let error as CRMError {
                // A field that is hidden is unknown to the reader's formulas; any other failure is told with the line.
                return error.code != .invalid || scoringFails(formula, lead, transaction)
            } catch { return true }
        }
    }

    /// Whether a formula is wrong for everyone.
    private static func scoringFails(_ formula: String, _ lead: Record<Lead>, _ transaction: Transaction) -> Bool {
        do {
            _ = try transaction.elevated(for: "A score is the same whoever looks at it.").evaluate(formula, on: lead)
            return false
        } catch { return true }
    }

    /// Why the rules chose whom they chose, or nobody.
    @Sendable static func assignment(_ lead: Record<Lead>, _ transaction: Transaction) throws -> Panel {
        let lines: [Substring] = (lead[Lead.assignment] ?? "").split(separator: "\n")
        guard let first = lines.first else { return Panel() }
        if lines.count == 1 { return Panel(String(first)) }
        return Panel(rows: lines.map { [.text(String($0))] })
    }

    /// How long the lead was in each status, from the log.
    @Sendable static func times(_ lead: Record<Lead>, _ transaction: Transaction) throws -> Panel {
        guard lead[Lead.statusSince] != nil else { return Panel() }
        let rows: [[Panel.Cell]] = try StatusLog.times(of: lead, transaction).map { time in
            let status: Panel.Cell = time.status.map { .record($0) } ?? "A deleted status"
            return [status, .number(time.visits), .duration(seconds: Int64(time.seconds))]
        }
        return Panel(columns: ["Status", .number("Times"), .number("Time")], rows: rows)
    }
}
