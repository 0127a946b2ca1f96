import Model
import Profiles
import TestSupport
import Testing

/// Register dumps of real inverters with values decoded by an independent program.
struct SunSpecImageTests {
    static let images = ["sunspec_sma_sb3.6_2025"]
    /// Our names for the fields of models 101 to 103.
    static let fields = [
        "A": "output.current", "AphA": "output.l1.current", "AphB": "output.l2.current",
        "AphC": "output.l3.current", "PPVphAB": "output.l1-l2.voltage",
        "PhVphA": "output.l1.voltage", "PhVphB": "output.l2.voltage",
        "PhVphC": "output.l3.voltage", "W": "output.power", "Hz": "output.frequency",
        "VA": "output.apparent.power", "VAr": "output.reactive.power", "WH": "output.energy",
        "DCA": "dc.current", "DCV": "dc.voltage", "DCW": "dc.power",
        "TmpCab": "device.temperature",
    ]

    @Test("an inverter's registers give the values another program reads in them")
    func image() throws {
        guard let shared = sharedFolder(for: "SunSpec register images") else { return }
        let profile = try #require(ShippedProfiles.load().library["sunspec.inverter"])
        guard case .modbus(let plan) = profile.requestPlan else {
            Issue.record("sunspec.inverter speaks Modbus")
            return
        }
        for image in Self.images {
            let folder = shared + "/recordings/modbus/images/" + image
            let dump = RegisterDump(rows: commaSeparated(try readText(folder + ".csv")))
            // The dump has no register behind its last model: answer what is there.
            var decoder = DeviceDecoder(profile: profile)
            let values = decoder.decode(dump.partialAnswers(to: plan))
            var compared = 0
            for row in commaSeparated(try readText(folder + ".expected.csv"))
            where row.count >= 6 && ["Model 101", "Model 102", "Model 103"].contains(row[0]) {
                guard let name = Self.fields[row[1]] else { continue }
                let place = decoder.points.firstIndex { $0.name == name }
                let value = place.map { values[$0] }
                if row[5] == "0" {
                    #expect(value?.quality != .good, "\(image) \(name) is not available")
                    continue
                }
                let expected = try #require(Double(row[4]), "\(row)")
                let found = try #require(value, "\(name)")
                let mine = decoder.points[Int(found.index)].decimal(found.mantissa).double
                #expect(found.quality == .good, "\(image) \(name)")
                #expect(abs(mine - expected) < 1e-6, "\(image) \(name): \(mine)")
                compared += 1
            }
            print("\(image): \(compared) points compared")
            #expect(compared >= 4)
        }
    }
}

extension RegisterDump {
    /// As `answers`, but a span that runs past the end brings what there is.
    func partialAnswers(to plan: ModbusRequestPlan) -> RawFrames {
        .registers(
            plan.spans.map { span in
                let range = Int(span.start)..<Int(span.start) + Int(span.count)
                let values = range.prefix { words[span.table]?[$0] != nil }
                    .compactMap { words[span.table]?[$0] }
                return RegisterBlock(
                    span: span, content: values.isEmpty ? .exception(2) : .words(values))
            })
    }
}
