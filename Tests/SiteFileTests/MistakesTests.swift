import Testing

/// Each line: what is added to a good beginning, and what the one mistake must say.
@Suite struct MistakesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var text: String
        var expected: String
        var testDescription: String { expected }
        init(_ text: String, _ expected: String) {
            self.text = text
            self.expected = expected
        }
    }

    private static func device(_ rest: String, _ expected: String) -> Case {
        Case("devices: [{name: d, " + rest + "}]", expected)
    }

    @Test(arguments: [
        device("profile: apc.rpdu2", "device `d` has no `address`; add `address: …`"),
        device(
            "profile: apc.rpdu2, address: \"snmp://h\", plaec: x",
            "device `d` has no key `plaec`; did you mean `place`?"),
        device(
            "profile: apc.rpdu, address: \"snmp://h\"",
            "no profile is called `apc.rpdu`; did you mean `apc.rpdu2`?"),
        device(
            "profile: eastron.sdm630, address: \"snmp://h\"",
            "profile `eastron.sdm630` speaks Modbus, the address is for SNMP; "
                + "write `address: modbus://HOST/UNIT` or `rtu:///dev/…`"),
        device(
            "profile: apc.rpdu2, address: \"snmp://h\", place: h1-r1-k04",
            "no place is called `h1-r1-k04`; did you mean `h1-r1-k01`?"),
        device(
            "profile: apc.rpdu2, address: \"snmp://h\", interval: 1s",
            "the timeout of 2000 ms is longer than the interval of 1000 ms; "
                + "shorten the timeout or lengthen the interval"),
        device(
            "profile: apc.rpdu2, address: \"snmp://h\", credentials: x",
            "no set of credentials is called `x`; add it to `credentials`"),
        device(
            "profile: apc.rpdu2, address: {snmp: h, unit: 1}",
            "an address by snmp has no key `unit`; use port, snmp"),
        device(
            "profile: eastron.sdm630, address: \"modbus://h/1\", credentials: x",
            "Modbus knows no credentials; remove `credentials`"),
        device(
            "profile: eastron.sdm630, address: \"modbus://h/1?framing=ascii\"",
            "`ascii` is no framing; use tcp, or rtu for a gateway that passes on RTU frames "
                + "unchanged"),
        device(
            "profile: eastron.sdm630, address: {modbus: h, gap: 1m}",
            "`1m` cannot be a `gap`; use a duration from 0ms to 10s, such as 20ms"),
        device(
            "profile: eastron.sdm630, address: {modbus: h, keepOpen: no}",
            "`no` is neither true nor false; write `keepOpen: false` for a device that serves one "
                + "client only"),
        device(
            "profile: eastron.sdm630, address: \"modbus://h/1?pause=5ms\"",
            "a Modbus host has no setting `pause`; use framing, gap, connectDelay, keepOpen"),
        device(
            "profile: apc.rpdu2, address: \"snpm://h\"",
            "no protocol is called `snpm`; did you mean `snmp://`?"),
    ])
    func `of devices are told with a cure`(_ mistake: Case) { check(mistake) }

    private static func both(_ a: String, _ b: String, _ expected: String) -> Case {
        Case("devices:\n  - {name: a, \(a)}\n  - {name: b, \(b)}\n", expected)
    }

    @Test(arguments: [
        both(
            "profile: eastron.sdm630, address: \"modbus://h/1\"",
            "profile: eastron.sdm630, address: {modbus: h, port: 502, unit: 1}",
            "`a` and `b` have the same address `modbus://h:502/1`; correct one of them, or remove "
                + "the device that stands twice"),
        both(
            "profile: eastron.sdm630, address: \"rtu:///dev/t?unit=1\"",
            "profile: eastron.sdm630, address: \"rtu:///dev/t?unit=2&baud=19200\"",
            "`a` and `b` share /dev/t with different settings; give both the same baud, parity, "
                + "stopBits and gap"),
        both(
            "profile: eastron.sdm630, address: \"modbus://h/1\"",
            "profile: eastron.sdm630, address: {modbus: h, unit: 2, gap: 20ms}",
            "`a` and `b` share h:502 with different settings; give both the same framing, gap, "
                + "connectDelay and keepOpen"),
        Case(
            "devices:\n  - each: {rack: \"*\"}\n    name: p\n    profile: apc.rpdu2\n"
                + "    address: snmp://10.0.0.{n}\n",
            "a device `p` stands already in line 8; put a placeholder that differs, such as "
                + "`{n}`, into the name"),
        Case(
            "devices:\n  - each: {rack: \"*\"}\n    name: p-{rak}\n    profile: apc.rpdu2\n"
                + "    address: snmp://10.0.0.{n}\n",
            "there is no placeholder `{rak}` here; did you mean `{rack}`?"),
        Case(
            "devices:\n  - each: {rack: h2-*}\n    name: p-{rack}\n",
            "no rack is called `h2-*`; use full names such as `h1-r1-k01`, or `*`"),
        Case(
            "devices:\n  - each: {f: [A, B]}\n    with: {h: [x]}\n    name: p-{f}\n",
            "`h` has 1 values for 2 items; give one value for each combination of `each`"),
        Case(
            "devices:\n  - name: p-{rack}\n    profile: apc.rpdu2\n    address: snmp://h\n",
            "the name `p-{rack}` has a placeholder and no `each`; add `each: {…}` to the item, or "
                + "write the name out"),
        Case(
            "devices:\n  - each: {a: [1..200], b: [1..200]}\n    name: p-{n}\n",
            "`each` makes more than 20000 items; split it, or name fewer values"),
        Case(
            "rooms: [{name: h1}]\n",
            "two places are called `h1`; rename one of them"),
    ])
    func `of generators and pairs are told once`(_ mistake: Case) { check(mistake) }

    private static let parts = """
        devices:
          - {name: p, profile: apc.rpdu2, address: "snmp://10.0.0.1", place: h1-r1-k01}
          - {name: u, profile: rfc1628.ups, address: "snmp://10.0.0.2"}
          - {name: m, profile: eastron.sdm630, address: "modbus://10.0.0.3"}
          - {name: w, profile: xymd02.probe, address: "modbus://10.0.0.4"}

        """

    private static func with(_ rest: String, _ expected: String) -> Case {
        Case(parts + rest, expected)
    }

    @Test(arguments: [
        with(
            "power: [{name: a, kind: utility, power: p/input.powr}]",
            "profile `apc.rpdu2` has no point `input.powr`; did you mean `input.power`?"),
        with(
            "power: [{name: a, kind: utility, power: p/input.energy}]",
            "`p/input.energy` is a counter in Wh, not a momentary value in W; name a point in W"),
        with(
            "power: [{name: a, kind: utility, power: q/input.power}]",
            "no device is called `q`; add it to `devices`"),
        with(
            "power: [{name: a, kind: ups}]",
            "a power node of kind ups has no `parents`; add `parents: NAME` or "
                + "`parents: [NAME, NAME]`, what feeds it"),
        with(
            "power: [{name: a, kind: utility}, {name: b, kind: ups, parents: utility}]",
            "no power node is called `utility`; add it to `power`"),
        with(
            "power: [{name: a, kind: ups, parents: b}, {name: b, kind: ups, parents: a}]",
            "the power chain runs in a circle: a ← b ← a; remove the parent that is wrong: "
                + "power flows from sources to racks"),
        with(
            "power: [{name: a, kind: utility}, {name: b, kind: rack, parents: a, place: h1-r1}]",
            "`h1-r1` is no rack; name a rack, such as `h1-r01-k01`"),
        with(
            "power: [{name: a, kind: utility, rated: 8}]",
            "`8` is not a quantity in W; write for example `8 kW`"),
        with(
            "meters: [{name: a, role: utility, energy: m/input.energy, maximum: 1 MW}]",
            "PUE cannot be computed: no meter measures IT energy; add meters with "
                + "`role: it-ups`, `it-pdu` or `it-rack`"),
        with(
            "meters: [{name: a, role: it-pdu, energy: m/input.energy, maximum: 1 MW}]",
            "PUE cannot be computed: no meter has the role utility; give the meter at the "
                + "hand-over `role: utility`"),
        with(
            "meters: [{name: a, role: utility, energy: m/input.power, maximum: 1 MW}]",
            "`m/input.power` is a momentary value in W, not an energy register in Wh; name the "
                + "device's cumulative energy, such as `input.energy`"),
        with(
            "meters: [{name: a, role: utility, energy: m/input.energy, maximum: 1 MW}, "
                + "{name: b, role: it-pdu, energy: m/input.energy, maximum: 1 MW}]",
            "the meter `a` counts `m/input.energy` already; name another register, or give one of "
                + "them `role: information`"),
        with(
            "meters: [{name: a, role: information, energy: m/input.energy, maximum: 1 MW, "
                + "ct: 5/200}]",
            "`5/200` is no transformer ratio; write primary/secondary as on its plate, as "
                + "`200/5`"),
        with(
            "tariff: {table: shanxi, voltage: 110KV, transformerCapacity: 1000 kVA}",
            "no voltage of tariff table `shanxi` is called `110KV`; did you mean `110kV`?"),
        with(
            "tariff: {table: shanxi, voltage: 110kV, transformerCapacity: 1000 kVA, "
                + "contractPrice: 312.8}",
            "a price of `312.8` yuan/kWh is not between 0 and 10; give yuan per kWh: "
                + "312.8 yuan/MWh is `0.3128`"),
        with(
            "subsidiaries: [{name: a, legalName: x, creditCode: 91141100MA0K1B2C3X, places: h1}]",
            "the last character of `91141100MA0K1B2C3X` does not fit the others; compare it with "
                + "the business licence: one character is wrong"),
        with(
            "rooms: [{name: mv}]\nsubsidiaries: [{name: a, legalName: x, places: mv}]",
            "no rack stands in `mv`; name a hall, row or rack of this subsidiary"),
        with(
            "subsidiaries: [{name: a, legalName: x, places: h1}, "
                + "{name: b, legalName: y, places: h1-r2}]",
            "rack `h1-r2-k01` is claimed by `a` and `b`; leave it with one of them: nothing is "
                + "claimed twice"),
        with(
            "hooks: [{name: a, kind: webhook, url: \"https://x.example/send?key=1\"}]",
            "the webhook address carries its token in the file; keep it outside the file and "
                + "write `${cred:on-call-url}` here (or `${file:PATH}`, `${env:NAME}`)"),
        with(
            "hooks: [{name: a, kind: webhook, url: \"${cred:none}\"}]",
            "there is no secret ${cred:none}; store it"),
        with(
            "hooks: [{name: a, kind: webhook, url: \"${vault:none}\"}]",
            "`${vault:none}` is no reference to a secret; write `${cred:on-call-url}`, "
                + "`${file:PATH}` or `${env:NAME}` as the whole value"),
        with(
            "hooks: [{name: a, kind: webhok, url: \"http://127.0.0.1:1/\"}]",
            "`webhok` is not known here; did you mean `webhook`?"),
        with(
            "credentials: {c: {community: hidden}}",
            "a community other than `public` is written in the file; keep it outside the file and "
                + "write `${cred:snmp-community}` here (or `${file:PATH}`, `${env:NAME}`)"),
        with(
            "credentials: {c: {version: 3, user: u, auth: SHA, authPassphrase: \"${cred:short}\"}}",
            "the passphrase has fewer than 8 characters; SNMPv3 requires 8 or more; set a longer "
                + "one on the device and here"),
    ])
    func `of power, meters and people are told with a cure`(_ mistake: Case) { check(mistake) }

    private static func alarm(_ rest: String, _ expected: String) -> Case {
        with(
            "alarms: [{name: r, priority: high, cause: a, consequence: b, action: c, \(rest)}]",
            expected)
    }

    @Test(arguments: [
        alarm(
            "points: u/ups.status, above: 3",
            "`ups.status` of profile `rfc1628.ups` is a state; `above` needs a momentary value; "
                + "write `state: NAME`, or narrow `points`"),
        alarm(
            "points: u/battery.charge, state: low",
            "`battery.charge` of profile `rfc1628.ups` is a momentary value in %, not a state; "
                + "use `above` or `below`, or narrow `points` to states"),
        alarm(
            "points: u/ups.status, state: batery",
            "no state of these points is called `batery`; did you mean `battery`?"),
        alarm(
            "points: u/battery.charge, above: 100",
            "the alarm can never come: `battery.charge` of `rfc1628.ups` is at most 100; "
                + "lower the limit; is its unit %?"),
        alarm(
            "points: w/ambient.temperature, below: -60",
            "the alarm can never come: `ambient.temperature` of `xymd02.probe` is at least -60; "
                + "raise the limit; is its unit °C?"),
        alarm(
            "points: p/ambient.*, above: 20",
            "`ambient.*` covers points in %RH and °C; write one rule for each unit"),
        alarm(
            "points: p/input.power, above: 3 A",
            "the limit is in A, the points are in W; write it in W"),
        alarm(
            "points: \"*/input.pwer\", above: 3",
            "profile `apc.rpdu2`, `eastron.sdm630`, `rfc1628.ups`, `xymd02.probe` has no point "
                + "`input.pwer`; did you mean `input.power`?"),
        alarm(
            "points: q*/input.power, above: 3",
            "no device is called `q*`; use a name of `devices`, or a pattern such as `pdu-*`"),
        alarm(
            "points: p/input.power, above: 3, below: 2",
            "an alarm rule has several conditions; write exactly one of above, below, state, "
                + "noData, rises, falls, deviates and when"),
        alarm(
            "points: p/input.power",
            "an alarm rule has no condition; write exactly one of above, "
                + "below, state, noData, rises, falls, deviates and when"),
        alarm(
            "points: u/input.power, noData: 3",
            "a `noData` rule is about devices; write `devices: pdu-*` and no `points`"),
        alarm(
            "points: p/input.power, place: h1-r2, above: 3",
            "no device matches `p` with this profile or place; correct `profile` or `place`, or "
                + "give the devices their `place`"),
        alarm(
            "points: p/input.energy, above: 3",
            "`input.energy` of profile `apc.rpdu2` is a counter in Wh; `above` needs a momentary "
                + "value; watch the power instead, or narrow `points`"),
        with(
            "alarms: [{name: r, priority: high, cause: a, consequence: b, "
                + "points: p/input.power, above: 3}]",
            "alarm rule `r` has no `action`; add `action: …`"),
    ])
    func `of alarm rules are told with a cure`(_ mistake: Case) { check(mistake) }

    private func check(_ mistake: Case) {
        let (site, mistakes) = Fixtures.parse(Fixtures.head + mistake.text)
        #expect(site == nil)
        #expect(mistakes.count == 1, "\(mistakes)")
        // After `line:column: `.
        let texts = mistakes.map {
            String($0.split(separator: ": ", maxSplits: 1).dropFirst().joined())
        }
        #expect(texts == [mistake.expected])
    }

    @Test func `a generator in error is not reported again by what refers to its items`() {
        let (_, mistakes) = Fixtures.parse(
            """
            site: {name: t}
            defaults: {snmp: {community: public}, rack: {rated: 8 kW}}
            halls:
              - name: h1
                rows: [{range: "r[1..2", racks: "k[01..03]"}]
            devices:
              - each: {rack: "*"}
                name: p-{rack}
                profile: apc.rpdu2
                address: snmp://10.0.0.{n}
                place: "{rack}"
            power: [{name: a, kind: utility, power: p-h1-r1-k01/input.power}]
            subsidiaries: [{name: s, legalName: x, places: h1-r1, meters: m}]
            """)
        #expect(mistakes.count == 2, "\(mistakes)")
        #expect(mistakes.last?.contains("no meter is called `m`") == true, "\(mistakes)")
    }

    @Test func `an item in error is not reported again by what refers to it`() {
        let (_, mistakes) = Fixtures.parse(
            Fixtures.head
                + """
                devices:
                  - {name: m, profile: eastron.sdm63, address: "modbus://10.0.0.3"}
                power: [{name: a, kind: utility, power: m/input.power}]
                alarms: [{name: r, priority: low, cause: a, consequence: b, action: c,
                          points: m/input.power, above: 3}]
                """)
        #expect(mistakes.count == 1, "\(mistakes)")
    }
}
