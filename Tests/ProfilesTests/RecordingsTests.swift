import Model
import Profiles
import TestSupport
import Testing

/// Real devices' answers, compared with what an independent program made of them.
struct RecordingsTests {
    /// Each recording and the profile a person would choose for it.
    static let recordings: [(file: String, profile: String)] = [
        ("apc_ap8853", "apc.rpdu2"),
        ("apc_ap8959eu3", "apc.rpdu2"),
        ("raritan-pdu_px2", "raritan.px"),
        ("raritan-pdu_px3", "raritan.px"),
        ("generex-ups_cs121", "rfc1628.ups"),
        ("generex-ups_cs141", "rfc1628.ups"),
        ("netmanplus_204", "rfc1628.ups"),
        ("netvision-rfc", "rfc1628.ups"),
        ("deltaups_mini-snmp", "delta.minisnmp"),
        ("apc_smart1500", "apc.smartups"),
        ("apc_smt750x-nmc2", "apc.smartups"),
        ("apc_smx750", "apc.smartups"),
        ("apc_sua750i", "apc.smartups"),
        ("apc_symmetralx", "apc.smartups"),
        ("eatonups", "eaton.xups"),
        ("apc-inrow", "apc.inrow"),
        ("dantherm-os", "dantherm.freecooling"),
        ("stulz_wib8000", "stulz.wib8000"),
        ("hwg-ste2", "hwg.ste2"),
        ("hwg-poseidon", "hwg.poseidon"),
        ("akcp_serverprobe8", "akcp.sensorprobe"),
        ("avtech_roomalert12e", "avtech.roomalert12e"),
    ]

    struct Expected {
        var sensorClass: String
        var value: String
        var unit: String
    }

    /// What the other program calls a unit, in ours: factor of 10^n.
    private static func factor(_ unit: String) -> Double? {
        switch unit {
        case "kWh": 1_000
        case "min": 60
        case "kPa": 1_000
        case "kVA": 1_000
        case "", "A", "V", "W", "Hz", "C", "%", "l/min", "RPM", "VA": 1
        // Cubic feet a minute: 0.3048³ m³ × 60.
        case "cfm": 0.3048 * 0.3048 * 0.3048 * 60
        default: nil
        }
    }

    @Test("points decoded from recordings of real devices have the values others found")
    func compare() throws {
        guard let shared = sharedFolder(for: "decoding recordings of real devices") else { return }
        let shipped = try ShippedProfiles.load()
        let expected = try Self.expectedValues(shared)
        var compared = 0
        var differences: [String] = []
        for (file, name) in Self.recordings {
            let profile = try #require(shipped.library[name], "\(name)")
            let recording = try Recording(
                text: readText(shared + "/recordings/snmp/snmprec/\(file).snmprec"))
            var decoder = DeviceDecoder(profile: profile)
            let values = decoder.decode(recording.answers(to: profile.requestPlan))
            #expect(values.count == decoder.points.count)
            var here = 0
            for value in values where value.quality != .absent {
                let definition = decoder.points[Int(value.index)]
                let origin = decoder.origin(of: Int(value.index))
                guard let row = expected["\(file).snmprec"]?[origin],
                    let theirs = Double(row.value), let factor = Self.factor(row.unit)
                else { continue }
                here += 1
                let mine = definition.decimal(value.mantissa)
                let tolerance = Self.tolerance(printed: row.value, factor, definition)
                let wanted = theirs * factor
                if value.quality != .good || abs(mine.double - wanted) > tolerance {
                    differences.append(
                        "\(file) \(definition.name) \(origin): \(mine) \(value.quality.name), "
                            + "expected \(wanted)")
                }
            }
            #expect(here > 0, "\(file): nothing to compare")
            compared += here
        }
        print(
            "recordings: \(Self.recordings.count) devices, \(compared) points compared, "
                + "\(differences.count) differences")
        // Fewer would mean that identification of points broke, not that devices agree.
        #expect(compared >= 500)
        #expect(differences.isEmpty, "\(differences.joined(separator: "\n"))")
    }

    /// Half a unit of the last digit printed, or of our own last digit where that is coarser.
    private static func tolerance(
        printed: String, _ factor: Double, _ definition: PointDefinition
    ) -> Double {
        var last = factor
        if let dot = printed.firstIndex(of: ".") {
            for _ in printed[dot...].dropFirst() { last /= 10 }
            return max(last, definition.decimal(1).double) / 2 + 1e-9
        }
        return definition.decimal(1).double / 2 + 1e-9
    }

    private static func expectedValues(
        _ shared: String
    ) throws -> [String: [String: Expected]] {
        let rows = commaSeparated(try readText(shared + "/recordings/snmp/expected_all.csv"))
        let header = try #require(rows.first)
        func column(_ name: String) throws -> Int {
            try #require(header.firstIndex(of: name), "column \(name)")
        }
        let (file, oid, value) = (
            try column("device_file"), try column("sensor_oid"), try column("value")
        )
        let (unit, kind, suspect) = (
            try column("unit"), try column("sensor_class"), try column("suspect")
        )
        var result: [String: [String: Expected]] = [:]
        for row in rows.dropFirst() where row.count == header.count && row[suspect].isEmpty {
            // Rows without a printed unit keep the raw value of a class whose unit is known.
            result[row[file], default: [:]][row[oid]] = Expected(
                sensorClass: row[kind], value: row[value], unit: row[unit])
        }
        return result
    }

    @Test("a card that breaks the standard's scale shows no mains of 2,300 V")
    func wrongScale() throws {
        guard let shared = sharedFolder(for: "a UPS card with a wrong scale") else { return }
        let profile = try #require(ShippedProfiles.load().library["rfc1628.ups"])
        let recording = try Recording(
            text: readText(shared + "/recordings/snmp/snmprec/deltaups_mini-snmp.snmprec"))
        var decoder = DeviceDecoder(profile: profile)
        let values = decoder.decode(recording.answers(to: profile.requestPlan))
        let place = try #require(decoder.points.firstIndex { $0.name == "input.l1.voltage" })
        #expect(values[place].mantissa == 2_313)
        #expect(values[place].quality == .bad)
    }

    @Test("a device of a known family is recognised, and no switch, server or printer is")
    func identify() throws {
        guard let shared = sharedFolder(for: "identification of real devices") else { return }
        let library = try ShippedProfiles.load().library
        for (file, name) in Self.recordings {
            let recording = try Recording(
                text: readText(shared + "/recordings/snmp/snmprec/\(file).snmprec"))
            let found = library.identify(
                sysObjectID: recording.systemObjectID, sysDescr: recording.systemDescription,
                answers: recording.values(of: library.probeObjects))
            #expect(found?.name == name, "\(file)")
        }
        let rows = commaSeparated(
            try readText(shared + "/recordings/snmp/ident_negative.csv")).dropFirst()
        #expect(rows.count > 1_000)
        var claimed: [String] = []
        for row in rows where row.count == 6 {
            let oid = ObjectID(row[4])
            if let profile = library.identify(sysObjectID: oid, sysDescr: row[5]) {
                claimed.append("\(row[0]) claimed by \(profile.name)")
            }
        }
        #expect(claimed.isEmpty, "\(claimed.joined(separator: "\n"))")
    }
}
