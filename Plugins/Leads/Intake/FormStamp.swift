import PluginAPI

/// The moment at which a form was shown, signed with the form's secret, so that what comes back says how long it was looked at.
enum FormStamp {
    /// Nobody fills in a form in less, not even a browser that knows all the answers.
    static let shortest: Int64 = 1500
    /// A page that was open for longer is shown once more.
    static let longest: Int64 = 24 * 3600 * 1000

    enum Age {
        case missing, forged, tooQuick, fine, tooOld
    }

    static func make(_ form: Record<LeadForm>, _ context: Context) throws -> String {
        let moment = String(context.now.milliseconds)
        return moment + "." + (try code(moment, form, context))
    }

    static func age(_ stamp: String?, _ form: Record<LeadForm>, _ context: Context) throws -> Age {
        guard let stamp, !stamp.isEmpty else { return .missing }
        let parts = stamp.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, let began = Int64(parts[0]), Seal.isSame(parts[1], try code(parts[0], form, context)) else { return .forged }
        let age = context.now.milliseconds - began
        if age < shortest { return .tooQuick }
        return age > longest ? .tooOld : .fine
    }

    private static func code(_ moment: String, _ form: Record<LeadForm>, _ context: Context) throws -> String {
        let secret = Array((form[LeadForm.secret] ?? "").utf8)
        return Seal.hex(try context.hmacSHA256(key: secret, Array("form \(form.id) \(moment)".utf8)))
    }
}
