import Model
import Profiles
import TestSupport

/// `DeviceProfiles/recordings/<profile>/`: what a device answers by its documentation.
enum LibraryRecording {
    /// The answers of one recording; nil where the profile has none.
    static func frames(_ profile: Profile) throws -> RawFrames? {
        let folder = repositoryRoot() + "/DeviceProfiles/recordings/" + profile.name
        let files = (try? listFolder(folder)) ?? []
        guard case .modbus(let plan) = profile.requestPlan else {
            guard let file = files.last(where: { $0.hasSuffix(".snmprec") }) else { return nil }
            return Recording(text: try readText(folder + "/" + file))
                .answers(to: profile.requestPlan)
        }
        guard let file = files.last(where: { $0.hasSuffix(".csv") }) else { return nil }
        let rows = commaSeparated(try readText(folder + "/" + file)).dropFirst()
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
