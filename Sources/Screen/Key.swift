/// What the mouse did on a cell; columns and rows from 0.
package struct Mouse: Hashable, Sendable {
    package enum Action: Hashable, Sendable { case press, wheelUp, wheelDown }
    package var action: Action
    package var x: Int
    package var y: Int
    package init(_ action: Action, x: Int, y: Int) {
        self.action = action
        self.x = x
        self.y = y
    }
}

/// One press of a key, as the terminal's bytes meant it.
package enum Key: Hashable, Sendable {
    case character(Character)
    /// A control letter: `control("c")`.
    case control(Character)
    case enter, escape, tab, backTab, backspace, delete
    case up, down, left, right
    case home, end, pageUp, pageDown
    case function(Int)
    /// Text pasted between the marks of bracketed paste.
    case paste(String)
    case mouse(Mouse)
}
