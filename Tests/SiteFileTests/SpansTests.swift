import Testing

@testable import SiteFile

@Suite struct SpansTests {
    @Test func `brackets multiply and leading zeros set the width`() throws {
        #expect(try Spans.expand("r[01..03]") == ["r01", "r02", "r03"])
        #expect(try Spans.expand("k[8..10,12]") == ["k8", "k9", "k10", "k12"])
        #expect(try Spans.expand("r[1..2]-[a,b]") == ["r1-a", "r1-b", "r2-a", "r2-b"])
        #expect(try Spans.expand("zone-[a..c]") == ["zone-a", "zone-b", "zone-c"])
        #expect(try Spans.expand("plain") == ["plain"])
    }

    @Test(arguments: [
        "r[5..1]", "r[1..", "r[]", "r[1..999999999]", "r[x..12]", "r[1..200]-[1..200]",
        "r[1..99999999999999999999]",
    ])
    func `what is no span is refused`(_ text: String) {
        #expect(throws: Spans.Mistake.self) { try Spans.expand(text) }
    }
}

@Suite struct PlaceholdersTests {
    private let placeholders = Placeholders(variables: [
        "n": "7", "rack": "h1-r01-k07", "rack.n": "7", "feed": "A", "feed.lower": "a",
    ])

    @Test(arguments: [
        ("pdu-{feed.lower}-{rack}", "pdu-a-h1-r01-k07"), ("{n}", "7"), ("{n:03}", "007"),
        ("10.0.{rack.n + 100}.{2*n-1}", "10.0.107.13"), ("{(n+1)/2*3}", "12"),
        ("{n % 4:02}", "03"), ("${cred:{x}", "${cred:{x}"), ("no braces", "no braces"),
        ("{1-n:03}", "-06"),
    ])
    func `are replaced`(_ text: String, _ expected: String) throws {
        #expect(try placeholders.replace(in: text) == expected)
    }

    @Test(arguments: [
        "{rak}", "{rack+1}", "{n/0}", "{n", "{n:99}", "{n+}", "{}", "{((n)}",
        "{9223372036854775807+1}", "{n n}",
    ])
    func `that cannot be replaced are refused`(_ text: String) {
        #expect(throws: Placeholders.Mistake.self) { try placeholders.replace(in: text) }
    }
}

@Suite struct AddressTests {
    @Test(arguments: [
        ("snmp://10.1.2.3", "snmp://10.1.2.3:161"),
        ("snmp://pdu-7.example:1161", "snmp://pdu-7.example:1161"),
        ("snmp://[fd00::5]", "snmp://fd00::5:161"),
        ("snmp://10.20.4.0+300", "snmp://10.20.5.44:161"),
        ("modbus://10.1.2.3", "modbus://10.1.2.3:502/1"),
        ("modbus://10.1.2.3:1502/17", "modbus://10.1.2.3:1502/17"),
        (
            "rtu:///dev/ttyUSB0?baud=19200&parity=none&stopBits=2&unit=9",
            "rtu:///dev/ttyUSB0?unit=9"
        ),
    ])
    func `are read`(_ text: String, _ key: String) throws {
        #expect(try AddressReader().parse(text).key == key)
    }

    @Test(arguments: [
        "10.1.2.3", "snmp://", "snmp://10.1.2", "snmp://10.1.2.300", "snmp://10.1.2.3:0",
        "snmp://10.1.2.3:70000", "snmp://10.1.2.3/1", "modbus://10.1.2.3/256",
        "modbus://10.1.2.3/1/2", "snpm://10.1.2.3", "rtu://ttyUSB0", "rtu:///dev/t?baud=9601",
        "rtu:///dev/t?unit=0", "rtu:///dev/t?parity=mark", "snmp://[fd00::5", "snmp://a b",
        "snmp://255.255.255.250+10", "snmp://host+1",
    ])
    func `that are none are refused`(_ text: String) {
        #expect(throws: AddressReader.Mistake.self) { try AddressReader().parse(text) }
    }

    @Test func `patterns overlap where one text fits both`() {
        #expect(overlaps(pattern: "inlet.?*.temperature", glob: "*.temperature"))
        #expect(overlaps(pattern: "outlet.?*.power", glob: "outlet.12.power"))
        #expect(overlaps(pattern: "input.l?*.power", glob: "input.l?.power"))
        #expect(overlaps(pattern: "a?*", glob: "*b"))
        #expect(overlaps(pattern: "a.?*.b", glob: "*"))
        #expect(!overlaps(pattern: "outlet.?*.power", glob: "outlet.*.energy"))
        #expect(!overlaps(pattern: "input.l?*.power", glob: "input.l1.apparent.power"))
        #expect(!overlaps(pattern: "abc", glob: "ab"))
        #expect(!overlaps(pattern: "a?*", glob: "a"))
        #expect(!overlaps(pattern: "?", glob: ""))
        // Of two rules: neither stops at dots.
        #expect(!overlaps(pattern: "input.*.power", glob: "input.l1.apparent.power"))
        for (one, other) in [
            ("input.*.power", "input.l1.apparent.power"), ("*.power", "input.*"), ("?.b", "a?b"),
        ] {
            #expect(overlaps(pattern: one, glob: other, stopsAtDots: false))
            #expect(overlaps(pattern: other, glob: one, stopsAtDots: false))
        }
        #expect(!overlaps(pattern: "*.power", glob: "*.energy", stopsAtDots: false))
    }
}
