import Model
import Testing

/// Rules that look at several values: each line is what is added to a good beginning, and what the
/// one mistake must say.
@Suite struct RuleMistakesTests {
    private static let head =
        Fixtures.head + """
            devices:
              - {name: ups-a, profile: rfc1628.ups, address: "snmp://a", place: h1, feed: A}
              - {name: ups-b, profile: rfc1628.ups, address: "snmp://b", place: h1, feed: B}
              - {name: w, profile: xymd02.probe, address: "modbus://c", interval: 1m}
            power:
              - {name: in-a, kind: utility, feed: A, power: ups-a/output.power}
              - {name: in-b, kind: utility, feed: B, power: ups-b/output.power}
              - {name: rack, kind: rack, place: h1-r1-k01, parents: [in-a, in-b], rated: 8 kW}
              - {name: lone, kind: rack, place: h1-r1-k02, parents: in-a}

            """

    private static func site(_ rule: String, name: String = "r") -> String {
        head + "alarms:\n  - name: \(name)\n    " + rule.replacing("; ", with: "\n    ")
            + "\n    priority: low\n    cause: c\n    consequence: q\n    action: a\n"
    }

    @Test(arguments: [
        "points: ups-*/output.power; rises: 1 kW/min; window: 5m; deadband: 100 W/min",
        "points: w/ambient.temperature; falls: 2 K/h; window: 30m",
        "points: ups-*/battery.charge; deviates: 10 %; from: partner",
        "devices: ups-*; when: output.power > 5 kW and battery.charge < 80",
        "devices: ups-*; when: output.power > 5 kW; until: output.power < 4 kW",
        "devices: ups-*; when: ups.status == 'battery' or ups.status != normal",
        "devices: ups-*; when: \"abs(output.power - 3 kW) / 5 kW > 80 %\"",
        "devices: w; when: ambient.temperature - 5 °C > 20 K and not (ambient.humidity < 10)",
        "devices: site; when: site.x > 1",
        "nodes: rack; when: feed.a.power + feed.b.power > 95 % * rated",
        "nodes: rack; when: min(feed.a.power, feed.b.power) <= 0 and power > 100 W",
        "class: ups; points: \"*/battery.charge\"; below: 20 %",
    ])
    func `a good rule is taken`(_ rule: String) throws {
        let (site, mistakes) = Fixtures.parse(Self.site(rule))
        if rule.contains("site.x") {
            #expect(mistakes.count == 1 && mistakes[0].contains("no point `site.x`"))
            return
        }
        #expect(mistakes == [])
        #expect(site?.alarmRules.count == 1)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var rule: String
        var expected: String
        var testDescription: String { rule }
        init(_ rule: String, _ expected: String) {
            self.rule = rule
            self.expected = expected
        }
    }

