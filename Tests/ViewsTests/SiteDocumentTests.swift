import FoundationEssentials
import TestSupport
import Testing

@testable import Views

/// The picture of a site as JSON, by our own reader and writer beside `Codable`.
@Suite("the picture as a document")
struct SiteDocumentTests {
    @Test("what we write and what Codable writes are read by both, every field")
    func sameAsCodable() throws {
        for seed in 0..<60 as Range<UInt64> {
            let view = try RandomDecoder.make(SiteView.self, seed)
            let ours = view.json()
            #expect(try JSONDecoder().decode(SiteView.self, from: Data(ours)) == view, "\(seed)")
            #expect(try SiteView(json: ours) == view, "\(seed)")
            // In another order of keys each time.
            let theirs = try JSONEncoder().encode(view)
            #expect(try SiteView(json: Array(theirs)) == view, "\(seed)")
        }
    }

    @Test("a document is one line, as an event of a stream must be")
    func oneLine() throws {
        for seed in 0..<20 as Range<UInt64> {
            let json = try RandomDecoder.make(SiteView.self, seed).json()
            #expect(!json.contains { $0 < 0x20 })
        }
    }

    @Test("a picture that is cut anywhere is an error")
    func cut() throws {
        let json = try RandomDecoder.make(SiteView.self, 5, longest: 2).json()
        for length in json.indices {
            #expect(throws: SiteDocumentError.malformed) {
                try SiteView(json: Array(json[..<length]))
            }
        }
    }

    @Test("bytes that are flipped give an error or a picture that reads back, and harm nothing")
    func flipped() throws {
        var dice = SplitMix(11)
        let json = try RandomDecoder.make(SiteView.self, 6, longest: 2).json()
        var taken = 0
        for _ in 0..<3000 {
            var bytes = json
            for _ in 0..<Int.random(in: 1...3, using: &dice) {
                bytes[Int.random(in: bytes.indices, using: &dice)] = UInt8(dice.next() & 0xFF)
            }
            guard let view = try? SiteView(json: bytes) else { continue }
            taken += 1
            #expect(try SiteView(json: view.json()) == view)
            // Where we take it, Codable takes it for the same.
            if let other = try? JSONDecoder().decode(SiteView.self, from: Data(bytes)) {
                #expect(other == view, "\(String(decoding: bytes, as: UTF8.self))")
            }
        }
        // Most flips break the document; some change a letter.
        #expect((1..<2000).contains(taken), "\(taken) of 3000")
    }

    private static func picture(_ pue: String) -> [UInt8] {
        let text = String(decoding: SiteView.blank.json(), as: UTF8.self)
        return Array(text.replacing("{\"pueCoverage\":0", with: "{\"pueCoverage\":\(pue)").utf8)
    }

    @Test("a number is taken as Codable takes it, to the last bit")
    func numbers() throws {
        var dice = SplitMix(3)
        var texts = [
            "0", "-0", "1", "0.1", "1e0", "1E+2", "1e-7", "123456789012345678", "5e-324",
            "1.7976931348623157e308", "9007199254740993", "0.30000000000000004", "1e22", "1e23",
            "123456789.123456789e-30", "0.000000000000000000000000000001",
        ]
        for _ in 0..<2000 { texts.append("\(RandomDecoder(dice.next()).number)") }
        for text in texts {
            let bytes = Self.picture(text)
            let wanted = try JSONDecoder().decode(SiteView.self, from: Data(bytes))
            #expect(try SiteView(json: bytes) == wanted, "\(text)")
        }
    }

    @Test("what is no number of JSON is refused")
    func noNumbers() {
        for text in [
            "", "-", "+1", ".5", "1.", "01", "-01", "1e", "1e+", "0x10", "NaN", "Infinity", "1e999",
            "-1e999", "1 2", "\"1\"", "null", "true", "[1]", "{}", "1,", "--1", "1.e3",
        ] {
            #expect(throws: SiteDocumentError.malformed, "\(text)") {
                try SiteView(json: Self.picture(text))
            }
        }
    }

    private static func named(_ literal: String) -> [UInt8] {
        let text = String(decoding: SiteView.blank.json(), as: UTF8.self)
        return Array(text.replacing("\"site\":\"\"", with: "\"site\":\(literal)").utf8)
    }

    @Test("texts may have every escape of JSON, and nothing that is no text")
    func texts() throws {
        let texts: [(String, String)] = [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u00e9\u4e2d""#, "é中"),
            (#""\ud83e\udd8a""#, "🦊"), (#""\uD83E\uDD8A""#, "🦊"), (#""\u0000""#, "\0"),
        ]
        for (literal, text) in texts {
            #expect(try SiteView(json: Self.named(literal)).site == text)
        }
        for literal in [
            #""\ud83e""#, #""\ud83ex""#, #""\udd8a""#, #""\ud83e\u0041""#, #""\u12g4""#, #""\u12""#,
            #""\x""#, #""\"#, "\"", "\"\n\"", "5", "null", "[\"a\"]",
        ] {
            #expect(throws: SiteDocumentError.malformed, "\(literal)") {
                try SiteView(json: Self.named(literal))
            }
        }
        var bytes = Self.named("\"X\"")
        let place = try #require(bytes.firstIndex(of: UInt8(ascii: "X")))
        bytes[place] = 0xFF
        #expect(throws: SiteDocumentError.malformed) { try SiteView(json: bytes) }
    }

    @Test("keys that we do not know are passed over, whatever they hold; a missing one is an error")
    func unknownKeys() throws {
        let text = String(decoding: SiteView.blank.json(), as: UTF8.self)
        let odd = #""odd":{"a":[1,{"b":"}]"},null,true,-1.5e3],"c":false},"odder":[[],{}],"#
        let with = text.replacing("\"site\":", with: odd + "\"site\":")
        #expect(try SiteView(json: Array(with.utf8)) == .blank)
        let spaced = with.replacing("\":", with: "\" :\n\t").replacing(",\"", with: " ,\r\n \"")
        #expect(try SiteView(json: Array(spaced.utf8)) == .blank)
        for name in ["sequence", "header", "devices", "alarms", "health", "pueCoverage"] {
            let without = text.replacing("\"\(name)\":", with: "\"else\":")
            #expect(throws: SiteDocumentError.malformed, "\(name)") {
                try SiteView(json: Array(without.utf8))
            }
        }
        let deep = #""odd":"# + String(repeating: "[", count: 100_000)
        for text in [text.replacing("{\"sequence\"", with: "{" + deep), deep, "[]", "", "7", "{"] {
            #expect(throws: SiteDocumentError.malformed) { try SiteView(json: Array(text.utf8)) }
        }
        #expect(throws: SiteDocumentError.malformed) {
            try SiteView(json: Array((text + "{}").utf8))
        }
    }

    @Test("a figure that is no number is left out")
    func notANumber() throws {
        var view = SiteView.blank
        view.header.pue = .nan
        view.header.itWatts = .infinity
        let read = try SiteView(json: view.json())
        #expect(read.header.pue == nil && read.header.itWatts == nil)
        var next = view
        next.sequence = 1
        var patched = read
        let change = try #require(next.change(since: view))
        try patched.apply(change)
        #expect(patched.header.pue == nil && patched.header.itWatts == nil)
    }
}
