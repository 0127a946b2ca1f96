/// A device of the site: its place in `Site.devices`. Valid for one run; names are what is stored.
package struct DeviceID: Hashable, Sendable, Comparable {
    package let index: UInt32
    package init(_ index: Int) { self.index = UInt32(index) }
    package static func < (a: DeviceID, b: DeviceID) -> Bool { a.index < b.index }
}

/// One point of one device, valid for one run: `index` is the place in the device's list of points,
/// which only grows (table walks discover outlets, sensors, phases).
package struct PointID: Hashable, Sendable {
    package let device: DeviceID
    package let index: UInt16
    package init(device: DeviceID, index: UInt16) {
        self.device = device
        self.index = index
    }
}

/// A point as people write it: `pdu-a-r07/outlet.12.power`.
package struct PointName: Hashable, Sendable, CustomStringConvertible {
    package var device: String
    package var point: String
    package init(device: String, point: String) {
        self.device = device
        self.point = point
    }

    /// Splits at the first `/`; nil where a part is missing.
    package init?(_ text: String) {
        guard let slash = text.firstIndex(of: "/") else { return nil }
        device = String(text[..<slash])
        point = String(text[text.index(after: slash)...])
        if device.isEmpty || point.isEmpty { return nil }
    }

    package var description: String { device + "/" + point }
}

package enum PointKind: Hashable, Sendable {
    /// A momentary value.
    case gauge
    /// A register that only rises, and starts again from 0 at `modulus` (in units of the mantissa)
    /// where the width is known: 2^32 for a 32-bit register. A fall that is no proven wrap is a
    /// reset.
    case counter(modulus: UInt64?)
    /// One of a list of labels; the mantissa is the device's own code.
    case state([StateLabel])
}

/// One code of an enumeration or a bit set.
package struct StateLabel: Hashable, Sendable {
    package enum Severity: UInt8, Sendable { case normal, warning, critical, unknown }
    package var code: Int64
    package var name: String
    package var severity: Severity
    package init(code: Int64, name: String, severity: Severity) {
        self.code = code
        self.name = name
        self.severity = severity
    }
}

/// What is known of a point before its first reading.
package struct PointDefinition: Hashable, Sendable {
    /// From the vocabulary of `docs/NAMES.md`: `input.l1.voltage`, `outlet.12.power`.
    package var name: String
    package var kind: PointKind
    package var unit: MeasurementUnit
    /// The value is `mantissa × 10^-scale` of `unit`.
    package var scale: Int8
    /// The device's own text for the instance ("Outlet 12", "Rack inlet top"), where it has one.
    package var label: String?
    /// The physically possible mantissas; a value outside gets quality `bad`.
    package var range: ClosedRange<Int64>?

    package init(
        name: String, kind: PointKind, unit: MeasurementUnit, scale: Int8, label: String? = nil,
        range: ClosedRange<Int64>? = nil
    ) {
        self.name = name
        self.kind = kind
        self.unit = unit
        self.scale = scale
        self.label = label
        self.range = range
    }

    package func decimal(_ mantissa: Int64) -> FixedDecimal {
        FixedDecimal(mantissa: mantissa, scale: scale)
    }

    package func stateName(_ code: Int64) -> String? {
        guard case .state(let labels) = kind else { return nil }
        return labels.first { $0.code == code }?.name
    }
}
