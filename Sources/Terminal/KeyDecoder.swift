package import Screen

/// Turns a terminal's bytes into keys. Pure: bytes in, keys out, however reads cut them.
///
/// An escape sequence and the Escape key begin alike; a lone ESC becomes the key when nothing has
/// followed it for `escapeMilliseconds`, which the caller tells by `timedOut`.
package struct KeyDecoder: Sendable {
    /// Long enough for a sequence over a slow line, short enough not to be felt.
    package static let escapeMilliseconds = 50
    /// A sequence longer than this is noise.
    private static let maximumSequence = 64
    /// A paste longer than this loses its end.
    package static let maximumPaste = 4096

    private var pending: [UInt8] = []
    private var pasted: [UInt8]?
    /// The Escape key was made of an ESC that nothing followed in time: what comes next may be the
    /// rest of a sequence that a slow line has cut.
    private var mayBeTail = false
    /// The terminal's answer to `askSynchronised`; nil while there is none.
    package private(set) var knowsSynchronised: Bool?

    /// Asks for mode 2026 (DECRQM): the answer is `ESC [ ? 2026 ; Ps $ y`, 0 and 4 for no.
    package static let askSynchronised = Array("\u{1B}[?2026$p".utf8)
    private static let synchronisedAnswer = "?2026;"

    private static let pasteStart = Array("\u{1B}[200~".utf8)
    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    package init() {}

    /// True while bytes wait for more: call `timedOut` after `escapeMilliseconds` of silence.
    package var isWaiting: Bool { !pending.isEmpty }

    package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Key] {
        pending += bytes
        if mayBeTail, !pending.isEmpty {
            mayBeTail = false
            dropTail()
        }
        return decode(final: false)
    }

    /// Nothing has followed: what waits is what it is.
    package mutating func timedOut() -> [Key] {
        mayBeTail = pending == [0x1B]
        return decode(final: true)
    }

    /// Takes `[A`, `OP`, `[?2026;2$y` away where a read begins with it after a lone ESC: typed by
    /// hand, these keys do not come in one read, and as keys they would lead far from there.
    private mutating func dropTail() {
        guard pending.count > 1 else { return }
        switch pending[0] {
        case UInt8(ascii: "O") where Self.letterKey(pending[1]) != nil: pending.removeFirst(2)
        case UInt8(ascii: "["):
            let body = pending.dropFirst()
            let parameters = body.prefix { (0x20...0x3F).contains($0) }
            guard let last = body.dropFirst(parameters.count).first,
                (0x40...0x7E).contains(last), !parameters.isEmpty || Self.letterKey(last) != nil
            else { return }
            note(parameters, last)
            pending.removeFirst(2 + parameters.count)
        default: break
        }
    }

    /// Keeps what the terminal answers.
    private mutating func note(_ parameters: ArraySlice<UInt8>, _ last: UInt8) {
        let text = String(decoding: parameters, as: UTF8.self)
        guard last == UInt8(ascii: "y"), text.hasPrefix(Self.synchronisedAnswer) else { return }
        knowsSynchronised = ["1$", "2$", "3$"].contains {
            text.dropFirst(Self.synchronisedAnswer.count) == $0
        }
    }

    private mutating func decode(final: Bool) -> [Key] {
        var keys: [Key] = []
        var position = 0
        while position < pending.count {
            if pasted != nil {
                guard let end = takePaste(from: position) else {
                    position = 0
                    break
                }
                position = end
                keys.append(.paste(String(decoding: pasted ?? [], as: UTF8.self)))
                pasted = nil
                continue
            }
            if pending[position...].starts(with: Self.pasteStart) {
                pasted = []
                position += Self.pasteStart.count
                continue
            }
            guard let (key, length) = next(pending[position...], final: final) else { break }
            if let key { keys.append(key) }
            let taken = pending[position..<min(position + length, pending.count)]
            if length > 3, taken.starts(with: [0x1B, UInt8(ascii: "[")]), let last = taken.last {
                note(taken.dropFirst(2).dropLast(), last)
            }
            position += length
        }
        pending.removeFirst(min(position, pending.count))
        return keys
    }

    /// Moves pasted bytes aside; the position behind the end mark, or nil while it has not come:
    /// then only a possible beginning of the mark stays in `pending`.
    private mutating func takePaste(from position: Int) -> Int? {
        var index = position
        while index < pending.count {
            let rest = pending[index...]
            if rest.starts(with: Self.pasteEnd) { return index + Self.pasteEnd.count }
            if rest.count < Self.pasteEnd.count, Self.pasteEnd.starts(with: rest) { break }
            if (pasted?.count ?? 0) < Self.maximumPaste { pasted?.append(pending[index]) }
            index += 1
        }
        pending.removeFirst(index)
        return nil
    }

    /// The key at the start of `bytes` and its length; a nil key for bytes without meaning, nil
    /// altogether while more bytes are needed.
    private func next(_ bytes: ArraySlice<UInt8>, final: Bool) -> (Key?, Int)? {
        guard let first = bytes.first else { return nil }
        switch first {
        case 0x1B: return escape(bytes, final: final)
        case 0x0D, 0x0A: return (.enter, 1)
        case 0x09: return (.tab, 1)
        case 0x08, 0x7F: return (.backspace, 1)
        case 0x00: return (.control(" "), 1)
        case 0x01...0x1A: return (.control(Character(Unicode.Scalar(first + 0x60))), 1)
        case 0x1C...0x1F: return (nil, 1)
        case 0x20...0x7E: return (.character(Character(Unicode.Scalar(first))), 1)
        default: return multibyte(bytes, final: final)
        }
    }

    private func multibyte(_ bytes: ArraySlice<UInt8>, final: Bool) -> (Key?, Int)? {
        guard let first = bytes.first else { return nil }
        let length =
            switch first {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 0
            }
        guard length > 0 else { return (nil, 1) }
        guard bytes.count >= length else { return final ? (nil, bytes.count) : nil }
        let text = String(decoding: bytes.prefix(length), as: UTF8.self)
        guard let character = text.first, text.count == 1, character != "\u{FFFD}" else {
            return (nil, 1)
        }
        return (.character(character), length)
    }

    private func escape(_ bytes: ArraySlice<UInt8>, final: Bool) -> (Key?, Int)? {
        guard bytes.count > 1 else { return final ? (.escape, 1) : nil }
        let second = bytes[bytes.startIndex + 1]
        switch second {
        case UInt8(ascii: "["): return controlSequence(bytes, final: final)
        case UInt8(ascii: "O"):
            guard bytes.count > 2 else { return final ? (nil, 2) : nil }
            return (Self.letterKey(bytes[bytes.startIndex + 2]), 3)
        case 0x1B: return (.escape, 1)
        default:
            // Alt and a key: the key's meaning without Alt would surprise, so it has none.
            return (nil, 2)
        }
    }

    /// `ESC [ parameters final`; the linux console's `ESC [ [ A` for its function keys.
    private func controlSequence(_ bytes: ArraySlice<UInt8>, final: Bool) -> (Key?, Int)? {
        let body = bytes.dropFirst(2)
        if body.first == UInt8(ascii: "[") {
            guard body.count > 1 else { return final ? (nil, 3) : nil }
            let letter = body[body.startIndex + 1]
            let number = Int(letter) - 0x40
            return ((1...5).contains(number) ? .function(number) : nil, 4)
        }
        guard let end = body.firstIndex(where: { (0x40...0x7E).contains($0) }) else {
            return final || body.count > Self.maximumSequence ? (nil, bytes.count) : nil
        }
        let length = end - bytes.startIndex + 1
        let parameters = String(decoding: body[..<end], as: UTF8.self)
        if parameters.hasPrefix("<") {
            let isPress = body[end] == UInt8(ascii: "M")
            return (isPress ? Self.mouse(parameters.dropFirst()) : nil, length)
        }
        if body[end] == UInt8(ascii: "~") { return (Self.numberKey(parameters), length) }
        if body[end] == UInt8(ascii: "Z") { return (.backTab, length) }
        return (Self.letterKey(body[end]), length)
    }

    /// xterm's mode 1006: `button;column;row`, both from 1; the left button and the wheel count.
    private static func mouse(_ parameters: Substring) -> Key? {
        let numbers = parameters.split(separator: ";").map { Int($0) }
        guard numbers.count == 3, let button = numbers[0], let x = numbers[1], let y = numbers[2],
            x > 0, y > 0
        else { return nil }
        switch button {
        case 0: return .mouse(Mouse(.press, x: x - 1, y: y - 1))
        case 64: return .mouse(Mouse(.wheelUp, x: x - 1, y: y - 1))
        case 65: return .mouse(Mouse(.wheelDown, x: x - 1, y: y - 1))
        default: return nil
        }
    }

    private static func letterKey(_ letter: UInt8) -> Key? {
        switch Character(Unicode.Scalar(letter)) {
        case "A": .up
        case "B": .down
        case "C": .right
        case "D": .left
        case "H": .home
        case "F": .end
        case "M": .enter
        case "P": .function(1)
        case "Q": .function(2)
        case "R": .function(3)
        case "S": .function(4)
        default: nil
        }
    }

    private static func numberKey(_ parameters: String) -> Key? {
        switch parameters.split(separator: ";").first.flatMap({ Int($0) }) {
        case 1, 7: .home
        case 3: .delete
        case 4, 8: .end
        case 5: .pageUp
        case 6: .pageDown
        case let number? where (11...15).contains(number): .function(number - 10)
        case let number? where (17...21).contains(number): .function(number - 11)
        default: nil
        }
    }
}
