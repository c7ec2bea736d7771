/// Who gets past the door of which address: those of the default roles whose users are let in. Written down here so that a change
/// of it is seen. Whose records there are behind the door is another matter.
enum RouteMatrix {
    static let text = """
        """
}
