import Model
import TestSupport
import Testing

@testable import SiteFile

@Suite struct ExpressionTests {
    private static func point(
        _ name: String, _ place: Int, _ mistakes: inout [ExpressionSyntax.Mistake]
    ) -> ExpressionTyper.Point? {
        let labels = ["on", "off"].enumerated().map {
            StateLabel(code: Int64($0), name: $1, severity: .normal)
        }
        switch name {
        case "a", "b.1": return .init(kind: .gauge, unit: .watt, range: -10...100)
        case "t": return .init(kind: .gauge, unit: .celsius, range: -60...100)
        case "u-2.x": return .init(kind: .gauge, unit: .volt, range: 0...400)
        case "i": return .init(kind: .gauge, unit: .ampere, range: 0...63)
        case "s": return .init(kind: .state(labels), unit: .none, range: 0...0)
        case "n": return .init(kind: .counter(modulus: nil), unit: .wattHour, range: 0...1)
        default:
            mistakes.append(.init(place: place, problem: "no \(name)", cure: "x"))
            return nil
        }
    }

    private static func typed(_ text: String) -> ExpressionTyper.Typed? {
        guard let syntax = try? ExpressionParser.parse(text) else { return nil }
        var typer = ExpressionTyper(point: point)
        return typer.condition(syntax)
    }

    @Test func `words, signs and units of 100,000 random texts never trap`() {
        let words = [
            "a", "b.1", "t", "s", "n", "u-2.x", "i", "on", "and", "or", "not", "min", "max", "abs",
            "(", ")", ",", "+", "-", "*", "/", "<", "<=", ">", ">=", "==", "!=", "=", "5", "0",
            "0.5", "1e9", "9223372036854775807", "5 kW", "3 °C", "2 K", "80 %", "1 m³/h", "'on'",
            "\"off\"", "'", "\"", " ", "\n", "°", "³", "冷", "\u{0}", "..", "-a", "5 GG", "1.2.3",
        ]
        var dice = SplitMix(7)
        var understood = 0
        for _ in 0..<100_000 {
            let count = Int.random(in: 0...24, using: &dice)
            var text = ""
            for _ in 0..<count {
                text += words[Int.random(in: 0..<words.count, using: &dice)]
                if Bool.random(using: &dice) { text += " " }
            }
            if let syntax = try? ExpressionParser.parse(text) {
                var typer = ExpressionTyper(point: Self.point)
                if let typed = typer.condition(syntax) {
                    understood += 1
                    #expect(typed.expression.waiting <= AlarmExpression.maximumWaiting)
                    #expect(typer.mistakes.isEmpty)
                } else {
                    #expect(!typer.mistakes.isEmpty, "\(text)")
                }
            }
        }
        // The generator does write expressions.
        #expect(understood > 20)
    }

    @Test func `random sentences of the grammar are read, and mean what they say`() throws {
        var dice = SplitMix(11)
        func number(_ depth: Int) -> String {
            switch Int.random(in: 0..<(depth > 3 ? 2 : 6), using: &dice) {
            case 0: return "a"
            case 1: return "\(Int.random(in: 0...90, using: &dice)) W"
            case 2: return "(\(number(depth + 1)) + \(number(depth + 1)))"
            case 3: return "min(\(number(depth + 1)), b.1)"
            case 4: return "abs(\(number(depth + 1)))"
            default: return "2 * \(number(depth + 1))"
            }
        }
        func truth(_ depth: Int) -> String {
            switch Int.random(in: 0..<(depth > 2 ? 1 : 4), using: &dice) {
            case 0: return "\(number(depth)) > \(number(depth))"
            case 1: return "\(truth(depth + 1)) and \(truth(depth + 1))"
            case 2: return "not (\(truth(depth + 1)) or s == on)"
            default: return "s != off"
            }
        }
        for _ in 0..<5_000 {
            let text = truth(0)
            do throws(ExpressionSyntax.Mistake) {
                let syntax = try ExpressionParser.parse(text)
                var typer = ExpressionTyper(point: Self.point)
                let typed = typer.condition(syntax)
                #expect(typed != nil, "\(text): \(typer.mistakes)")
            } catch {
                // Only because it is too long.
                #expect(error.cure == "write several rules", "\(text): \(error)")
            }
        }
    }

    @Test func `what is nested without end is refused`() {
        for text in [
            String(repeating: "(", count: 400), String(repeating: "not ", count: 120) + "a > 1",
            String(repeating: "-", count: 450) + "1", String(repeating: "min(", count: 120),
            String(repeating: "a+", count: 240) + "a > 1", String(repeating: "x", count: 10_000),
        ] {
            #expect(throws: ExpressionSyntax.Mistake.self) { try ExpressionParser.parse(text) }
        }
    }

    @Test(arguments: [
        ("a > 5", true), ("a > 0.1 kW", true), ("a < 5 V", false), ("u-2.x * i > 3 kVA", true),
        ("u-2.x * i > 3 kW", false), ("a / (u-2.x * i) < 0.8", true), ("a / b.1 > 80 %", true),
        ("t - 20 °C > 5 K", true), ("t > 5 K", false), ("n > 5", false), ("s > 5", false),
        ("s == on and a > 5", true), ("s == 'off'", true), ("s == maybe", false),
        ("a > 5 > 3", false), ("a = 5", false), ("not a > 5", true), ("a and s", false),
        ("80 % * a > 5 W", true), ("a + t > 5", false), ("-a > 5", true), ("min(a) > 5", false),
        ("max(a, b.1, 7) > 5", true), ("sin(a) > 5", false), ("", false), ("a", false),
    ])
    func `units and truth go together or not`(_ text: String, _ isGood: Bool) {
        #expect((Self.typed(text) != nil) == isGood)
    }

    @Test(arguments: [
        ("a > 100", false, true), ("a >= 100", true, true), ("a > -20 W", true, false),
        ("abs(a) >= 0", true, false), ("a + b.1 > 200", false, true),
        ("a - b.1 > 110", false, true),
        ("a * 2 > 200 W", false, true), ("a > 5 or b.1 > -20", true, false),
        ("a > 5 and b.1 > 100", false, true), ("not (a > 100)", true, false),
        ("min(a, 50 W) > 60", false, true), ("a / 2 > 50 W", false, true),
        ("s == on", true, true), ("a > b.1", true, true),
    ])
    func `what can never be and what is always so is known`(
        _ text: String, _ canBeTrue: Bool, _ canBeFalse: Bool
    ) throws {
        let typed = try #require(Self.typed(text))
        #expect(typed.canBeTrue == canBeTrue)
        #expect(typed.canBeFalse == canBeFalse)
    }
}