    @Test(arguments: [
        Case(
            "points: ups-*/output.power; rises: 1 kW/min",
            "a rate is taken over some time, and none is given; add `window: 10m`"),
        Case(
            "points: ups-*/output.power; rises: 1 kW; window: 5m",
            "`1 kW` is no rate; write for example `2 K/min` or `5 %/h`"),
        Case(
            "points: ups-*/output.power; rises: 1 A/min; window: 5m",
            "the limit is in A, the points are in W; write it in W"),
        Case(
            "points: w/ambient.temperature; rises: 1 K/min; window: 1m",
            "the alarm can never come: its points are polled every 60 s, and the window is 60 s; "
                + "use a window of 120 s or more"),
        Case(
            "points: ups-*/battery.charge; falls: 30 %/min; window: 10m",
            "the alarm can never come: `battery.charge` of `rfc1628.ups` is between 0 and 100; "
                + "lower the limit; is its unit %?"),
        Case(
            "points: ups-*/battery.charge; deviates: 10 %",
            "it is not said from what the value deviates; add `from: partner`, `from: row`, "
                + "`from: hall` or `from: site`"),
        Case(
            "points: w/ambient.humidity; deviates: 10; from: partner",
            "no device of the rule has a partner on the other feed; give both of a pair the same "
                + "`profile` and `place`, and `feed: A` and `feed: B`"),
        Case(
            "points: ups-*/battery.charge; deviates: 10; from: hall",
            "the alarm can never come: no hall has 3 points of the rule; give the devices their "
                + "`place`, or write `from: site`"),
        Case(
            "points: ups-*/battery.charge; below: 90; deadband: 20",
            "the alarm can never go: `battery.charge` of `rfc1628.ups` is at most 100; "
                + "use a smaller `deadband`"),
        Case(
            "points: ups-*/battery.charge; above: 80; window: 5m",
            "`window` means nothing with `above`; remove it"),
        Case(
            "points: ups-*/ups.status; state: [normal, battery, bypass]",
            "the alarm can never go: these are all states of the points; name the states that "
                + "are wrong only"),
        Case(
            "devices: ups-*; when: output.powr > 5 kW",
            "there is no point `output.powr` here; did you mean `output.power`?"),
        Case(
            "devices: ups-*; when: output.power > 5 A",
            "W and A do not go together; compare and add values of one unit only"),
        Case(
            "devices: ups-*; when: output.power + 1 kW",
            "the expression gives no yes or no; compare it with something, as `… > 5 kW`"),
        Case(
            "devices: ups-*; when: battery.charge > 100",
            "this is never true: the alarm can never come; look at the limits: are they in the "
                + "points' units?"),
        Case(
            "devices: ups-*; when: battery.charge >= 0 %",
            "this is always true: the alarm can never go; look at the limits: are they in the "
                + "points' units?"),
        Case(
            "devices: ups-*; when: ups.status == batery",
            "`ups.status` has no state `batery`; did you mean `battery`?"),
        Case(
            "devices: \"*\"; when: output.power > 5 kW and ambient.humidity > 3",
            "no device of the rule has all of these points; write one rule for each profile"),
        Case(
            "devices: ups-*; when: (output.power > 5 kW",
            "expected `)`, found the end; write for example `input.power > 5 kW and input.current "
                + "> 20 A`"),
        Case(
            "nodes: lone; when: feed.b.power > 5 kW",
            "no such node has all of these figures; give the nodes, and what feeds them, their "
                + "`power`, `rated` and `feed`"),
        Case(
            "points: ups-*/output.power; when: output.power > 5 kW",
            "a rule with `when` is about devices or power nodes; write `devices: ups-*` or "
                + "`nodes: rack-*`, and the points in `when`"),
        Case(
            "class: upss; points: \"*/battery.charge\"; below: 20",
            "the site has no device of class `upss`; did you mean `ups`?"),
        Case(
            "template: nothing",
            "no template is called `nothing`; `frostline alarms templates` "
                + "lists them"),
    ])
    func `a mistake is told with a cure`(_ mistake: Case) {
        let (site, mistakes) = Fixtures.parse(Self.site(mistake.rule))
        #expect(site == nil)
        let texts = mistakes.map {
            String($0.split(separator: ": ", maxSplits: 1).dropFirst().joined())
        }
        #expect(texts == [mistake.expected])
    }

    @Test func `a mistake in an expression is told at its place in the text`() {
        let text = Self.site("devices: ups-*; when: output.power > 5 kW and battery.chrge < 5")
        let (_, mistakes) = Fixtures.parse(text)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let line = lines.firstIndex { $0.contains("when:") } ?? 0
        let column = lines[line].distance(
            from: lines[line].startIndex,
            to: lines[line].firstRange(of: "battery.chrge")?.lowerBound ?? lines[line].startIndex)
        #expect(mistakes.first?.hasPrefix("\(line + 1):\(column + 1): ") == true, "\(mistakes)")
    }

    @Test func `every mistake of a file is told at once`() {
        let rules = """
            alarms:
              - {name: a, devices: ups-*, when: x > 1, priority: low, cause: c, consequence: q,
                 action: a}
              - {name: b, points: ups-*/output.power, above: 5 A, priority: low, cause: c,
                 consequence: q, action: a}
              - {name: c, points: ups-*/output.power, rises: 5 W, window: 5m, priority: lo,
                 cause: c, consequence: q, action: a}
            """
        let (_, mistakes) = Fixtures.parse(Self.head + rules)
        #expect(mistakes.count == 4, "\(mistakes)")
    }
}
