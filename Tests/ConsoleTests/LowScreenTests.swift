import Console
import Screen
import TestSupport
import Testing

/// What must not be lost where there is little room.
@Suite("Console: low screens")
struct LowScreenTests {
    private static let low = Size(width: 40, height: 10)

    private static func text(_ view: GoldenView, _ keys: Key...) throws -> String {
        var model = try GoldenScreenTests.model(view)
        try FixtureDaemon.press(&model, keys)
        return GoldenScreenTests.draw(model, low).text
    }

    @Test("Every list of 40 columns says of what each line is")
    func names() throws {
        #expect(try Self.text(.overview).contains("A1-04"))
        #expect(try Self.text(.devices).contains("pdu-a-h2"))
        #expect(try Self.text(.device).contains("input.power"))
        #expect(try Self.text(.alarms).contains("机柜进风温度过高"))
        #expect(try Self.text(.power).contains("A路变压器"))
        #expect(try Self.text(.cooling).contains("1号自然冷却机组"))
        #expect(try Self.text(.energy).contains("cost 1,618 yuan"))
    }

    private static func lines(_ screen: Screen) -> [Substring] {
        screen.text.split(separator: "\n", omittingEmptySubsequences: false)
    }

    @Test("The scale of a cut map keeps all its steps and its unit, in each quantity and language")
    func legend() throws {
        let units = ["°C", "%", "kW", "%", "%", "s"]
        for language in Language.allCases {
            var model = try GoldenScreenTests.model(.racks)
            model.language = language
            for (mode, unit) in units.enumerated() {
                let screen = GoldenScreenTests.draw(model, Self.low)
                let line = Self.lines(screen)[7]
                let numbers = line.split(whereSeparator: { !$0.isNumber })
                #expect(numbers.count == 5 && line.contains(unit), "\(mode): \(line)")
                model.press(.character("m"))
            }
            let alarms = Self.lines(GoldenScreenTests.draw(model, Self.low))[7]
            #expect(alarms.contains("C") && alarms.contains("L"), "\(alarms)")
        }
    }

    @Test("Help that is longer than the screen can be read to its end, and any other key closes it")
    func help() throws {
        var model = try GoldenScreenTests.model(.alarms)
        _ = update(&model, .resized(Self.low))
        model.press(.character("?"))
        var seen = GoldenScreenTests.draw(model, Self.low).text
        #expect(!seen.contains("at least"))
        for _ in 0..<80 {
            model.press(.down)
            seen += GoldenScreenTests.draw(model, Self.low).text
        }
        #expect(model.isHelpShown)
        for word in ["acknowledge", "Ctrl-S", "stale", "at least"] {
            #expect(seen.contains(word), "\(word)")
        }
        model.press(.pageUp, .pageUp, .pageUp, .pageUp, .pageUp, .pageUp, .escape)
        #expect(!model.isHelpShown && model.state.helpScroll == 0)
    }

    @Test("A message that is longer than the line goes on above it")
    func notice() throws {
        var model = try GoldenScreenTests.model(.overview)
        model.press(.character("t"))
        model.type("99:99")
        model.press(.enter)
        for size in [Self.low, Size(width: 80, height: 24)] {
            let lines = GoldenScreenTests.draw(model, size).text.split(separator: "\n")
            let all = lines.suffix(4).joined(separator: " ")
            #expect(all.contains("99:99") && all.contains("yesterday") && !all.contains("…"))
        }
    }

    @Test("No figure that x explains is without a value, before the day is read and after")
    func explained() throws {
        for language in Language.allCases {
            var model = try GoldenScreenTests.model(.cooling)
            model.language = language
            for hasDay in [true, false] {
                if !hasDay { model.state.cooling = nil }
                model.press(.character("x"))
                let entries = model.state.explained?.entries ?? []
                #expect(entries.count == 4)
                for entry in entries {
                    #expect(entry.name.contains(" ") || !entry.inputs.isEmpty, "\(entry.name)")
                    let unknown = Phrases.text("unknown", in: language)
                    #expect(entry.name.ranges(of: unknown).count < 2, "\(entry.name)")
                }
                model.press(.escape)
            }
        }
    }
}
