import Console
import Screen
import Testing

@Suite("Console: how the past looks")
struct PastScreenTests {
    @Test("No page of the past can be taken for the present", arguments: GoldenView.allCases)
    func marked(view: GoldenView) throws {
        for language in Language.allCases {
            var model = try GoldenScreenTests.model(view, .recorded, .past)
            model.language = language
            for (width, height) in [(80, 24), (200, 60)] {
                let text = model.text(width, height)
                #expect(text.contains(language == .chinese ? "过去" : "PAST"), "\(width)")
                #expect(!text.contains(language == .chinese ? "● 实时" : "● live"))
            }
        }
    }

    @Test("The mark of the past is filled in colour and reversed without any")
    func mark() throws {
        let (model, _) = try PastTests.past()
        for capabilities in [Fixture.full, Fixture.ascii] {
            let screen = ConsoleView.draw(
                model, size: Size(width: 80, height: 24), capabilities: capabilities)
            let line = (0..<80).compactMap { screen[$0, 3]?.style }
            #expect(line.count == 80)
            let paints = line.map { Theme.dark.paint($0, capabilities.colours) }
            #expect(
                paints.allSatisfy { $0.background != nil || $0.attributes.contains(.reverse) })
        }
    }
}
