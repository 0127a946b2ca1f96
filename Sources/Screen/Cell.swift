/// One cell: a character of 1 or 2 columns. The right half of a wide character is a cell of
/// width 0, always directly after its left half.
///
/// A screen has thousands of them and is compared with the one before: no part of a cell is an
/// object, so copying and comparing it is copying and comparing numbers.
package struct Cell: Hashable, Sendable {
    /// Up to three scalars, 21 bits each, the base in the lowest: `CharacterWidth` keeps no more
    /// than a base and two marks.
    let scalars: UInt64
    package var style: Style
    package let width: UInt8

    init(scalars: UInt64, _ style: Style, width: UInt8) {
        self.scalars = scalars
        self.style = style
        self.width = width
    }

    /// Of a character with more scalars than `CharacterWidth` keeps, the first ones.
    package init(_ text: Character, _ style: Style, width: UInt8 = 1) {
        self.init(scalars: Self.packed(text.unicodeScalars), style, width: width)
    }

    package static let blank = blank(.plain)
    static let blankScalars = UInt64(0x20)

    static func blank(_ style: Style, width: UInt8 = 1) -> Cell {
        Cell(scalars: blankScalars, style, width: width)
    }

    private static let scalarBits: UInt64 = 21

    static func packed(_ text: String.UnicodeScalarView) -> UInt64 {
        var packed: UInt64 = 0
        var shift: UInt64 = 0
        for scalar in text {
            guard shift <= UInt64(CharacterWidth.maximumMarks) * scalarBits else { break }
            packed |= UInt64(scalar.value) << shift
            shift += scalarBits
        }
        return packed
    }

    package var text: Character {
        var text = String.UnicodeScalarView()
        append(to: &text)
        return String(text).first ?? " "
    }

    func append(to text: inout String.UnicodeScalarView) {
        var rest = scalars
        repeat {
            let value = UInt32(truncatingIfNeeded: rest & (1 << Self.scalarBits - 1))
            if let scalar = Unicode.Scalar(value) { text.append(scalar) }
            rest >>= Self.scalarBits
        } while rest != 0
    }
}

/// Text of one style.
package struct Span: Hashable, Sendable {
    package var text: String
    package var style: Style
    package init(_ text: String, _ style: Style = .plain) {
        self.text = text
        self.style = style
    }
}

package enum Alignment: Sendable { case left, right, centre }
