import TestSupport

/// Makes a value of any `Codable` type with every field drawn from a seed: fields that are added
/// later are drawn too.
final class RandomDecoder: Decoder {
    var dice: SplitMix
    /// Elements of a list, at most.
    let longest: Int
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    init(_ seed: UInt64, longest: Int = 4) {
        dice = SplitMix(seed)
        self.longest = longest
    }

    static func make<Value: Decodable>(
        _ type: Value.Type, _ seed: UInt64, longest: Int = 4
    ) throws -> Value {
        try Value(from: RandomDecoder(seed, longest: longest))
    }

    func container<Key>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Fields<Key>(source: self))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer {
        Items(source: self, count: Int.random(in: 0...longest, using: &dice))
    }

    func singleValueContainer() -> any SingleValueDecodingContainer { Value(source: self) }

    // MARK: Values

    private static let pieces = [
        "a", "h1-r01-k01", "\"", "\\", "\n", "\u{1}", "机柜", "é", "🦊", "\u{7F}", "/", " ",
        "\u{2028}",
    ]

    var text: String {
        (0..<Int.random(in: 0...5, using: &dice)).map { _ in
            Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &dice)]
        }.joined()
    }

    var integer: Int64 {
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: Int64.random(in: -3...100, using: &dice)
        case 1: 1_795_252_392_281 + Int64.random(in: 0...99_999, using: &dice)
        case 2: Int64(bitPattern: dice.next())
        default: dice.chance(2) ? .max : 0
        }
    }

    var number: Double {
        switch Int.random(in: 0..<4, using: &dice) {
        case 0: Double(Int64.random(in: -9999...9999, using: &dice)) / 10
        case 1: Double.random(in: -1e7...1e7, using: &dice)
        case 2: Double(Int64.random(in: 0...50_000, using: &dice))
        default:
            // Any there is, the smallest and the largest too.
            { $0.isFinite ? $0 : .greatestFiniteMagnitude }(Double(bitPattern: dice.next()))
        }
    }

    func any<T: Decodable>(_ type: T.Type) throws -> T {
        if let value = text as? T, type == String.self { return value }
        if let value = number as? T, type == Double.self { return value }
        if let value = integer as? T, type == Int64.self { return value }
        if let value = Int(integer) as? T, type == Int.self { return value }
        if let value = dice.chance(2) as? T, type == Bool.self { return value }
        return try T(from: self)
    }

    struct Unsupported: Error {}

    private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let source: RandomDecoder
        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { [] }
        func contains(_ key: Key) -> Bool { true }
        func decodeNil(forKey key: Key) -> Bool { source.dice.chance(3) }
        func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
            try source.any(type)
        }
        func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type, forKey key: Key
        ) -> KeyedDecodingContainer<Nested> { source.container(keyedBy: type) }
        func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
            source.unkeyedContainer()
        }
        func superDecoder() -> any Decoder { source }
        func superDecoder(forKey key: Key) -> any Decoder { source }
    }

    private struct Items: UnkeyedDecodingContainer {
        let source: RandomDecoder
        let count: Int?
        var currentIndex = 0
        var codingPath: [any CodingKey] { [] }
        var isAtEnd: Bool { currentIndex >= count ?? 0 }
        mutating func decodeNil() -> Bool { false }
        mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
            currentIndex += 1
            return try source.any(type)
        }
        mutating func nestedContainer<Nested: CodingKey>(
            keyedBy type: Nested.Type
        ) -> KeyedDecodingContainer<Nested> { source.container(keyedBy: type) }
        mutating func nestedUnkeyedContainer() -> any UnkeyedDecodingContainer {
            source.unkeyedContainer()
        }
        mutating func superDecoder() -> any Decoder { source }

        init(source: RandomDecoder, count: Int) {
            self.source = source
            self.count = count
        }
    }

    private struct Value: SingleValueDecodingContainer {
        let source: RandomDecoder
        var codingPath: [any CodingKey] { [] }
        func decodeNil() -> Bool { false }
        func decode<T: Decodable>(_ type: T.Type) throws -> T { throw Unsupported() }
    }
}
