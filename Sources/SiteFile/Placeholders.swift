/// Replaces `{name}` and `{expression:width}` in the texts of generated items.
///
/// Expressions are whole numbers and variables with `+ - * / %` and brackets. `${…}` stands for a
/// secret and is left alone.
struct Placeholders {
    struct Mistake: Error {
        var problem: String
        var cure: String
    }

    /// Every variable as text; those whose text is a whole number can be calculated with.
    var variables: [String: String]

    func replace(in text: String) throws(Mistake) -> String {
        guard text.utf8.contains(UInt8(ascii: "{")) else { return text }
        var result = ""
        var rest = text[...]
        while let open = rest.firstIndex(of: "{") {
            let inside = rest[rest.index(after: open)...]
            guard let close = inside.firstIndex(of: "}") else {
                throw Mistake(
                    problem: "`\(text.prefix(60))` opens a brace and does not close it",
                    cure: "write for example `{rack}`")
            }
            let next = inside.index(after: close)
            if open > rest.startIndex, rest[rest.index(before: open)] == "$" {
                result += rest[..<next]
            } else {
                result += rest[..<open]
                result += try value(of: trimmed(inside[..<close]))
            }
            rest = rest[next...]
        }
        return result + rest
    }

    private func value(of placeholder: String) throws(Mistake) -> String {
        if let text = variables[placeholder] { return text }
        var expression = placeholder[...]
        var width = 1
        if let colon = placeholder.lastIndex(of: ":") {
            let digits = placeholder[placeholder.index(after: colon)...]
            // Numbers wider than 18 digits do not exist.
            guard let asked = Int(digits), (1...18).contains(asked) else {
                throw Mistake(
                    problem: "`:\(digits.prefix(20))` is no width", cure: "write `:02` or `:03`")
            }
            width = asked
            expression = placeholder[..<colon]
        }
        var parser = Arithmetic(text: expression, variables: variables)
        return zeroFilled(try parser.result(), width: width)
    }
}

/// A recursive-descent evaluator of whole-number expressions with checked arithmetic.
private struct Arithmetic {
    /// Brackets within brackets; what people write has two.
    static let maximumDepth = 16

    private let whole: Substring
    private let variables: [String: String]
    private var rest: Substring
    private var depth = 0

    init(text: Substring, variables: [String: String]) {
        whole = text
        rest = text
        self.variables = variables
    }

    mutating func result() throws(Placeholders.Mistake) -> Int {
        let value = try sum()
        guard peek() == nil else { throw malformed }
        return value
    }

    private var malformed: Placeholders.Mistake {
        Placeholders.Mistake(
            problem: "`{\(whole.prefix(40))}` cannot be read",
            cure: "write a variable, or whole numbers with + - * / % and brackets")
    }

    private mutating func peek() -> Character? {
        rest = rest.drop { $0 == " " }
        return rest.first
    }

    private mutating func sum() throws(Placeholders.Mistake) -> Int {
        var value = try product()
        while let sign = peek(), sign == "+" || sign == "-" {
            rest.removeFirst()
            let right = try product()
            value = try checked(
                sign == "+"
                    ? value.addingReportingOverflow(right)
                    : value.subtractingReportingOverflow(right))
        }
        return value
    }

    private mutating func product() throws(Placeholders.Mistake) -> Int {
        var value = try factor()
        while let sign = peek(), sign == "*" || sign == "/" || sign == "%" {
            rest.removeFirst()
            let right = try factor()
            switch sign {
            case "*": value = try checked(value.multipliedReportingOverflow(by: right))
            case "/": value = try checked(value.dividedReportingOverflow(by: right))
            default: value = try checked(value.remainderReportingOverflow(dividingBy: right))
            }
        }
        return value
    }

    private mutating func factor() throws(Placeholders.Mistake) -> Int {
        guard let first = peek() else { throw malformed }
        if first == "(" {
            rest.removeFirst()
            depth += 1
            guard depth <= Self.maximumDepth else { throw malformed }
            let value = try sum()
            depth -= 1
            guard peek() == ")" else { throw malformed }
            rest.removeFirst()
            return value
        }
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "." || $0 == "_" }
        guard !word.isEmpty else { throw malformed }
        rest = rest[word.endIndex...]
        if let number = Int(word) { return number }
        guard let text = variables[String(word)] else {
            let known = variables.keys.sorted()
            let near = nearest(to: String(word), in: known).map { "did you mean `{\($0)}`?" }
            throw Placeholders.Mistake(
                problem: "there is no placeholder `{\(word.prefix(40))}` here",
                cure: near ?? "use one of \(known.joined(separator: ", "))")
        }
        guard let number = Int(text) else {
            throw Placeholders.Mistake(
                problem: "`\(word)` is `\(text.prefix(40))`, which cannot be calculated with",
                cure: "use `\(word).n`, its number from 1")
        }
        return number
    }

    private func checked(
        _ result: (partialValue: Int, overflow: Bool)
    ) throws(Placeholders.Mistake) -> Int {
        guard !result.overflow else {
            throw Placeholders.Mistake(
                problem: "`{\(whole.prefix(40))}` divides by zero or leaves the range of numbers",
                cure: "use smaller numbers")
        }
        return result.partialValue
    }
}
