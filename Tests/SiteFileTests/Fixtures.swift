import ConfigTree
import Model
import SiteFile
import YAML

/// Facts of a few profiles, as those of DeviceProfiles, so that these tests need no files.
enum Fixtures {
    static let profiles: [String: ProfileFacts] = [
        "apc.rpdu2": ProfileFacts(
            access: .snmp,
            points: [
                point("input.power", .watt), counter("input.energy"),
                point("input.l?*.power", .watt), point("ambient.?*.temperature", .celsius),
                point("ambient.?*.humidity", .relativeHumidity),
                state("input.state", ["normal", "overload"]),
            ]),
        "rfc1628.ups": ProfileFacts(
            access: .snmp,
            points: [
                state("ups.status", ["normal", "battery", "bypass"]),
                point("output.power", .watt), point("battery.charge", .percent, 0, 100),
            ], classes: ["ups"]),
        "eastron.sdm630": ProfileFacts(
            access: .modbus, points: [point("input.power", .watt), counter("input.energy")]),
        "xymd02.probe": ProfileFacts(
            access: .modbus,
            points: [
                point("ambient.temperature", .celsius, -60, 100),
                point("ambient.humidity", .relativeHumidity, 0, 100),
            ], classes: ["sensor"]),
    ]
    static let tariffs = ["shanxi": ["10kV", "35kV", "110kV"]]

    private static func point(
        _ name: String, _ unit: MeasurementUnit, _ lowest: Int64? = nil, _ highest: Int64? = nil
    ) -> ProfileFacts.Point {
        ProfileFacts.Point(
            pattern: name, kind: .gauge, unit: unit,
            lowest: lowest.map { FixedDecimal(mantissa: $0, scale: 0) },
            highest: highest.map { FixedDecimal(mantissa: $0, scale: 0) })
    }

    private static func counter(_ name: String) -> ProfileFacts.Point {
        ProfileFacts.Point(pattern: name, kind: .counter(modulus: nil), unit: .wattHour)
    }

    private static func state(_ name: String, _ labels: [String]) -> ProfileFacts.Point {
        let labels = labels.enumerated().map {
            StateLabel(code: Int64($0), name: $1, severity: .normal)
        }
        return ProfileFacts.Point(pattern: name, kind: .state(labels), unit: .none)
    }

    /// Secrets by the text of their reference.
    static func secret(_ reference: SecretReference) -> Result<String, SecretProblem> {
        switch reference {
        case .credential("phrase"): .success("a long passphrase")
        case .credential("short"): .success("1234567")
        case .credential("community"): .success("s3cret")
        case .credential("url"): .success("https://ops.example/hook?token=x")
        default:
            .failure(SecretProblem("there is no secret \(reference)", cure: "store it"))
        }
    }

    /// A site, or the mistakes as `line:column: …`.
    static func parse(
        _ text: String, profiles: [String: ProfileFacts] = Self.profiles
    ) -> (site: Site?, mistakes: [String]) {
        var diagnostics = Diagnostics()
        guard let node = YAMLFile.parse(text, file: "s", &diagnostics) else {
            return (nil, diagnostics.sorted.map(\.description))
        }
        let site = SiteFileParser.parse(
            node, profiles: profiles, tariffs: tariffs, secret: secret, &diagnostics)
        return (site, diagnostics.sorted.map { String($0.description.dropFirst(2)) })
    }

    static let head = """
        site: {name: t}
        defaults: {snmp: {community: public}, rack: {rated: 8 kW}}
        halls:
          - name: h1
            rows: [{range: "r[1..2]", racks: "k[01..03]"}]

        """
}
