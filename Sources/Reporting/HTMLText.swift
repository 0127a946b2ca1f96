import Model

/// Text as it may stand in HTML, also inside quoted attributes. Control characters other than line
/// breaks are dropped.
func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        case "'": result += "&#39;"
        case "\n", "\t": result.unicodeScalars.append(scalar)
        default:
            if scalar.value >= 0x20, scalar.value != 0x7F { result.unicodeScalars.append(scalar) }
        }
    }
    return result
}

/// `1 234 567.80` as `1,234,567.80`.
func grouped(_ value: FixedDecimal) -> String {
    let text = value.description
    let parts = text.split(separator: ".", maxSplits: 1)
    guard let whole = parts.first else { return text }
    let negative = whole.hasPrefix("-")
    let digits = Array(negative ? whole.dropFirst() : whole)
    var result = negative ? "−" : ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { result += "," }
        result.append(digit)
    }
    return parts.count > 1 ? result + "." + parts[1] : result
}
