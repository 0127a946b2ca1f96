/// Numbers as people read them, without a locale: a point for decimals, commas between thousands.
package enum NumberText {
    /// Beyond this a double is no longer exact to the unit; the text says so by its exponent.
    private static let largest = 1e15

    /// `1,234.50`; nil for what is no number.
    package static func fixed(_ value: Double, digits: Int = 0) -> String? {
        guard value.isFinite else { return nil }
        guard abs(value) < largest else { return "\(value)" }
        let factor = [1.0, 10, 100, 1000, 10_000][min(max(digits, 0), 4)]
        let scaled = (abs(value) * factor).rounded()
        guard scaled < 9e18 else { return "\(value)" }
        let whole = Int64(scaled) / Int64(factor)
        let part = Int64(scaled) % Int64(factor)
        var text = grouped(whole)
        if digits > 0 {
            let fraction = String(part)
            let width = min(digits, 4)
            text += "." + String(repeating: "0", count: max(0, width - fraction.count)) + fraction
        }
        return value < 0 && scaled > 0 ? "-" + text : text
    }

    package static func grouped(_ value: Int64) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// `45 s`, `12 min`, `3 h 05`, `4 d`: an age from milliseconds; negative counts as 0.
    package static func age(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3600: return "\(seconds / 60) min"
        case ..<86_400:
            let minutes = seconds % 3600 / 60
            return "\(seconds / 3600) h " + (minutes < 10 ? "0" : "") + "\(minutes)"
        default: return "\(seconds / 86_400) d"
        }
    }

    /// The same in at most 3 characters: `45s`, `12m`, `3h`, `4d`.
    package static func shortAge(_ milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        switch seconds {
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m"
        case ..<86_400: return "\(seconds / 3600)h"
        default: return "\(min(99, seconds / 86_400))d"
        }
    }

    /// `1.2 GB`, in powers of 1000 as disks are sold.
    package static func bytes(_ count: Int64) -> String {
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        var value = Double(max(0, count))
        var unit = 0
        while value >= 1000, unit < units.count - 1 {
            value /= 1000
            unit += 1
        }
        return (fixed(value, digits: unit == 0 || value >= 100 ? 0 : 1) ?? "0") + " " + units[unit]
    }
}
