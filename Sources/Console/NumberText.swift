/// Numbers as people read them, without a locale: a point for decimals, commas between thousands.
package enum NumberText {
    /// Beyond this a double is no longer exact to the unit; the text says so by its exponent.
    private static let largest = 1e15
    private static let factors = [1.0, 10, 100, 1000, 10_000]

    /// `1,234.50`; nil for what is no number.
    package static func fixed(_ value: Double, digits: Int = 0) -> String? {
        guard value.isFinite else { return nil }
        guard abs(value) < largest else { return "\(value)" }
        let digits = min(max(digits, 0), 4)
        let factor = factors[digits]
        let scaled = (abs(value) * factor).rounded()
        guard scaled < 9e18 else { return "\(value)" }
        let whole = Int64(scaled) / Int64(factor)
        let part = Int64(scaled) % Int64(factor)
        return text(
            whole.magnitude, isNegative: value < 0 && scaled > 0, part.magnitude, digits)
    }

    package static func grouped(_ value: Int64) -> String {
        text(value.magnitude, isNegative: value < 0, 0, 0)
    }

    /// A screen shows thousands of numbers: their digits are written where the text keeps them.
    /// - Parameter part: what stands behind the point, of so many `digits`.
    private static func text(
        _ whole: UInt64, isNegative: Bool, _ part: UInt64, _ digits: Int
    ) -> String {
        var count = 1
        var rest = whole
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        let length =
            (isNegative ? 1 : 0) + count + (count - 1) / 3 + (digits > 0 ? 1 + digits : 0)
        return String(unsafeUninitializedCapacity: length) { bytes in
            var end = length
            func put(_ byte: UInt8) {
                end -= 1
                bytes[end] = byte
            }
            func put(_ number: inout UInt64) {
                put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
                number /= 10
            }
            var part = part
            for _ in 0..<digits { put(&part) }
            if digits > 0 { put(UInt8(ascii: ".")) }
            var whole = whole
            for place in 0..<count {
                if place > 0, place % 3 == 0 { put(UInt8(ascii: ",")) }
                put(&whole)
            }
            if isNegative { put(UInt8(ascii: "-")) }
            return length
        }
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
