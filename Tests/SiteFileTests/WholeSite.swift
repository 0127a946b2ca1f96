/// A site with every section, and every way to write an address.
extension Fixtures {
    static let whole = """
        site: {name: t, displayName: 试, offset: "-03:30", altitude: 950 m}
        defaults:
          interval: 5s
          timeout: 1s
          retries: 1
          snmp: {version: 1, community: "${cred:community}", port: 1161}
          rack: {height: 47, rated: 8 kW}
        credentials:
          v3: {version: 3, user: u, auth: SHA-256, authPassphrase: "${cred:phrase}",
               privacy: AES, privacyPassphrase: "${cred:phrase}"}
        rooms: [{name: mv}]
        halls:
          - name: h1
            rows:
              - range: r[01..02]
                displayName: 第{n}列
                racks:
                  - {range: "k[01..03]"}
                  - {name: k9, height: 42, rated: 500 W}
        devices:
          - each: {rack: "*", feed: [A, B]}
            name: pdu-{feed.lower}-{rack}
            profile: apc.rpdu2
            address: snmp://10.0.{feed.n}.0+{rack.index}
            place: "{rack}"
            feed: "{feed}"
          - {name: ups, profile: rfc1628.ups, address: "snmp://ups:99", credentials: v3}
          - {name: m1, profile: eastron.sdm630, address: "modbus://10.0.0.9/7", interval: 1s}
          - name: w
            profile: xymd02.probe
            address: {rtu: /dev/ttyS0, baud: 9600, parity: none, stopBits: 2, unit: 3}
        power:
          - {name: u, kind: utility, power: m1/input.power, rated: 1.5 MW}
          - {name: x, kind: ups, parents: [u], power: ups/output.power}
          - {name: r, kind: rack, parents: x, place: h1-r01-k01}
        outdoor: {temperature: w/ambient.temperature, humidity: w/ambient.humidity}
        meters:
          - {name: m1, role: utility, energy: m1/input.energy, ct: 200/5, pt: 10000/100,
             maximum: 2 MW, serial: "0123", feed: A}
          - {name: it, role: it-pdu, energy: pdu-a-h1-r01-k01/input.energy, maximum: 11 kW}
        alarms:
          - {name: hot, points: "pdu-*/ambient.*.temperature", place: h1, above: 27 °C,
             deadband: 1.5, onDelay: 1m, priority: high, cause: a, consequence: b, action: c}
          - {name: gone, devices: "pdu-*", noData: 3, priority: low, cause: a, consequence: b,
             action: c}
          - {name: bat, points: ups/ups.status, state: [battery, bypass], latching: true,
             priority: critical, cause: a, consequence: b, action: c}
        hooks: [{name: h, kind: webhook, url: "${cred:url}", priority: high}]
        tariff: {table: shanxi, voltage: 110kV, contractPrice: 0.31280001,
                 additions: {fund: -0.01}, transformerCapacity: 2000 kVA,
                 contractDemand: 900 kW}
        subsidiaries:
          - {name: c, legalName: 甲, creditCode: 91141100MA0K1B2C3Q, places: [h1-r01],
             meters: m1}
        """
}
