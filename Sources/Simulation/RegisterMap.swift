package import Model

/// How a register's content follows from what its device measures.
package enum RegisterForm: Sendable {
    case constant(UInt16)
    /// Signal × factor, rounded and clamped to 0…65535.
    case unsigned(signal: Int, factor: Double)
    /// Two's complement, clamped to -32768…32767.
    case signed(signal: Int, factor: Double)
    /// Word `word` (0 is the low one) of a whole number of `bits` 32 or 64 that is rounded down and
    /// wraps: an energy register.
    case register(signal: Int, factor: Double, word: Int)
    /// Word of a signed 32-bit number, rounded and clamped.
    case wide(signal: Int, factor: Double, word: Int)
    /// Word of an IEEE 754 single; 1 is the high one.
    case float(signal: Int, factor: Double, word: Int)

    func word(_ signals: [Double]) -> UInt16 {
        switch self {
        case .constant(let value): return value
        case .unsigned(let signal, let factor):
            return UInt16((signals[signal] * factor).rounded().clamped(0, 65_535))
        case .signed(let signal, let factor):
            let value = (signals[signal] * factor).rounded().clamped(-32_768, 32_767)
            return UInt16(bitPattern: Int16(value))
        case .register(let signal, let factor, let word):
            let value = UInt64(bitPattern: whole(signals[signal] * factor))
            return UInt16(truncatingIfNeeded: value >> UInt64(word * 16))
        case .wide(let signal, let factor, let word):
            let value = (signals[signal] * factor).rounded()
            let bits = Int32(value.clamped(-2_147_483_648, 2_147_483_647))
            return UInt16(truncatingIfNeeded: bits >> Int32(word * 16))
        case .float(let signal, let factor, let word):
            let bits = Float(signals[signal] * factor).bitPattern
            return UInt16(truncatingIfNeeded: bits >> UInt32(word * 16))
        }
    }
}

/// The registers of one Modbus unit.
package struct RegisterMap: Sendable {
    private var forms: [UInt32: RegisterForm] = [:]

    package init() {}

    package var count: Int { forms.count }

    private static func key(_ table: RegisterTable, _ address: UInt16) -> UInt32 {
        UInt32(table.rawValue) << 16 | UInt32(address)
    }

    package mutating func set(_ table: RegisterTable, _ address: UInt16, _ form: RegisterForm) {
        forms[Self.key(table, address)] = form
    }

    package func form(_ table: RegisterTable, _ address: UInt16) -> RegisterForm? {
        forms[Self.key(table, address)]
    }

    /// The forms of a span, or the exception that the unit answers it with: 2, illegal data
    /// address, if any register is absent; 3, illegal data value, for an impossible count
    /// (MODBUS Application Protocol V1.1b3, section 7).
    package func forms(of span: RegisterSpan) -> Result<[RegisterForm], RegisterException> {
        let limit: UInt16 = span.table.isBits ? 2000 : 125
        guard (1...limit).contains(span.count) else { return .failure(.init(code: 3)) }
        var found: [RegisterForm] = []
        found.reserveCapacity(Int(span.count))
        for offset in 0..<Int(span.count) {
            guard let address = UInt16(exactly: Int(span.start) + offset),
                let form = form(span.table, address)
            else { return .failure(.init(code: 2)) }
            found.append(form)
        }
        return .success(found)
    }

    /// Every register of a table, ascending.
    package func addresses(_ table: RegisterTable) -> [UInt16] {
        forms.keys.filter { $0 >> 16 == UInt32(table.rawValue) }
            .map { UInt16(truncatingIfNeeded: $0) }.sorted()
    }
}

package struct RegisterException: Error, Sendable {
    package var code: UInt8
}
