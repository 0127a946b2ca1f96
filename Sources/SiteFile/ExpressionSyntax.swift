import Model

/// An expression of an alarm rule as it is written, each part with its place: characters from the
/// beginning of the text.
indirect enum ExpressionSyntax {
    enum Unary { case negative, not }
    case number(Quantity, place: Int)
    /// A point, or the bare name of a state.
    case name(String, place: Int)
    /// The name of a state in quotes.
    case text(String, place: Int)
    case unary(Unary, ExpressionSyntax, place: Int)
    case binary(AlarmExpression.Operation, ExpressionSyntax, ExpressionSyntax, place: Int)
    case absolute(ExpressionSyntax, place: Int)

    var place: Int {
        switch self {
        case .number(_, let place), .name(_, let place), .text(_, let place),
            .unary(_, _, let place), .binary(_, _, _, let place), .absolute(_, let place):
            place
        }
    }

    /// What does not read as an expression.
    struct Mistake: Error {
        var place: Int
        var problem: String
        var cure: String
    }
}

/// Reads `input.power > 5 kW and not (ups.status == battery)`.
struct ExpressionParser {
    private enum Token: Equatable {
        case number(String)
        case name(String)
        case text(String)
        case sign(String)
        case end
    }

    /// Bytes of one expression; a longer one nobody reads.
    static let maximumBytes = 500
    /// Brackets, `not` and minus signs inside each other.
    private static let maximumNesting = 16
    private static let signs = [
        "<=", ">=", "==", "!=", "<", ">", "+", "-", "*", "/", "(", ")", ",",
    ]
    private static let comparisons: [String: AlarmExpression.Operation] = [
        "<": .less, "<=": .lessOrEqual, ">": .greater, ">=": .greaterOrEqual, "==": .equal,
        "!=": .notEqual,
    ]

    private let characters: [Character]
    private var position = 0
    private var token = Token.end
    /// Where `token` begins.
    private var place = 0
    private var nesting = 0
    private var nodes = 0

