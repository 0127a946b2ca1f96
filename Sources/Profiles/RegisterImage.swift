import Model

/// The registers of one poll, looked up by address. Answers may be shorter than what was asked for,
/// or exceptions; then words are missing.
struct RegisterImage {
    private var blocks: [(table: RegisterTable, start: Int, words: [UInt16])] = []

    init(_ blocks: [RegisterBlock]) {
        for block in blocks {
            guard case .words(let words) = block.content else { continue }
            let count = min(words.count, Int(block.span.count))
            self.blocks.append((block.span.table, Int(block.span.start), Array(words[..<count])))
        }
    }

    func word(_ table: RegisterTable, _ address: Int) -> UInt16? {
        for block in blocks where block.table == table {
            let offset = address - block.start
            if offset >= 0, offset < block.words.count { return block.words[offset] }
        }
        return nil
    }

    /// Nil where a register is missing, or a decimal layout holds no decimal digits.
    func number(_ field: RegisterField, at address: Int) -> RawNumber? {
        var words: [UInt16] = []
        for offset in 0..<field.layout.words {
            guard let word = word(field.table, address + offset) else { return nil }
            words.append(word)
        }
        switch field.order {
        case .big: break
        case .wordSwapped: words.reverse()
        case .byteSwapped: words = words.map(\.byteSwapped)
        case .little: words = words.reversed().map(\.byteSwapped)
        }
        let bits = words.reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        switch field.layout {
        case .int16: return exact(Int16(truncatingIfNeeded: bits))
        case .uint16, .uint32, .uint48, .uint64: return exact(bits)
        case .int32: return exact(Int32(truncatingIfNeeded: bits))
        case .int64: return exact(Int64(truncatingIfNeeded: bits))
        case .float32: return .binary(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case .float64: return .binary(Double(bitPattern: bits))
        case .bcd16: return binaryCodedDecimal(bits, digits: 4)
        case .bcd32: return binaryCodedDecimal(bits, digits: 8)
        case .mod10k:
            guard words.allSatisfy({ $0 < 10_000 }) else { return .binary(.nan) }
            return exact(Int(words[0]) * 10_000 + Int(words[1]))
        case .bit: return exact(bits & 1)
        }
    }

    private func exact(_ value: some BinaryInteger) -> RawNumber {
        .decimal(mantissa: Int128(value), digits: 0)
    }

    private func binaryCodedDecimal(_ bits: UInt64, digits: Int) -> RawNumber {
        var value: Int64 = 0
        for place in (0..<digits).reversed() {
            let digit = Int64(bits >> UInt64(4 * place) & 0xF)
            guard digit <= 9 else { return .binary(.nan) }
            value = value * 10 + digit
        }
        return exact(value)
    }

    /// Addresses of the models of a SunSpec chain by number; the first of each counts. The chain is
    /// `SunS`, then number, length and `length` registers of each model, then 0xFFFF (SunSpec
    /// Device Information Model Specification, model discovery).
    func sunspecModels(base: UInt16) -> [UInt16: Int] {
        guard word(.holding, Int(base)) == 0x5375, word(.holding, Int(base) + 1) == 0x6E53 else {
            return [:]
        }
        var models: [UInt16: Int] = [:]
        var address = Int(base) + 2
        // Real chains have under twenty models; a hostile one must end too.
        for _ in 0..<64 {
            guard let number = word(.holding, address), number != 0xFFFF,
                let length = word(.holding, address + 1)
            else { break }
            if models[number] == nil { models[number] = address }
            address += 2 + Int(length)
        }
        return models
    }
}
