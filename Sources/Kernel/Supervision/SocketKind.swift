/// The kinds of sockets, as Linux numbers them on x86-64 and ARM.
///
/// Written out, because several C libraries bring the same header, and which of them the names belong to depends on how the
/// module is compiled.
enum SocketKind {
    static let stream: Int32 = 1
    /// Messages that stay whole and in order.
    static let messages: Int32 = 5
    /// Not handed on to programs that are started.
    static let closedOnExec: Int32 = 0o2000000
    static let nonBlocking: Int32 = 0o4000
}
