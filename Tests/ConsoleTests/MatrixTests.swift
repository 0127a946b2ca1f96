import Console
import FoundationEssentials
import Screen
import TestSupport
import Testing

/// Every view in every size, language, at every time and of every site. The pictures that are
/// recorded to be read are a part of these; of all there is a number that changes with any cell.
@Suite("Console: every combination")
struct MatrixTests {
    private static let sizes = [
        Size(width: 40, height: 10), Size(width: 80, height: 24), Size(width: 120, height: 40),
        Size(width: 200, height: 60),
    ]
    /// What can be at a time: the past and the lost connection are of the recorded site.
    private static let scenes: [(GoldenScreenTests.Site, GoldenScreenTests.Time)] =
        GoldenScreenTests.Site.allCases.map { ($0, .live) } + [
            (.recorded, .past), (.recorded, .disconnected),
        ]

    /// FNV-1a over characters and over what colours and attributes they have: a line each for a
    /// terminal with colours and one without.
    private static func digest(_ screen: Screen) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func mix(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for byte in screen.text.utf8 { mix(byte) }
        for cell in screen.cells {
            mix(cell.style.ink.rawValue)
            mix(cell.style.fill.map { $0.rawValue + 1 } ?? 0)
            mix(cell.style.attributes.rawValue)
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @Test("Every combination is whole, and none has changed unseen")
    func everyCombination() throws {
        var lines: [String] = []
        for view in GoldenView.allCases {
            for (site, time) in Self.scenes {
                let model = try GoldenScreenTests.model(view, site, time)
                for language in Language.allCases {
                    for size in Self.sizes {
                        var model = model
                        model.language = language
                        let screen = GoldenScreenTests.draw(model, size)
                        let name =
                            "\(view) \(size.width)x\(size.height) \(language.rawValue) "
                            + "\(site.rawValue), \(time)"
                        #expect(ScreenCheck.faults(of: screen, size) == [], "\(name)")
                        lines.append(name + ": " + Self.digest(screen))
                    }
                }
            }
        }
        #expect(lines.count == GoldenView.allCases.count * 6 * 2 * Self.sizes.count)
        try compare(lines)
    }

    private func compare(_ lines: [String]) throws {
        let path = repositoryRoot() + "/Tests/Golden/screens/matrix.txt"
        if ProcessInfo.processInfo.environment["FROSTLINE_UPDATE_GOLDEN"] == "1" {
            let text = lines.joined(separator: "\n") + "\n"
            return try Data(text.utf8).write(to: URL(filePath: path))
        }
        let recorded = Set(try readText(path).split(separator: "\n").map(String.init))
        let changed = lines.filter { !recorded.contains($0) }
        #expect(
            changed.isEmpty && recorded.count == lines.count,
            "changed: \(changed.prefix(8)); see the pictures of the view")
    }

    @Test("A change of one character or of one colour changes the number")
    func digestsDiffer() {
        var screen = Screen(size: Size(width: 8, height: 2))
        let empty = Self.digest(screen)
        screen.put("a", x: 0, y: 0)
        let plain = Self.digest(screen)
        screen.put("a", x: 0, y: 0, .critical)
        #expect(Set([empty, plain, Self.digest(screen)]).count == 3)
    }

    @Test("What makes a picture torn or too wide is found")
    func checksFail() {
        let size = Size(width: 4, height: 2)
        #expect(ScreenCheck.isTorn([1, 2, 1, 1], columns: 4))
        #expect(ScreenCheck.isTorn([0, 1, 1, 1], columns: 4))
        #expect(ScreenCheck.isTorn([1, 1, 1, 2, 0, 1, 1, 1], columns: 4))
        #expect(!ScreenCheck.isTorn([1, 2, 0, 1], columns: 4))
        #expect(ScreenCheck.faults(inText: "ab\u{7}\n\n", size).count == 1)
        #expect(ScreenCheck.faults(inText: "柜柜柜\n\n", size).count == 1)
        #expect(ScreenCheck.faults(inText: "a\nb\nc\nd\n", size).count == 1)
        #expect(ScreenCheck.faults(inText: "柜柜\nab\n", size).isEmpty)
    }
}
