import Model
import TestSupport
import Testing

@testable import Profiles

/// Register dumps of real devices with values decoded by an independent program.
struct SunSpecImageTests {
    /// Fewest fields compared, and fewest of these that the device says it does not have.
    static let images = [
        (name: "sunspec_sma_sb3.6_2025", fields: 30, missing: 10),
        (name: "sunspec_emulated_der", fields: 50, missing: 0),
    ]
    static let folder = "/recordings/modbus/images/"

    /// What the other program says of the field at one address.
    private struct Field {
        var name: String
        var expression: String
        var text: String
        var isAvailable: Bool

        /// The code of a word, from `4->'MPPT'` in the expression.
        var code: Int64? {
            guard let end = expression.firstRange(of: "->'\(text)'")?.lowerBound else { return nil }
            let digits = expression[..<end].reversed().prefix { $0.isNumber }
            return Int64(String(digits.reversed()))
        }
    }

    private func fields(_ rows: [[String]]) -> [Int: Field] {
        var result: [Int: Field] = [:]
        for row in rows where row.count >= 6 {
            guard let start = row[2].firstRange(of: "(hr:")?.upperBound,
                let address = Int(row[2][start...].prefix { $0.isNumber })
            else { continue }
            result[address] = Field(
                name: row[0] + " " + row[1], expression: row[2], text: row[4],
                isAvailable: row[5] == "1")
        }
        return result
    }

    /// Where the models of a dump stand, found without the decoder.
    private func models(_ dump: RegisterDump) -> [UInt16: Range<Int>] {
        let words = dump.words[.holding] ?? [:]
        var result: [UInt16: Range<Int>] = [:]
        var address = 40002
        while let number = words[address], number != 0xFFFF, let length = words[address + 1] {
            let end = address + 2 + Int(length)
            result[number] = result[number] ?? address..<end
            address = end
        }
        return result
    }

    @Test(
        "a chain of SunSpec models gives the values another program reads in it, and no other",
        arguments: images)
    func image(_ image: (name: String, fields: Int, missing: Int)) throws {
        guard let shared = sharedFolder(for: "SunSpec register images") else { return }
        let dump = RegisterDump(
            rows: commaSeparated(try readText(shared + Self.folder + image.name + ".csv")))
        let expected = fields(
            commaSeparated(try readText(shared + Self.folder + image.name + ".expected.csv")))
        let models = models(dump)
        var compared = 0
        var missing = 0
        for name in ["sunspec.inverter", "sunspec.meter", "sunspec.storage"] {
            let profile = try #require(ShippedProfiles.load().library[name])
            guard case .modbus(let plan) = profile.requestPlan else { throw ExpectedModbus() }
            // The dump has no register behind its last model: answer what is there.
            var decoder = DeviceDecoder(profile: profile)
            let values = decoder.decode(dump.partialAnswers(to: plan))
            for spec in profile.points {
                let places = spec.sources.lazy.compactMap { source -> Int? in
                    guard let field = source.value.registerField else { return nil }
                    return field.models.lazy.compactMap { models[$0] }.first.flatMap { model in
                        let place = model.lowerBound + Int(field.address)
                        return model.contains(place) ? place : nil
                    }
                }
                guard let place = places.first, let field = expected[place] else { continue }
                compared += 1
                if !field.isAvailable { missing += 1 }
                guard
                    let number = decoder.points.firstIndex(where: {
                        $0.name == spec.template.description
                    })
                else {
                    // An optional point joins when there is something of it.
                    #expect(!field.isAvailable, "\(name) \(spec.template) is \(field.text)")
                    continue
                }
                compare(values[number], decoder.points[number], with: field, name)
            }
        }
        print("\(image.name): \(compared) fields compared, \(missing) of them not available")
        #expect(compared >= image.fields && missing >= image.missing)
    }

    private struct ExpectedModbus: Error {}

    private func compare(
        _ value: PointValue, _ point: PointDefinition, with field: Field, _ profile: String
    ) {
        let about = "\(profile) \(point.name), \(field.name)"
        guard field.isAvailable else {
            #expect(value.quality == .absent, "\(about) is not available")
            return
        }
        #expect(value.quality == .good, "\(about) is \(field.text)")
        if case .state = point.kind {
            #expect(value.mantissa == field.code, "\(about) is \(field.text)")
            return
        }
        let mine = point.decimal(value.mantissa).double
        let step = point.decimal(1).double
        guard let theirs = Double(field.text) else {
            Issue.record("\(about): `\(field.text)` is no number")
            return
        }
        #expect(abs(mine - theirs) <= step / 2 + 1e-6, "\(about): \(mine), not \(theirs)")
    }

    @Test("no image, cut off anywhere, upsets any profile; a heat pump's is not taken for SunSpec")
    func everyProfile() throws {
        guard let shared = sharedFolder(for: "register images") else { return }
        let library = try ShippedProfiles.load().library
        for image in Self.images.map(\.name) + ["thermia_genesis_2025-05-18"] {
            let dump = RegisterDump(
                rows: commaSeparated(try readText(shared + Self.folder + image + ".csv")))
            for name in library.names {
                guard let profile = library[name], case .modbus(let plan) = profile.requestPlan
                else { continue }
                var decoder = DeviceDecoder(profile: profile)
                let values = decoder.decode(dump.partialAnswers(to: plan))
                #expect(values.count == decoder.points.count, "\(name)")
                guard image.hasPrefix("thermia"), name.hasPrefix("sunspec.") else { continue }
                #expect(!values.contains { $0.quality == .good }, "\(name)")
            }
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
