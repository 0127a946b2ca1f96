/// Lists written as spans, `01..20` and `a..f`, and texts with brackets of them:
/// `r[01..10]-k[1,3,5..9]`.
enum Spans {
    /// What one text may expand to: the racks of a site four times over.
    static let maximumCount = 20_000

    struct Mistake: Error {
        var problem: String
        var cure: String
    }

    /// `05` gives itself; `01..03` gives `01`, `02`, `03`; leading zeros set the width.
    static func values(_ item: String) throws(Mistake) -> [String] {
        guard let dots = item.firstRange(of: "..") else { return [item] }
        let first = String(item[..<dots.lowerBound])
        let last = String(item[dots.upperBound...])
        if let low = letter(first), let high = letter(last), low <= high {
            return (low...high).map { String(UnicodeScalar($0)) }
        }
        guard first.utf8.count <= 9, last.utf8.count <= 9, isDigits(first), isDigits(last),
            let low = Int(first), let high = Int(last)
        else {
            throw Mistake(
                problem: "`\(item.prefix(40))` is no span", cure: "write for example `01..20`")
        }
        guard low <= high else {
            throw Mistake(
                problem: "the span `\(item)` runs backwards", cure: "write `\(last)..\(first)`")
        }
        guard high - low < maximumCount else {
            throw Mistake(
                problem: "the span `\(item)` has more than \(maximumCount) values",
                cure: "write a shorter span")
        }
        let width = first.hasPrefix("0") ? first.utf8.count : 1
        return (low...high).map { zeroFilled($0, width: width) }
    }

    /// All texts that `text` with its brackets stands for; `text` itself where it has none.
    static func expand(_ text: String) throws(Mistake) -> [String] {
        var results = [""]
        var rest = text[...]
        while let open = rest.firstIndex(of: "[") {
            let before = rest[..<open]
            let inside = rest[rest.index(after: open)...]
            guard let close = inside.firstIndex(of: "]") else {
                throw Mistake(
                    problem: "`\(text.prefix(40))` opens a bracket and does not close it",
                    cure: "write for example `k[01..20]`")
            }
            var values: [String] = []
            for item in inside[..<close].split(separator: ",", omittingEmptySubsequences: false) {
                values += try self.values(trimmed(item))
            }
            guard !values.contains(""), results.count * values.count <= maximumCount else {
                let many = "`\(text.prefix(40))` has an empty item or more than \(maximumCount)"
                throw Mistake(problem: many + " values", cure: "write for example `k[01..20]`")
            }
            results = results.flatMap { result in values.map { result + before + $0 } }
            rest = inside[inside.index(after: close)...]
        }
        return results.map { $0 + rest }
    }

    private static func letter(_ text: String) -> UInt8? {
        guard text.utf8.count == 1, let byte = text.utf8.first,
            (0x61...0x7A).contains(byte | 0x20)
        else { return nil }
        return byte
    }

    private static func isDigits(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
    }
}

/// `value` with zeros in front up to `width` digits; a minus sign comes first and counts.
func zeroFilled(_ value: Int, width: Int) -> String {
    let digits = String(value.magnitude)
    let sign = value < 0 ? "-" : ""
    let zeros = max(0, width - digits.utf8.count - sign.utf8.count)
    return sign + String(repeating: "0", count: zeros) + digits
}

func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0 == " " }
    while text.last == " " { text.removeLast() }
    return String(text)
}
