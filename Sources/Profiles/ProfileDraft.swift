package import Model

/// A first profile for a device that no profile claims, from its walk. Standard tables and texts
/// that carry their unit become points; every other number stands as a comment with what it could
/// be. Pure: the walk in, the text of a file out.
package struct ProfileDraft {
    /// Columns and scalars listed; a walk of a switch has thousands.
    private static let lineLimit = 400

    private let walk: [VarBind]
    private let values: [ObjectID: SNMPValue]
    private let sysDescr: String
    private let sysObjectID: ObjectID?
    /// Of a known profile with the same enterprise number.
    private let vendor: String?
    private var tables: [String] = []
    private var scalars: [String] = []
    private var open: [String] = []
    private var places: [String: Int] = [:]
    private var tableCount = 0

    /// - Parameter walk: ascending.
    package init(walk: [VarBind], sysDescr: String, sysObjectID: ObjectID?, vendor: String? = nil) {
        self.vendor = vendor
        self.walk = walk.filter { $0.value.isPresent }
        values = Dictionary(self.walk.map { ($0.oid, $0.value) }) { first, _ in first }
        self.sysDescr = sysDescr
        self.sysObjectID = sysObjectID
    }

    /// How many points the draft defines; 0 means that only a person can go on.
    package private(set) var pointRules = 0

    /// The file.
    package mutating func text(name: String) -> String {
        entitySensors()
        let shared = SharedTails(walk)
        for table in WalkTable.all(in: walk, shared) { add(table) }
        for bind in walk
        where bind.oid.arcs.last == 0 && Self.isPrivate(bind.oid)
            && shared.indexLength(of: bind.oid.arcs) == nil
        {
            add(bind)
        }
        var lines = header(name)
        lines.append("snmp:")
        if !scalars.isEmpty { lines += ["  scalars:"] + scalars }
        if !tables.isEmpty { lines += ["  tables:"] + tables }
        if scalars.isEmpty, tables.isEmpty {
            lines += [
                "  # No standard table and no text with a unit was found. Give the objects below",
                "  # their names, then remove the empty list.", "  scalars: []",
            ]
        }
        if !open.isEmpty {
            lines += [
                "", "# Not understood: give them names, with the value now and what it could be.",
            ]
            lines += open.prefix(Self.lineLimit)
            if open.count > Self.lineLimit {
                lines.append("# … and \(open.count - Self.lineLimit) more")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `1.3.6.1.4.1.N`: the number that IANA gave the maker.
    private var enterprise: UInt32? {
        guard let arcs = sysObjectID?.arcs, arcs.count > 6, arcs.starts(with: [1, 3, 6, 1, 4, 1])
        else { return nil }
        return arcs[6]
    }

    private var vendorLine: String {
        if let vendor {
            return "vendor: \(vendor)   # by its enterprise number: another profile has it"
        }
        guard let enterprise else { return "vendor: UNKNOWN" }
        return "vendor: UNKNOWN   # enterprise number \(enterprise): IANA's list has its name"
    }

    /// By words that makers write into sysDescr.
    private var classLine: String {
        let words: [(word: String, name: String)] = [
            ("pdu", "pdu"), ("ups", "ups"), ("power distribution", "pdu"), ("rectifier", "dcpower"),
            ("transfer switch", "ats"), ("meter", "meter"), ("chiller", "chiller"),
        ]
        let text = sysDescr.lowercased()
        guard let found = words.first(where: { text.contains($0.word) }) else {
            return "classes: [sensor]"
        }
        // Another class needs points that the draft may not have.
        return
            "classes: [sensor]   # perhaps [\(found.name)], with the points that NAMES.md asks for"
    }

    private func header(_ name: String) -> [String] {
        let title = (DeviceText.label(Array(sysDescr.utf8)) ?? "").filter {
            $0 != "\"" && $0 != "\\"
        }
        var lines = [
            "# A draft made from a walk: every rule is a guess until someone has compared it with",
            "# the device's own display and documents. docs/PROFILES.md explains the keys.",
            "profile: \(name)", vendorLine,
            "title: \"\(title.isEmpty ? "Unknown device" : title)\"", classLine,
            "source:", "  - a walk of one device; name the MIB here",
        ]
        if has([1, 3, 6, 1, 2, 1, 33, 1]) {
            lines.append("# It answers UPS-MIB (RFC 1628): `extends: rfc1628.ups` may be enough.")
        }
        if let sysObjectID {
            lines += ["identify:", "  - sysObjectID: [\(sysObjectID)]"]
            if sysObjectID.arcs.starts(with: [1, 3, 6, 1, 4, 1, 8072]) {
                lines.append(
                    "    # net-snmp's own identifier: many makers use it. Add sysDescr or probe.")
            }
        } else {
            lines.append("# It told no sysObjectID: add `identify` with sysDescr or probe.")
        }
        return lines
    }

    private static func isPrivate(_ oid: ObjectID) -> Bool {
        oid.arcs.starts(with: [1, 3, 6, 1, 4, 1])
    }

    private func has(_ subtree: [UInt32]) -> Bool {
        walk.contains { $0.oid.arcs.starts(with: subtree) }
    }

    // MARK: ENTITY-SENSOR-MIB (RFC 3433)

    private static let entry = ObjectID([1, 3, 6, 1, 2, 1, 99, 1, 1, 1])
    /// EntitySensorDataType to a name and its unit.
    private static let kinds: [(type: Int64, name: String, unit: String)] = [
        (3, "bank.{sensor}.voltage", "V"), (4, "bank.{sensor}.voltage", "V"),
        (5, "bank.{sensor}.current", "A"), (6, "bank.{sensor}.power", "W"),
        (7, "bank.{sensor}.frequency", "Hz"), (8, "ambient.{sensor}.temperature", "°C"),
        (9, "ambient.{sensor}.humidity", "%RH"), (10, "fan.{sensor}.speed", "1/min"),
    ]

    /// One table a data type and scale; scales of 10³ each (EntitySensorDataScale, units is 9).
    private mutating func entitySensors() {
        var seen: Set<[Int64]> = []
        for bind in walk where Self.entry.appending([1]).isPrefix(of: bind.oid) {
            let index = bind.oid.arcs.dropFirst(Self.entry.arcs.count + 1)
            guard index.count == 1, case .integer(let type) = bind.value,
                case .integer(let scale)? = values[Self.entry.appending([2] + index)],
                let kind = Self.kinds.first(where: { $0.type == type }),
                (7...11).contains(scale), seen.insert([type, scale]).inserted
            else { continue }
            let factor = ["0.000001", "0.001", "1", "1000", "1000000"][Int(scale - 7)]
            tables += [
                "    - entry: \(Self.entry)      # ENTITY-SENSOR-MIB, RFC 3433",
                "      index: [sensor]",
                "      where: [{column: 1, is: [\(type)]}, {column: 2, is: [\(scale)]}]",
                "      points:",
                "        - {name: \"\(kind.name)\", column: 4, scale: {digits: 3},"
                    + " multiply: \(factor)}",
            ]
            pointRules += 1
        }
    }

    // MARK: Tables and scalars of the maker

    /// A table of which nothing was recognised stands as a comment, ready for names.
    private mutating func add(_ table: WalkTable) {
        let index =
            table.indexCount == 1 ? ["row"] : (1...table.indexCount).map { "index\($0)" }
        tableCount += 1
        // Two tables must not give one name.
        let instance = "t\(tableCount)-" + index.map { "{\($0)}" }.joined(separator: "-")
        var points: [String] = []
        var known = 0
        for column in table.columns where points.count < Self.lineLimit {
            let rule = Rule(column.values)
            guard let line = rule.line(instance, "column: \(column.number)", column.values) else {
                continue
            }
            known += rule.isKnown ? 1 : 0
            points.append("        " + line)
        }
        guard !points.isEmpty else { return }
        var lines = [
            "    - entry: \(table.entry)", "      index: [\(index.joined(separator: ", "))]",
        ]
        if let label = table.labelColumn { lines.append("      label: {column: \(label)}") }
        lines.append("      points:")
        pointRules += known
        if known > 0 {
            tables += lines + points
        } else {
            // One sign to take away, not two.
            let bare = points.map { "        " + $0.drop { $0 == " " || $0 == "#" } }
            open += (lines + bare).map { "# " + $0 }
        }
    }

    private mutating func add(_ bind: VarBind) {
        let rule = Rule([bind.value])
        let number = places[rule.group, default: 0] + 1
        guard let line = rule.line("\(number)", "oid: \(bind.oid)", [bind.value]) else { return }
        if rule.isKnown {
            places[rule.group] = number
            scalars.append("    " + line)
            pointRules += 1
        } else {
            open.append("#     " + line.drop { $0 == "#" || $0 == " " })
        }
    }

    /// What is known or guessed of a column or a scalar.
    private struct Rule {
        var measure: TextMeasure?
        var guess: NumberGuess?

        init(_ values: [SNMPValue]) {
            measure = TextMeasure.common(values)
            guess = measure == nil ? NumberGuess(values) : nil
        }

        /// Stands in the file as a rule; a guess says that it is one.
        var isKnown: Bool { measure != nil || guess?.rule != nil }
        var group: String { measure?.group ?? guess?.rule?.group ?? "" }

        /// Nil for texts and names, which are no points.
        func line(_ instance: String, _ place: String, _ values: [SNMPValue]) -> String? {
            let sample = ProfileDraft.sample(values)
            if let measure {
                let word =
                    (measure.hasOwnWord ? ", word: any" : "")
                    + (TextMeasure.decimals(values).map { ", digits: \($0)" } ?? "")
                return "- {name: \"\(measure.name(instance))\", \(place)\(word)}   # \(sample)"
            }
            guard let guess else { return nil }
            guard let rule = guess.rule else {
                return "# - {name: ?, \(place)}   # \(sample)  \(guess.words)"
            }
            return "- {name: \"\(rule.group).\(instance).\(rule.quantity)\", \(place), "
                + "multiply: \(rule.factor)}   # \(sample)  GUESS: \(guess.words)"
        }
    }

    private static func sample(_ values: [SNMPValue]) -> String {
        guard let first = values.first else { return "" }
        switch first {
        case .integer(let number): return "\(number)"
        case .gauge32(let number), .counter32(let number), .timeTicks(let number):
            return "\(number)"
        case .counter64(let number): return "\(number)"
        case .float(let number): return "\(number)"
        case .double(let number): return "\(number)"
        case .octets(let bytes): return "`\(DeviceText.label(bytes) ?? "")`"
        default: return "–"
        }
    }
}

/// A text that is a number with its unit: `70 F`, `54.1 VDC`, `45 %RH`.
struct TextMeasure: Hashable {
    var group: String
    var quantity: String
    /// The unit is written in a way that texts of profiles are not read in by themselves.
    var hasOwnWord: Bool

    private static let units: [String: (group: String, quantity: String)] = [
        "C": ("ambient", "temperature"), "°C": ("ambient", "temperature"),
        "F": ("ambient", "temperature"), "°F": ("ambient", "temperature"),
        "%RH": ("ambient", "humidity"), "V": ("bank", "voltage"), "VDC": ("bank", "voltage"),
        "VAC": ("bank", "voltage"), "A": ("bank", "current"), "ADC": ("bank", "current"),
        "W": ("bank", "power"), "kW": ("bank", "power"), "VA": ("bank", "apparent.power"),
        "Hz": ("bank", "frequency"), "kWh": ("bank", "energy"), "Wh": ("bank", "energy"),
        "rpm": ("fan", "speed"), "RPM": ("fan", "speed"),
    ]

    init?(_ bytes: [UInt8]) {
        guard bytes.count <= 24, let text = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        let trimmed = text.drop { $0 == " " }
        let number = trimmed.prefix { $0.isNumber || "+-.".contains($0) }
        let unit = trimmed.dropFirst(number.count).filter { $0 != " " && $0 != "\0" }
        guard number.contains(where: \.isNumber), let known = Self.units[unit] else { return nil }
        (group, quantity) = known
        hasOwnWord = ["VDC", "VAC", "ADC", "rpm", "RPM"].contains(unit)
    }

    func name(_ instance: String) -> String { "\(group).\(instance).\(quantity)" }

    /// The most decimal places that a value shows; nil where none has any.
    static func decimals(_ values: [SNMPValue]) -> Int? {
        values.compactMap { value -> Int? in
            guard case .octets(let bytes) = value,
                let point = bytes.firstIndex(of: UInt8(ascii: "."))
            else { return nil }
            return bytes[(point + 1)...].prefix { (0x30...0x39).contains($0) }.count
        }.max()
    }

    /// What all the values are.
    static func common(_ values: [SNMPValue]) -> TextMeasure? {
        var result: TextMeasure?
        for value in values {
            guard case .octets(let bytes) = value, let measure = TextMeasure(bytes),
                result == nil || result == measure
            else { return nil }
            result = measure
        }
        return result
    }
}

/// What a bare number could be.
struct NumberGuess {
    /// For the person who goes on.
    var words: String
    /// Where all the numbers are near the mains' voltage or frequency, in tenths or hundredths.
    var rule: (group: String, quantity: String, factor: String)?

    /// Nil for texts and names.
    init?(_ values: [SNMPValue]) {
        var numbers: [Double] = []
        for value in values {
            switch value {
            case .integer(let whole): numbers.append(Double(whole))
            case .gauge32(let whole): numbers.append(Double(whole))
            case .float(let real): numbers.append(Double(real))
            case .double(let real): numbers.append(real)
            case .counter32, .counter64:
                words = "a counter: energy, or packets"
                return
            case .timeTicks:
                words = "a time in 1/100 s"
                return
            case .octets(let bytes):
                guard bytes.count < 16, let text = String(validating: bytes, as: UTF8.self),
                    let real = Double(text)
                else { return nil }
                numbers.append(real)
            default: return nil
            }
        }
        guard let first = numbers.first(where: { $0 != 0 }) else {
            guard !numbers.isEmpty else { return nil }
            words = "not in use now?"
            return
        }
        words = Self.words(first)
        for (quantity, factor, range) in Self.mains where numbers.allSatisfy(range.contains) {
            rule = ("bank", quantity, factor)
        }
    }

    private static let mains: [(String, String, ClosedRange<Double>)] = [
        ("voltage", "0.1", 2_070...2_530), ("voltage", "0.1", 3_600...4_400),
        ("frequency", "0.1", 495...505), ("frequency", "0.01", 4_950...5_050),
    ]

    private static func words(_ number: Double) -> String {
        switch number {
        case -1, 65_535, 2_147_483_647, -2_147_483_648: "a code for `no value`?"
        case 1...9: "a state, a number of things, or a small measure?"
        case 47...53, 57...63: "Hz, °C, %, or V of a battery?"
        case 200...253, 380...420: "V, 0.1 °C, 0.1 A, or W?"
        case 495...505: "0.1 Hz"
        case 2_070...2_530, 3_600...4_400: "0.1 V; but W and rpm look so too"
        case 4_950...5_050: "0.01 Hz"
        default: "a measure?"
        }
    }
}
