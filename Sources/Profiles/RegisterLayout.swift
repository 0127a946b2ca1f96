import Model

/// Which registers a poll answered. Answers may be shorter than what was asked for, or exceptions;
/// then words are missing.
struct RegisterLayout: Sendable {
    private struct Block: Sendable {
        var span: RegisterSpan
        /// Words that can be used; none of an exception.
        var count: Int
        /// Place of the first word among the words of all blocks.
        var first: Int
    }
    private var blocks: [Block] = []

    init(_ blocks: [RegisterBlock]) {
        var first = 0
        for block in blocks {
            let count = Self.count(block)
            self.blocks.append(Block(span: block.span, count: count, first: first))
            first += count
        }
    }

    private static func count(_ block: RegisterBlock) -> Int {
        guard case .words(let words) = block.content else { return 0 }
        return min(words.count, Int(block.span.count))
    }

    /// True where the same registers have an answer.
    func fits(_ new: [RegisterBlock]) -> Bool {
        guard new.count == blocks.count else { return false }
        for (block, known) in zip(new, blocks) {
            guard block.span == known.span, Self.count(block) == known.count else { return false }
        }
        return true
    }

    /// All words of all blocks, in the places that `place` tells.
    func gather(_ new: [RegisterBlock], into words: inout [UInt16]) {
        words.removeAll(keepingCapacity: true)
        for (block, known) in zip(new, blocks) {
            guard case .words(let own) = block.content else { continue }
            words.append(contentsOf: own[..<known.count])
        }
    }

    /// Of two blocks with the same register the first counts.
    func place(_ table: RegisterTable, _ address: Int) -> Int? {
        for block in blocks where block.span.table == table {
            let offset = address - Int(block.span.start)
            if offset >= 0, offset < block.count { return block.first + offset }
        }
        return nil
    }

    /// Nil where a register is missing.
    func field(_ field: RegisterField, at address: Int) -> PlacedField? {
        var places = SIMD4<Int32>(repeating: 0)
        for offset in 0..<field.layout.words {
            guard let place = place(field.table, address + offset) else { return nil }
            // A poll has fewer than 65,536 words of each of a handful of tables.
            places[offset] = Int32(truncatingIfNeeded: place)
        }
        return PlacedField(layout: field.layout, order: field.order, places: places)
    }
}

/// A field of which it is known where its words are.
struct PlacedField: Sendable {
    var layout: RegisterField.Layout
    var order: RegisterField.Order
    /// Of each word, in the order of addresses.
    var places: SIMD4<Int32>

    /// Not a number where a decimal layout holds no decimal digits.
    func number(_ words: [UInt16]) -> RawNumber {
        let count = layout.words
        var bits: UInt64 = 0
        for index in 0..<count {
            let isReversed = order == .wordSwapped || order == .little
            let word = words[Int(places[isReversed ? count - 1 - index : index])]
            let isSwapped = order == .byteSwapped || order == .little
            bits = bits << 16 | UInt64(isSwapped ? word.byteSwapped : word)
        }
        switch layout {
        case .int16: return exact(Int16(truncatingIfNeeded: bits))
        case .uint16, .uint32, .uint48, .uint64: return exact(bits)
        case .int32: return exact(Int32(truncatingIfNeeded: bits))
        case .int64: return exact(Int64(truncatingIfNeeded: bits))
        case .float32: return .binary(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case .float64: return .binary(Double(bitPattern: bits))
        case .bcd16: return binaryCodedDecimal(bits, digits: 4)
        case .bcd32: return binaryCodedDecimal(bits, digits: 8)
        case .mod10k:
            let high = bits >> 16
            let low = bits & 0xFFFF
            guard high < 10_000, low < 10_000 else { return .binary(.nan) }
            return exact(high * 10_000 + low)
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
}

/// A register that may say by a code for `absent` that the device lacks an optional point.
struct RegisterGate: Sendable {
    let field: PlacedField
    let rule: ValueRule
    /// Whether it let the point join when the points were last looked for.
    var isOpen = false

    /// Of all optional points whose registers the device answers.
    static func all(
        _ profile: Profile, _ field: (Reference) -> PlacedField?
    ) -> [RegisterGate] {
        profile.points.filter(\.optional).flatMap(\.sources).compactMap { source in
            if source.rule.absent.isEmpty { return nil }
            return field(source.value).map { RegisterGate(field: $0, rule: source.rule) }
        }
    }

    func opens(_ words: [UInt16]) -> Bool { !rule.isAbsent(.number(field.number(words))) }
}

/// Where the models of a SunSpec chain start, and the words that say so.
struct ModelChain: Sendable {
    /// Where each model starts and where it ends; the first of each number counts.
    private(set) var models: [UInt16: Range<Int>] = [:]
    private var seen: [(place: Int, word: UInt16)] = []

    init() {}

    /// The chain is `SunS`, then number, length and `length` registers of each model, then 0xFFFF
    /// (SunSpec Device Information Model Specification, model discovery).
    ///
    /// - Parameter bases: where the chain may start; the first that does counts.
    init(bases: [UInt16], _ layout: RegisterLayout, _ words: [UInt16]) {
        for base in bases where models.isEmpty { read(from: base, layout, words) }
    }

    private mutating func read(from base: UInt16, _ layout: RegisterLayout, _ words: [UInt16]) {
        func word(_ address: Int) -> UInt16? {
            guard let place = layout.place(.holding, address) else { return nil }
            seen.append((place, words[place]))
            return words[place]
        }
        guard word(Int(base)) == 0x5375, word(Int(base) + 1) == 0x6E53 else { return }
        var address = Int(base) + 2
        // Real chains have under twenty models; a hostile one must end too.
        for _ in 0..<64 {
            guard let number = word(address), number != 0xFFFF, let length = word(address + 1)
            else { break }
            let end = address + 2 + Int(length)
            if models[number] == nil { models[number] = address..<end }
            address = end
        }
    }

    /// Whether words of the same layout hold the same chain.
    func stands(in words: [UInt16]) -> Bool {
        seen.allSatisfy { words[$0.place] == $0.word }
    }

    /// `beside` is the value a scale belongs to: in a chain of models both count from one model.
    func field(
        _ reference: Reference, beside other: Reference? = nil, _ layout: RegisterLayout
    ) -> PlacedField? {
        guard let field = reference.registerField else { return nil }
        let numbers = field.models.isEmpty ? other?.registerField?.models ?? [] : field.models
        guard !numbers.isEmpty else { return layout.field(field, at: Int(field.address)) }
        for number in numbers {
            guard let model = models[number] else { continue }
            // Models of one number are longer or shorter: blocks repeat, old ones lack fields.
            let start = model.lowerBound + Int(field.address)
            guard start + field.layout.words <= model.upperBound else { return nil }
            return layout.field(field, at: start)
        }
        return nil
    }
}
