import ConfigTree
import Model

extension SiteReader {
    /// `adjust: {current: 100/5, voltage: 100, registerOffset: 1000}` of a device.
    mutating func adjustment(_ node: ConfigNode?) -> DeviceAdjustment? {
        guard let node else { return nil }
        var table = TableReader(node, what: "adjust", &diagnostics)
        var result = DeviceAdjustment()
        result.current = ratio(table.optional("current")) ?? .one
        result.voltage = ratio(table.optional("voltage")) ?? .one
        if let offset = table.optional("registerOffset")?
            .integer(in: -65_535...65_535, &diagnostics)
        {
            result.registerOffset = Int(offset)
        }
        table.finish(&diagnostics)
        return result
    }

    /// Only registers can be moved, and only as far as there are any.
    mutating func checkAdjustment(
        _ adjustment: DeviceAdjustment?, profile: String, at node: ConfigNode?
    ) {
        guard let node, let offset = adjustment?.registerOffset, offset != 0,
            let facts = profiles[profile]
        else { return }
        guard let registers = facts.registers else {
            diagnostics.add(
                node.position, "`registerOffset` is for devices that speak Modbus",
                cure: "take it away")
            return
        }
        guard registers.lowerBound + offset >= 0, registers.upperBound + offset <= 65_535 else {
            diagnostics.add(
                node.position,
                "registers \(registers.lowerBound) to \(registers.upperBound) of `\(profile)` "
                    + "cannot be moved by \(offset)",
                cure: "choose an offset that leaves them between 0 and 65535")
            return
        }
    }

    /// `20`, `2.5` or `100/5`; far above any transformer is a mistake.
    private mutating func ratio(_ node: ConfigNode?) -> DeviceAdjustment.Ratio? {
        guard let node, let text = node.text(&diagnostics) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            .map { FixedDecimal(String($0)) }
        if let top = parts.first.flatMap({ $0?.rescaled(to: 6)?.mantissa }), top > 0,
            top <= 1_000_000_000_000, parts.count <= 2,
            let bottom = parts.count == 2
                ? parts[1]?.rescaled(to: 6)?.mantissa : Int64(1_000_000), bottom > 0,
            bottom <= 1_000_000_000_000
        {
            return DeviceAdjustment.Ratio(numerator: top, denominator: bottom)
        }
        diagnostics.add(
            node.position, "`\(text.prefix(40))` is no ratio",
            cure: "write a positive number up to a million, or two as `100/5`")
        return nil
    }
}
