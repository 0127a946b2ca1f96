/// Amounts in the capital numerals of Chinese forms (大写金额).
package enum ChineseAmount {
    private static let digits = ["零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"]
    private static let places = ["", "拾", "佰", "仟"]

    /// `1234567.89` yuan as 壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分.
    package static func text(_ fee: Fee) -> String {
        let fen = fee.fen.magnitude
        let yuan = whole(fen / 100)
        let jiao = Int(fen / 10 % 10)
        let cents = Int(fen % 10)
        var text = fee.fen < 0 ? "负" : ""
        if !yuan.isEmpty { text += yuan + "元" }
        if jiao > 0 {
            text += digits[jiao] + "角"
        } else if cents > 0, !yuan.isEmpty {
            text += "零"
        }
        if cents > 0 { return text + digits[cents] + "分" }
        return (yuan.isEmpty && jiao == 0 ? text + "零元" : text) + "整"
    }

    /// Empty for 0.
    private static func whole(_ value: UInt64) -> String {
        for (unit, name) in [(100_000_000, "亿"), (10_000, "万")] as [(UInt64, String)]
        where value >= unit {
            let rest = value % unit
            // A zero stands for the places that the rest does not reach.
            let gap = rest > 0 && rest < unit / 10 ? "零" : ""
            return whole(value / unit) + name + gap + whole(rest)
        }
        return part(Int(value))
    }

    private static func part(_ four: Int) -> String {
        var text = ""
        var hasGap = false
        var rest = four
        for place in places {
            let digit = rest % 10
            rest /= 10
            if digit > 0 {
                text = digits[digit] + place + (hasGap ? "零" : "") + text
                hasGap = false
            } else {
                hasGap = !text.isEmpty
            }
        }
        return text
    }
}
