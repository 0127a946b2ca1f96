import Modbus
import SNMP

/// How a served device misbehaves, in the words of `frostline simulate FILE=FAULT`. Parts are
/// joined by `+`: `loss:20+delay:300`.
package struct ServedFault: Sendable, Hashable, CustomStringConvertible {
    /// What happens to its answers.
    package enum Message: String, Sendable, CaseIterable {
        case whole
        case mute
        case garbage
        case truncated
        case duplicate
        case wrongID = "wrong-id"
        case otherPort = "other-port"
    }
    /// What its values do while time passes.
    package enum Values: Sendable, Hashable {
        case still
        /// Counters and the clock move.
        case live
        /// As `live`, and after these seconds only the clock does.
        case stuck(seconds: Int)
        /// As `live`; after these seconds every counter starts again from 0.
        case rollover(seconds: Int)
        /// After these seconds, and again and again, the device is gone for `silence` seconds and
        /// comes back with clock and counters at 0.
        case reboot(seconds: Int)
        /// 32-bit values in registers have their words the other way round.
        case wordSwap
    }

    /// How long a device that starts again says nothing.
    static let silenceSeconds = 5

    package var message = Message.whole
    package var values = Values.still
    /// 0…60,000.
    package var delayMilliseconds = 0
    /// 0…100 of a hundred requests go unheard.
    package var lossPercent = 0

    package static let none = ServedFault()
    package static let mute = ServedFault(message: .mute)

    package init(message: Message = .whole, values: Values = .still) {
        self.message = message
        self.values = values
    }

    /// The words with their meaning, for people.
    package static let catalogue: [(name: String, meaning: String)] = [
        ("mute", "hears and says nothing"),
        ("slow", "answers after three seconds"),
        ("delay:MS", "answers after MS milliseconds"),
        ("loss:PERCENT", "so many of a hundred requests are lost"),
        ("garbage", "answers with bytes that are no message"),
        ("truncated", "answers with half a message"),
        ("duplicate", "sends every answer twice"),
        ("wrong-id", "answers with the number of another request"),
        ("other-port", "SNMP: answers from another port than it was asked at"),
        ("word-swap", "Modbus: 32-bit values have their words the other way round"),
        ("live", "SNMP: counters and sysUpTime move"),
        ("stuck[:S]", "SNMP: live; after S seconds (10) all but sysUpTime stands still"),
        ("rollover[:S]", "SNMP: live; after S seconds (10) every counter starts again from 0"),
        (
            "reboot[:S]",
            "every S seconds (30) silent for \(silenceSeconds) s, then clock and counters are 0"
        ),
    ]

    /// Reads `mute`, `delay:200`, `loss:20+duplicate`.
    package init(_ text: String) throws(SimulationError) {
        for part in text.split(separator: "+", omittingEmptySubsequences: false) {
            try take(part, of: text)
        }
    }

    private mutating func take(_ part: Substring, of text: String) throws(SimulationError) {
        let words = part.split(separator: ":", omittingEmptySubsequences: false)
        let number = words.count == 2 ? Int(words[1]) : nil
        guard words.count == 1 || (words.count == 2 && number != nil) else {
            throw Self.refusal(text, "`\(part)` is not NAME or NAME:NUMBER")
        }
        func seconds(_ usual: Int) throws(SimulationError) -> Int {
            guard (1...86_400).contains(number ?? usual) else {
                throw Self.refusal(text, "`\(part)`: seconds are 1 to 86400")
            }
            return number ?? usual
        }
        switch (words[0], number) {
        case ("none", nil): break
        case ("slow", nil): delayMilliseconds = 3000
        case ("delay", let milliseconds?) where (0...60_000).contains(milliseconds):
            delayMilliseconds = milliseconds
        case ("loss", let percent?) where (0...100).contains(percent): lossPercent = percent
        case ("live", nil): try setValues(.live, text)
        case ("stuck", _): try setValues(.stuck(seconds: seconds(10)), text)
        case ("rollover", _): try setValues(.rollover(seconds: seconds(10)), text)
        case ("reboot", _): try setValues(.reboot(seconds: seconds(30)), text)
        case ("word-swap", nil): try setValues(.wordSwap, text)
        case (let name, nil):
            guard let found = Message(rawValue: String(name)), found != .whole,
                message == .whole
            else { throw Self.refusal(text, "`\(part)` is no fault, or one too many") }
            message = found
        default: throw Self.refusal(text, "`\(part)` has a number out of range")
        }
    }

    private mutating func setValues(_ new: Values, _ text: String) throws(SimulationError) {
        guard values == .still else {
            throw Self.refusal(text, "values can do one thing at a time")
        }
        values = new
    }

    private static func refusal(_ text: String, _ problem: String) -> SimulationError {
        SimulationError(
            problem: "fault `\(text)`: \(problem)", cure: "`frostline simulate --faults` lists them"
        )
    }

    package var description: String {
        var parts: [String] = []
        if message != .whole { parts.append(message.rawValue) }
        if delayMilliseconds > 0 { parts.append("delay:\(delayMilliseconds)") }
        if lossPercent > 0 { parts.append("loss:\(lossPercent)") }
        switch values {
        case .still: break
        case .live: parts.append("live")
        case .stuck(let seconds): parts.append("stuck:\(seconds)")
        case .rollover(let seconds): parts.append("rollover:\(seconds)")
        case .reboot(let seconds): parts.append("reboot:\(seconds)")
        case .wordSwap: parts.append("word-swap")
        }
        return parts.isEmpty ? "none" : parts.joined(separator: "+")
    }

    var agentFault: SNMPAgentFault {
        switch message {
        case .whole: .none
        case .mute: .mute
        case .garbage: .garbage
        case .truncated: .truncated
        case .duplicate: .duplicate
        case .wrongID: .wrongRequestID
        case .otherPort: .otherPort
        }
    }

    /// Nil where Modbus has no such thing.
    var modbusFault: ModbusFault? {
        switch message {
        case .whole:
            delayMilliseconds > 0 ? .late(milliseconds: delayMilliseconds) : ModbusFault.none
        case .mute: .mute
        case .garbage: .garbage
        case .truncated: .halfFrame
        case .duplicate: .duplicate
        case .wrongID: .wrongTransaction
        case .otherPort: nil
        }
    }

    /// Why a file of this kind cannot be served so; nil where it can.
    func problem(for kind: RecordedDevices.Served.Kind) -> String? {
        switch (kind, values) {
        case (.snmp, .wordSwap): return "word-swap needs a register image"
        case (.modbus, .live), (.modbus, .stuck), (.modbus, .rollover):
            return "a register image does not say which registers are counters"
        default: break
        }
        guard kind == .modbus else { return nil }
        if modbusFault == nil { return "\(message.rawValue) is for SNMP" }
        return message != .whole && delayMilliseconds > 0
            ? "Modbus takes either delay or \(message.rawValue)" : nil
    }
}
