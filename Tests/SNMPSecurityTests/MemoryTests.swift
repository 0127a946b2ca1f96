import FoundationEssentials
import SNMPSecurity
import Testing

@Suite("Engines kept across restarts")
struct MemoryTests {
    private let entry = EngineMemory.Entry(
        engineID: [0x80, 0, 0x1f, 0x88, 4, 0xAB], boots: 7, startedAt: 1_790_000_000)

    @Test("what is written is read again")
    func roundTrip() throws {
        let memory = EngineMemory(["pdu-1": entry, "pdu-2": entry])
        let data = try JSONEncoder().encode(memory)
        #expect(try JSONDecoder().decode(EngineMemory.self, from: data) == memory)
    }

    @Test("one damaged entry does not take the others with it")
    func damaged() throws {
        let text = """
            {"version":1,"engines":{
             "good":{"engine":"80001F8804ab","boots":7,"started":1790000000},
             "odd":{"engine":"800","boots":7,"started":1},
             "long":{"engine":"\(String(repeating: "00", count: 33))","boots":7,"started":1},
             "empty":{"engine":"","boots":7,"started":1},
             "boots":{"engine":"80001f88","boots":2147483647,"started":1},
             "negative":{"engine":"80001f88","boots":-1,"started":1},
             "text":"hello","nothing":null}}
            """
        let memory = try JSONDecoder().decode(EngineMemory.self, from: Data(text.utf8))
        #expect(memory.engines == ["good": entry])
    }

    @Test("another version and other files are refused")
    func foreign() {
        for text in ["{\"version\":2,\"engines\":{}}", "{}", "[]", "{\"version\":1,\"eng"] {
            #expect(throws: (any Error).self) {
                try JSONDecoder().decode(EngineMemory.self, from: Data(text.utf8))
            }
        }
    }

    @Test("devices with a copied configuration are named together")
    func duplicates() {
        var other = entry
        other.engineID = [1, 2, 3, 4, 5]
        let memory = EngineMemory(["b": entry, "a": entry, "c": other])
        #expect(memory.duplicates.map(\.devices) == [["a", "b"]])
        #expect(memory.duplicates.first?.description.hasPrefix("a, b have the same") == true)
        #expect(EngineMemory(["a": entry, "c": other]).duplicates.isEmpty)
    }
}

@Suite("The book of engines")
struct EngineBookTests {
    @Test("rounding is no change; a boot or another engine is")
    func changes() {
        let book = EngineBook()
        var entry = EngineMemory.Entry(engineID: [1, 2, 3, 4, 5], boots: 1, startedAt: 1000)
        book.note(entry, of: "pdu")
        entry.startedAt += 2
        book.note(entry, of: "pdu")
        #expect(book.snapshot.changes == 1 && book["pdu"]?.startedAt == 1000)
        entry.boots = 2
        book.note(entry, of: "pdu")
        #expect(book.snapshot.changes == 2 && book["pdu"] == entry)
        entry.startedAt = .min
        book.note(entry, of: "pdu")
        #expect(book.snapshot.changes == 3 && book["other"] == nil)
    }
}
