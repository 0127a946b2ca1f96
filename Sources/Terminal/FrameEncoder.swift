package import Screen

/// Turns screens into the bytes that bring a terminal from one to the next.
package struct FrameEncoder {
    private let capabilities: TerminalCapabilities
    private var shown: Screen?
    /// Sequences already made, by style: a console uses a few dozen.
    private var sequences: [Style: [UInt8]] = [:]

    package var theme = Theme.dark {
        didSet {
            sequences = [:]
            shown = nil
        }
    }

    /// What begins and ends a frame that is to be shown at once; nil where the terminal shows what
    /// comes as it comes.
    package var synchronise: (begin: [UInt8], end: [UInt8])?

    package init(_ capabilities: TerminalCapabilities) {
        self.capabilities = capabilities
        synchronise = capabilities.synchronise
    }

    /// A frame of fewer bytes is in the terminal with one read anyway.
    private static let worthSynchronising = 256

    /// Forgets what the terminal shows: the next frame draws everything.
    package mutating func invalidate() { shown = nil }

    /// The bytes for `screen`, empty where nothing has changed.
    package mutating func encode(_ screen: Screen) -> [UInt8] {
        var bytes: [UInt8] = []
        if shown?.size != screen.size { bytes += capabilities.plain + capabilities.clear }
        let steps = screen.changes(from: shown)
        shown = screen
        var position = (x: 0, y: 0)
        for step in steps {
            switch step {
            case .move(let x, let y):
                bytes += capabilities.move(x: x, y: y)
                position = (x, y)
            case .style(let style): bytes += sequence(for: style)
            case .text(let text): write(text, at: &position, screen.size, into: &bytes)
            }
        }
        if !steps.isEmpty { bytes += capabilities.plain }
        guard let synchronise, bytes.count >= Self.worthSynchronising else { return bytes }
        return synchronise.begin + bytes + synchronise.end
    }

    private mutating func sequence(for style: Style) -> [UInt8] {
        if let made = sequences[style] { return made }
        let made = capabilities.select(theme.paint(style, capabilities.display.colours))
        sequences[style] = made
        return made
    }

    private func write(
        _ text: String, at position: inout (x: Int, y: Int), _ size: Size, into bytes: inout [UInt8]
    ) {
        // Only the very last cell of a terminal may have to be left out.
        if capabilities.isUTF8, capabilities.canWriteLastCell || position.y < size.height - 1 {
            bytes += text.utf8
            return
        }
        for character in text {
            let width = character.isASCII ? 1 : CharacterWidth.columns(of: String(character))
            let isLast = position.y == size.height - 1 && position.x + width >= size.width
            position.x += width
            if isLast, !capabilities.canWriteLastCell { return }
            if character.isASCII || capabilities.isUTF8 {
                bytes += character.utf8
            } else {
                for _ in 0..<width { bytes.append(UInt8(ascii: "?")) }
            }
        }
    }
}
