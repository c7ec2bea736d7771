import PluginAPI

/// What the kernel keeps for plugins besides records: the way to systems outside, the mail server, and a folder of files for each.
struct OutsideServices: Sendable {
    let client: OutgoingClient
    /// Where the plugins' folders stand.
    let filesFolder: String
    /// Nil where there is none, as in some tests.
    var mail: MailPost?
}
