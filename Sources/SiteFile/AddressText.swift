import ConfigTree
import Model

/// How a device is reached, before defaults and credentials are added.
enum DeviceAddress: Hashable {
    case snmp(host: String, port: UInt16)
    case modbus(host: String, port: UInt16, unit: UInt8, link: ModbusLinkOptions)
    case serial(SerialAddress)

    /// What must differ between devices.
    var key: String {
        switch self {
        case .snmp(let host, let port): "snmp://\(host):\(port)"
        case .modbus(let host, let port, let unit, _): "modbus://\(host):\(port)/\(unit)"
        case .serial(let line): "rtu://\(line.path)?unit=\(line.unit)"
        }
    }
}

struct SerialAddress: Hashable {
    var path: String
    var baud: Int
    var parity: ModbusRTUTransport.Parity
    var stopBits: Int
    var unit: UInt8
    var gapMilliseconds: Int64 = 0

    /// What all units of one line share.
    var settings: SerialAddress {
        var line = self
        line.unit = 0
        return line
    }
}

/// Reads addresses; the defaults fill what an address leaves out.
struct AddressReader {
    var snmpPort: UInt16 = 161
    var modbusPort: UInt16 = 502
    var modbusUnit: UInt8 = 1
    var modbusLink = ModbusLinkText()

    static let bauds = [
        1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200,
    ]

    struct Mistake: Error {
        var problem: String
        var cure: String
    }

    private static func malformed(_ text: String) -> Mistake {
        Mistake(
            problem: "`\(text.prefix(80))` is no address",
            cure: "write `snmp://HOST`, `modbus://HOST/UNIT` or "
                + "`rtu:///dev/ttyUSB0?baud=9600&parity=even&unit=1`")
    }

    func read(_ node: ConfigNode, _ diagnostics: inout Diagnostics) -> DeviceAddress? {
        if case .mapping = node.content { return readTable(node, &diagnostics) }
        guard let text = node.text(maximum: 200, &diagnostics) else { return nil }
        do throws(Mistake) {
            return try parse(text)
        } catch {
            diagnostics.add(node.position, error.problem, cure: error.cure)
            return nil
        }
    }

    func parse(_ text: String) throws(Mistake) -> DeviceAddress {
        guard let colon = text.firstRange(of: "://") else { throw Self.malformed(text) }
        let rest = text[colon.upperBound...]
        switch text[..<colon.lowerBound] {
        case "snmp":
            guard !rest.contains("/") else { throw Self.malformed(text) }
            let (host, port) = try hostAndPort(rest, of: text)
            return .snmp(host: host, port: port ?? snmpPort)
        case "modbus":
            let (place, settings) = try Self.settings(rest, of: text)
            let parts = place.split(separator: "/", omittingEmptySubsequences: false)
            guard let first = parts.first, parts.count <= 2 else { throw Self.malformed(text) }
            let (host, port) = try hostAndPort(first, of: text)
            let unit = parts.count == 2 ? try self.unit(parts[1]) : modbusUnit
            var link = modbusLink
            for (key, value) in settings { try link.set(key, value) }
            return .modbus(
                host: host, port: port ?? modbusPort, unit: unit, link: link.options)
        case "rtu":
            return .serial(try serial(rest, of: text))
        case let scheme:
            let near = nearest(to: String(scheme), in: ["snmp", "modbus", "rtu"])
            throw Mistake(
                problem: "no protocol is called `\(scheme.prefix(20))`",
                cure: near.map { "did you mean `\($0)://`?" }
                    ?? "use snmp://, modbus:// or rtu://")
        }
    }

    private func hostAndPort(
        _ part: Substring, of text: String
    ) throws(Mistake) -> (String, UInt16?) {
        if part.first == "[" {
            guard let close = part.firstIndex(of: "]") else { throw Self.malformed(text) }
            let inside = part[part.index(after: part.startIndex)..<close]
            let after = part[part.index(after: close)...]
            let good =
                inside.contains(":")
                && inside.utf8.allSatisfy { isHex($0) || $0 == UInt8(ascii: ":") }
            guard good, after.isEmpty || after.first == ":" else { throw Self.malformed(text) }
            return (String(inside), after.isEmpty ? nil : try port(after.dropFirst()))
        }
        let parts = part.split(separator: ":", omittingEmptySubsequences: false)
        guard let name = parts.first, parts.count <= 2 else { throw Self.malformed(text) }
        return (try host(name, of: text), parts.count == 2 ? try port(parts[1]) : nil)
    }

