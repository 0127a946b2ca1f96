import ConfigTree
import Model

/// What a Modbus host needs beyond its address, as `?gap=20ms&keepOpen=false` of an address, as
/// keys of an address written as a table, or as keys of `defaults.modbus`.
struct ModbusLinkText {
    static let keys = ["framing", "gap", "connectDelay", "keepOpen"]
    /// A device that needs longer pauses than this cannot be polled.
    static let longestMilliseconds: Int64 = 10_000

    private var framing = ModbusLinkOptions.Framing.tcp
    /// Nil where it is not written: then the framing tells.
    private var gap: Int64?
    private var connectDelay: Int64 = 0
    private var keepsOpen = true

    var options: ModbusLinkOptions {
        ModbusLinkOptions(
            framing: framing, gapMilliseconds: gap, connectDelayMilliseconds: connectDelay,
            keepsOpen: keepsOpen)
    }

    mutating func set(_ key: String, _ value: String) throws(AddressReader.Mistake) {
        switch key {
        case "framing":
            guard let framing = ModbusLinkOptions.Framing(rawValue: value) else {
                throw AddressReader.Mistake(
                    problem: "`\(value.prefix(20))` is no framing",
                    cure: "use tcp, or rtu for a gateway that passes on RTU frames unchanged")
            }
            self.framing = framing
        case "gap": gap = try Self.milliseconds(key, value)
        case "connectDelay": connectDelay = try Self.milliseconds(key, value)
        case "keepOpen":
            guard value == "true" || value == "false" else {
                throw AddressReader.Mistake(
                    problem: "`\(value.prefix(20))` is neither true nor false",
                    cure: "write `keepOpen: false` for a device that serves one client only")
            }
            keepsOpen = value == "true"
        default:
            throw AddressReader.Mistake(
                problem: "a Modbus host has no setting `\(key.prefix(20))`",
                cure: "use \(Self.keys.joined(separator: ", "))")
        }
    }

    /// Reads the keys that stand in `defaults.modbus`.
    mutating func read(_ table: inout TableReader, _ diagnostics: inout Diagnostics) {
        for key in Self.keys {
            guard let node = table.optional(key), let value = node.text(&diagnostics) else {
                continue
            }
            do throws(AddressReader.Mistake) {
                try set(key, value)
            } catch {
                diagnostics.add(node.position, error.problem, cure: error.cure)
            }
        }
    }

    static func milliseconds(
        _ key: String, _ value: String
    ) throws(AddressReader.Mistake) -> Int64 {
        guard let time = ConfigNode.durationMilliseconds(value),
            (0...longestMilliseconds).contains(time)
        else {
            throw AddressReader.Mistake(
                problem: "`\(value.prefix(20))` cannot be a `\(key)`",
                cure: "use a duration from 0ms to 10s, such as 20ms")
        }
        return time
    }
}