    static func parse(_ text: String) throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        guard text.utf8.count <= maximumBytes else {
            throw ExpressionSyntax.Mistake(
                place: 0, problem: "the expression is longer than \(maximumBytes) bytes",
                cure: "write several rules")
        }
        var parser = ExpressionParser(characters: Array(text))
        try parser.advance()
        let result = try parser.disjunction()
        guard parser.token == .end else { throw parser.unexpected("`and`, `or` or the end") }
        return result
    }

    private init(characters: [Character]) { self.characters = characters }

    // MARK: Words

    private mutating func advance() throws(ExpressionSyntax.Mistake) {
        while position < characters.count, characters[position].isWhitespace { position += 1 }
        place = position
        guard position < characters.count else {
            token = .end
            return
        }
        let first = characters[position]
        if Self.isDigit(first) {
            token = .number(number())
        } else if Self.isLetter(first) {
            token = .name(word())
        } else if first == "'" || first == "\"" {
            token = try .text(quoted(first))
        } else if let sign = Self.signs.first(where: { begins(with: $0) }) {
            position += sign.count
            token = .sign(sign)
        } else {
            let isEquals = first == "="
            throw ExpressionSyntax.Mistake(
                place: place, problem: "`\(first)` means nothing in an expression",
                cure: isEquals ? "write `==`" : "use + - * / < <= > >= == != and or not min max abs"
            )
        }
    }

    private func begins(with sign: String) -> Bool {
        characters[position...].prefix(sign.count).elementsEqual(sign)
    }

    private static func isDigit(_ character: Character) -> Bool {
        character.isASCII && character.isNumber
    }

    private static func isLetter(_ character: Character) -> Bool {
        character.isASCII && character.isLetter
    }

    /// Letters, digits, dots and underscores; a hyphen between them belongs to the name, as in
    /// `input.l1-l2.voltage`.
    private mutating func word() -> String {
        let start = position
        func isPart(_ index: Int) -> Bool {
            index < characters.count
                && (Self.isLetter(characters[index]) || Self.isDigit(characters[index])
                    || characters[index] == "." || characters[index] == "_")
        }
        while isPart(position)
            || (position < characters.count && characters[position] == "-" && isPart(position + 1))
        {
            position += 1
        }
        return String(characters[start..<position])
    }

    /// A number with the unit behind it, where one stands there.
    private mutating func number() -> String {
        let start = position
        while position < characters.count,
            Self.isDigit(characters[position]) || characters[position] == "."
        {
            position += 1
        }
        let digits = String(characters[start..<position])
        var from = position
        while from < characters.count, characters[from] == " " { from += 1 }
        var to = from
        while to < characters.count, Self.isUnitPart(characters[to]) { to += 1 }
        while to > from {
            let ends = to == characters.count || !Self.isWordPart(characters[to])
            let unit = String(characters[from..<to])
            if ends, Quantity("1 " + unit) != nil {
                position = to
                return digits + " " + unit
            }
            to -= 1
        }
        return digits
    }

    private static func isUnitPart(_ character: Character) -> Bool {
        character.isLetter || "°%³/".contains(character)
    }

    private static func isWordPart(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || character == "_" || character == "."
    }

    private mutating func quoted(
        _ mark: Character
    ) throws(ExpressionSyntax.Mistake) -> String {
        guard let end = characters[(position + 1)...].firstIndex(of: mark) else {
            throw ExpressionSyntax.Mistake(
                place: place, problem: "the quote is not closed",
                cure: "write `\(mark)` behind the name")
        }
        defer { position = end + 1 }
        return String(characters[(position + 1)..<end])
    }

    private func unexpected(_ wanted: String) -> ExpressionSyntax.Mistake {
        let found =
            switch token {
            case .number(let text), .name(let text), .text(let text), .sign(let text):
                "`\(text.prefix(40))`"
            case .end: "the end"
            }
        return ExpressionSyntax.Mistake(
            place: place, problem: "expected \(wanted), found \(found)",
            cure: "write for example `input.power > 5 kW and input.current > 20 A`")
    }

    // MARK: Sentences

    private mutating func count() throws(ExpressionSyntax.Mistake) {
        nodes += 1
        guard nodes <= AlarmExpression.maximumNodes else {
            throw ExpressionSyntax.Mistake(
                place: place,
                problem: "the expression has more than \(AlarmExpression.maximumNodes) parts",
                cure: "write several rules")
        }
    }

    private mutating func isWord(_ word: String) throws(ExpressionSyntax.Mistake) -> Bool {
        guard token == .name(word) else { return false }
        try advance()
        return true
    }

    private mutating func disjunction() throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        var left = try conjunction()
        while case let at = place, try isWord("or") {
            try count()
            left = .binary(.or, left, try conjunction(), place: at)
        }
        return left
    }

    private mutating func conjunction() throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        var left = try negation()
        while case let at = place, try isWord("and") {
            try count()
            left = .binary(.and, left, try negation(), place: at)
        }
        return left
    }

    private mutating func nested(
        _ body: (inout Self) throws(ExpressionSyntax.Mistake) -> ExpressionSyntax
    ) throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        nesting += 1
        guard nesting <= Self.maximumNesting else {
            throw ExpressionSyntax.Mistake(
                place: place,
                problem: "more than \(Self.maximumNesting) brackets stand inside each other",
                cure: "write several rules")
        }
        defer { nesting -= 1 }
        return try body(&self)
    }

    private mutating func negation() throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        let at = place
        guard try isWord("not") else { return try comparison() }
        try count()
        return .unary(
            .not, try nested { parser throws(ExpressionSyntax.Mistake) in try parser.negation() },
            place: at)
    }

    private mutating func comparison() throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        let left = try sum()
        guard case .sign(let sign) = token, let operation = Self.comparisons[sign] else {
            return left
        }
        let at = place
        try count()
        try advance()
        let right = try sum()
        if case .sign(let next) = token, Self.comparisons[next] != nil {
            throw ExpressionSyntax.Mistake(
                place: place, problem: "two comparisons follow each other",
                cure: "write `a < b and b < c`")
        }
        return .binary(operation, left, right, place: at)
    }

    private mutating func sum() throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        var left = try product()
        while case .sign(let sign) = token, sign == "+" || sign == "-" {
            let at = place
            try count()
            try advance()
            left = .binary(sign == "+" ? .add : .subtract, left, try product(), place: at)
        }
        return left
    }

    private mutating func product() throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        var left = try factor()
        while case .sign(let sign) = token, sign == "*" || sign == "/" {
            let at = place
            try count()
            try advance()
            left = .binary(sign == "*" ? .multiply : .divide, left, try factor(), place: at)
        }
        return left
    }

    private mutating func factor() throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        let at = place
        try count()
        switch token {
        case .number(let text):
            guard let quantity = Quantity(text) else { throw unexpected("a number") }
            try advance()
            return .number(quantity, place: at)
        case .text(let text):
            try advance()
            return .text(text, place: at)
        case .sign("-"):
            try advance()
            return .unary(
                .negative,
                try nested { parser throws(ExpressionSyntax.Mistake) in try parser.factor() },
                place: at)
        case .sign("("):
            try advance()
            let inner = try nested { parser throws(ExpressionSyntax.Mistake) in
                try parser.disjunction()
            }
            try expect(")")
            return inner
        case .name(let name) where !["and", "or", "not"].contains(name):
            try advance()
            guard token == .sign("(") else { return .name(name, place: at) }
            return try call(name, at)
        case .name, .sign, .end: throw unexpected("a point, a number or a bracket")
        }
    }

    private mutating func expect(_ sign: String) throws(ExpressionSyntax.Mistake) {
        guard token == .sign(sign) else { throw unexpected("`\(sign)`") }
        try advance()
    }

    /// `min(a, b, …)`, `max(a, b, …)`, `abs(a)`.
    private mutating func call(
        _ name: String, _ at: Int
    ) throws(ExpressionSyntax.Mistake) -> ExpressionSyntax {
        guard ["min", "max", "abs"].contains(name) else {
            throw ExpressionSyntax.Mistake(
                place: at, problem: "there is no function `\(name.prefix(40))`",
                cure: "use min, max or abs")
        }
        try advance()
        var parts: [ExpressionSyntax] = []
        repeat {
            if !parts.isEmpty { try advance() }
            parts.append(
                try nested { parser throws(ExpressionSyntax.Mistake) in try parser.disjunction() })
        } while token == .sign(",")
        try expect(")")
        if name == "abs" {
            guard parts.count == 1 else {
                throw ExpressionSyntax.Mistake(
                    place: at, problem: "`abs` takes one value", cure: "write `abs(a - b)`")
            }
            return .absolute(parts[0], place: at)
        }
        guard parts.count > 1 else {
            throw ExpressionSyntax.Mistake(
                place: at, problem: "`\(name)` takes two values or more",
                cure: "write `\(name)(a, b)`")
        }
        let operation: AlarmExpression.Operation = name == "min" ? .minimum : .maximum
        return parts.dropFirst().reduce(parts[0]) { .binary(operation, $0, $1, place: at) }
    }
}
