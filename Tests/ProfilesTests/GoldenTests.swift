import Model
import Profiles
import TestSupport
import Testing

/// `Tests/Golden/profiles/<profile>/`: what a device answers by its documentation, and the points
/// that must come out of it, each line checked against the input by hand.
struct GoldenTests {
    @Test("every profile that ships has a golden answer, and decodes it to the expected points")
    func golden() throws {
        let shipped = try ShippedProfiles.load()
        for profile in shipped.profiles {
            let folder = repositoryRoot() + "/Tests/Golden/profiles/" + profile.name
            let frames = try Self.frames(folder, profile)
            var decoder = DeviceDecoder(profile: profile)
            let lines = Self.lines(&decoder, frames)
            let expected = try readText(folder + "/expected.txt")
            let wanted = expected.split(whereSeparator: \.isNewline).map(String.init)
            #expect(lines == wanted, "\(profile.name):\n\(lines.joined(separator: "\n"))")
            // The same answer again: same points, same values.
            #expect(Self.lines(&decoder, frames) == lines, "\(profile.name), second time")
        }
    }

    private static func lines(_ decoder: inout DeviceDecoder, _ frames: RawFrames) -> [String] {
        decoder.decode(frames).map { value in
            let definition = decoder.points[Int(value.index)]
            var text = definition.decimal(value.mantissa).description
            if let state = definition.stateName(value.mantissa) { text += "=" + state }
            if value.quality == .absent { text = "-" }
            var line = "\(definition.name) \(text) \(definition.unit.rawValue) "
            line += value.quality.name
            if let label = definition.label { line += " \"\(label)\"" }
            return line
        }
    }

    static func frames(_ folder: String, _ profile: Profile) throws -> RawFrames {
        guard case .modbus(let plan) = profile.requestPlan else {
            return Recording(text: try readText(folder + "/input.snmprec"))
                .answers(to: profile.requestPlan)
        }
        let rows = commaSeparated(try readText(folder + "/registers.csv")).dropFirst()
        return RegisterDump(rows: Array(rows)).answers(to: plan)
    }
}

/// Registers of a device as a file lists them: table, address, value (decimal or 0x…).
struct RegisterDump {
    var words: [RegisterTable: [Int: UInt16]] = [:]

    init(rows: [[String]]) {
        let tables: [String: RegisterTable] = [
            "holding": .holding, "input": .input, "coils": .coils, "discrete": .discrete,
            "hr": .holding, "ir": .input,
        ]
        for row in rows where row.count >= 3 {
            guard let table = tables[row[0]], let address = Int(row[1]) else { continue }
            let text = row[2]
            let isHexadecimal = text.hasPrefix("0x") || row[0] == "hr" || row[0] == "ir"
            let digits = text.hasPrefix("0x") ? String(text.dropFirst(2)) : text
            words[table, default: [:]][address] = UInt16(digits, radix: isHexadecimal ? 16 : 10)
        }
    }

    /// A span with a register the device does not have is refused with exception 2.
    func answers(to plan: ModbusRequestPlan) -> RawFrames {
        .registers(
            plan.spans.map { span in
                let range = Int(span.start)..<Int(span.start) + Int(span.count)
                let values = range.compactMap { words[span.table]?[$0] }
                return RegisterBlock(
                    span: span,
                    content: values.count == range.count ? .words(values) : .exception(2))
            })
    }
}
