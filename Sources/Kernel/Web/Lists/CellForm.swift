/// The form of the buttons in a list's cells. It stands apart from the list, which is a form itself: forms do not nest.
enum CellForm {
    static let id = "cells"

    static func html(_ state: ListState, csrf: String) -> HTML {
        """
        <form id="\(id)" method="post" action="\(state.base)">\(csrfField(csrf))<input type="hidden" name="back" value="\(state.query.without("add").href(state.base))"></form>
        """
    }
}
