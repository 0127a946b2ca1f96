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
}