    /// A name, an IPv4 address, or `10.20.4.0+300`.
    private func host(_ part: Substring, of text: String) throws(Mistake) -> String {
        let halves = part.split(separator: "+", omittingEmptySubsequences: false)
        guard let base = halves.first, !base.isEmpty, base.utf8.count <= 253,
            halves.count <= 2
        else { throw Self.malformed(text) }
        let looksNumeric = base.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: ".") }
        guard looksNumeric || halves.count == 2 else {
            let good = base.utf8.allSatisfy {
                isDigit($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == UInt8(ascii: "-")
                    || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_")
            }
            guard good else { throw Self.malformed(text) }
            return String(base)
        }
        guard var number = ipv4(base) else {
            throw Mistake(
                problem: "`\(base)` is no IPv4 address",
                cure: "write four numbers from 0 to 255, as 10.20.1.5")
        }
        if halves.count == 2 {
            guard let offset = UInt32(halves[1]), offset <= 1 << 24,
                !number.addingReportingOverflow(offset).overflow
            else {
                throw Mistake(
                    problem: "`+\(halves[1].prefix(20))` cannot be added to an address",
                    cure: "add a whole number from 0 to \(1 << 24)")
            }
            number += offset
        }
        return [24, 16, 8, 0].map { String((number >> UInt32($0)) & 255) }.joined(separator: ".")
    }

    private func ipv4(_ text: Substring) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            guard part.utf8.count <= 3, let byte = UInt8(part) else { return nil }
            number = number << 8 | UInt32(byte)
        }
        return number
    }

    private func port(_ text: Substring) throws(Mistake) -> UInt16 {
        guard let port = UInt16(text), port > 0 else {
            throw Mistake(
                problem: "`\(text.prefix(20))` is no port", cure: "use a number from 1 to 65535")
        }
        return port
    }

    private func unit(_ text: Substring) throws(Mistake) -> UInt8 {
        guard let unit = UInt8(text) else {
            throw Mistake(
                problem: "`\(text.prefix(20))` is no Modbus unit",
                cure: "use a number from 0 to 255 (1 to 247 on a serial line)")
        }
        return unit
    }

    private func serial(_ rest: Substring, of text: String) throws(Mistake) -> SerialAddress {
        let (path, pairs) = try Self.settings(rest, of: text)
        guard path.hasPrefix("/") else { throw Self.malformed(text) }
        let settings = [("rtu", String(path))] + pairs
        return try serial(settings)
    }

    /// What stands before `?`, and the settings behind it.
    private static func settings(
        _ rest: Substring, of text: String
    ) throws(Mistake) -> (Substring, [(String, String)]) {
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var settings: [(String, String)] = []
        for pair in parts.count == 2 ? parts[1].split(separator: "&") : [] {
            let halves = pair.split(separator: "=", maxSplits: 1)
            guard halves.count == 2 else { throw malformed(text) }
            settings.append((String(halves[0]), String(halves[1])))
        }
        return (parts.first ?? "", settings)
    }

    private func serial(_ settings: [(String, String)]) throws(Mistake) -> SerialAddress {
        var line = SerialAddress(path: "", baud: 9600, parity: .even, stopBits: 1, unit: 1)
        for (key, value) in settings {
            switch key {
            case "rtu": line.path = value
            case "baud":
                guard let baud = Int(value), Self.bauds.contains(baud) else {
                    let known = Self.bauds.map(String.init).joined(separator: ", ")
                    throw Mistake(
                        problem: "`\(value.prefix(20))` is no baud rate", cure: "use \(known)")
                }
                line.baud = baud
            case "parity":
                guard let parity = ModbusRTUTransport.Parity(rawValue: value) else {
                    throw Mistake(
                        problem: "`\(value.prefix(20))` is no parity",
                        cure: "use none, even or odd")
                }
                line.parity = parity
            case "stopBits":
                guard let bits = Int(value), (1...2).contains(bits) else {
                    throw Mistake(
                        problem: "`\(value.prefix(20))` stop bits do not exist",
                        cure: "use 1 or 2")
                }
                line.stopBits = bits
            case "unit":
                guard let unit = UInt8(value), (1...247).contains(unit) else {
                    throw Mistake(
                        problem: "`\(value.prefix(20))` is no unit on a serial line",
                        cure: "use a number from 1 to 247")
                }
                line.unit = unit
            case "gap": line.gapMilliseconds = try ModbusLinkText.milliseconds(key, value)
            default:
                throw Mistake(
                    problem: "a serial line has no setting `\(key.prefix(20))`",
                    cure: "use baud, parity, stopBits, gap and unit")
            }
        }
        return line
    }

    private func readTable(
        _ node: ConfigNode, _ diagnostics: inout Diagnostics
    ) -> DeviceAddress? {
        guard let entries = node.entries(&diagnostics) else { return nil }
        var texts: [(String, String)] = []
        for entry in entries {
            guard let text = entry.value.text(maximum: 200, &diagnostics) else { return nil }
            texts.append((entry.key, text))
        }
        let values = Dictionary(texts) { first, _ in first }
        let allowed: [String: Set<String>] = [
            "snmp": ["snmp", "port"],
            "modbus": Set(["modbus", "port", "unit"] + ModbusLinkText.keys),
            "rtu": ["rtu", "baud", "parity", "stopBits", "gap", "unit"],
        ]
        guard let kind = texts.map(\.0).first(where: { allowed[$0] != nil }),
            let keys = allowed[kind]
        else {
            diagnostics.add(
                node.position, "the address names no protocol",
                cure: "add `snmp: HOST`, `modbus: HOST` or `rtu: /dev/…`")
            return nil
        }
        if let odd = entries.first(where: { !keys.contains($0.key) }) {
            diagnostics.add(
                odd.keyPosition, "an address by \(kind) has no key `\(odd.key)`",
                cure: "use \(keys.sorted().joined(separator: ", "))")
            return nil
        }
        do throws(Mistake) {
            if kind == "rtu" { return .serial(try serial(texts)) }
            let host = values[kind] ?? ""
            let bracketed = host.contains(":") ? "[\(host)]" : host
            let port = values["port"].map { ":" + $0 } ?? ""
            let unit = values["unit"].map { "/" + $0 } ?? ""
            let settings = texts.filter { ModbusLinkText.keys.contains($0.0) }
                .map { $0.0 + "=" + $0.1 }.joined(separator: "&")
            let query = settings.isEmpty ? "" : "?" + settings
            return try parse("\(kind)://\(bracketed)\(port)\(unit)\(query)")
        } catch {
            diagnostics.add(node.position, error.problem, cure: error.cure)
            return nil
        }
    }

    private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private func isHex(_ byte: UInt8) -> Bool {
        isDigit(byte) || (0x61...0x66).contains(byte | 0x20)
    }
}
