import Model
import Screen
import Views

/// Keys that move the console through time.
extension ConsoleModel {
    private static let hourMS: Int64 = 3_600_000
    private static let dayMS: Int64 = 86_400_000

    /// The map of racks is walked in both directions with the arrows; there `,` and `.` step
    /// through time, as everywhere.
    var arrowsWalkSideways: Bool { page == .racks && openDevice == nil }

    /// Nil where the key has nothing to do with time.
    mutating func pressTime(_ key: Key) -> [ConsoleCommand]? {
        switch key {
        case .left where !arrowsWalkSideways: return shiftTime(by: -timeStepMS)
        case .right where !arrowsWalkSideways: return shiftTime(by: timeStepMS)
        case .escape where past.isActive:
            say(t("back in the present"))
            return returnToLive()
        case .character(let character): return pressTime(character)
        default: return nil
        }
    }

    private mutating func pressTime(_ character: Character) -> [ConsoleCommand]? {
        switch character {
        case ",": return shiftTime(by: -timeStepMS)
        case ".": return shiftTime(by: timeStepMS)
        case "[": return shiftTime(by: -Self.hourMS)
        case "]": return shiftTime(by: Self.hourMS)
        case "{": return shiftTime(by: -Self.dayMS)
        case "}": return shiftTime(by: Self.dayMS)
        case "b": return goToBeginning()
        case "a", "c", "s", "u":
            guard page == .alarms, openDevice == nil, refusesInPast() else { return nil }
            return []
        case "t":
            guard snapshot != nil else {
                say(t("there is no picture yet"))
                return []
            }
            prompt = Prompt(purpose: .time, text: "")
            return []
        default: return nil
        }
    }

    /// Goes to the moment that was typed.
    package mutating func jump(toTyped text: String) -> [ConsoleCommand] {
        guard text.contains(where: { $0 != " " }) else { return [] }
        let now = Instant(milliseconds: liveNowMS)
        guard let moment = MomentText.instant(text, now: now, offsetMinutes: siteOffset) else {
            say(
                t("`{0}` is no time; write {1}", text, MomentText.examples), isError: true)
            return []
        }
        guard moment <= now else {
            say(t("{0} has not been yet", momentText(moment.milliseconds)), isError: true)
            return []
        }
        return jump(to: moment.milliseconds)
    }

    /// False, and said why, where the past is shown: nobody can change it.
    mutating func refusesInPast() -> Bool {
        guard past.isActive else { return false }
        say(t("the past cannot be changed; Esc returns to the present"), isError: true)
        return true
    }

    var siteOffset: Int { min(max(snapshot?.offsetMinutes ?? 0, -1440), 1440) }

    /// `02:41`, with seconds where there are some, with the date where the day is another.
    func momentText(_ moment: Int64) -> String {
        let clamped = min(max(moment, 0), Self.latestMS)
        let civil = CivilTime(Instant(milliseconds: clamped), offsetMinutes: siteOffset)
        let today = CivilTime(Instant(milliseconds: liveNowMS), offsetMinutes: siteOffset)
        var text = padded(civil.hour, 2) + ":" + padded(civil.minute, 2)
        if civil.second != 0 { text += ":" + padded(civil.second, 2) }
        if civil.year != today.year { return civil.dateText + " " + text }
        if civil.startOfDay == today.startOfDay { return text }
        return padded(civil.month, 2) + "-" + padded(civil.day, 2) + " " + text
    }
}
