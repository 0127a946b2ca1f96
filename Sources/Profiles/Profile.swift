package import ConfigTree
package import Model

/// How one family of devices is recognised, asked and understood: compiled once from its file.
package struct Profile: Sendable {
    /// Short and stable, `vendor.family`.
    package var name: String
    /// Counts up when a profile changes what its points mean.
    package var version: Int
    /// Profiles it inherits from, nearest first.
    package var ancestors: [String]
    package var vendor: String
    package var title: String
    package var classes: [String]
    /// What its classes promise.
    package var requiredPoints: [(className: String, point: String)] = []
    /// The documents it was written from.
    package var sources: [String]
    package var identification: [IdentificationRule]
    /// Asks for the points of every group at once.
    package var requestPlan: RequestPlan
    /// Rules for alarms of its devices, as written: a site takes them as templates.
    package var alarmRules: [ConfigNode] = []
    /// What the file says and hardly means.
    var hints: [Diagnostic] = []
    /// What each group asks for, where there is more than one; empty otherwise.
    package var groupPlans: [PollGroup: RequestPlan] = [:]
    var points: [PointSpec]
    var tables: [TableSpec]
    var derived: [DerivedSpec]
    /// Where the chain of SunSpec models may start; empty for fixed addresses.
    var sunspecBases: [UInt16]

    package var isModbus: Bool {
        if case .modbus = requestPlan { true } else { false }
    }
}

/// Any one rule is enough; within a rule every part given must hold.
package struct IdentificationRule: Hashable, Sendable {
    /// Prefixes of sysObjectID (RFC 3418); empty for any.
    package var objectIDs: [ObjectID]
    /// One of these must be part of sysDescr, or its beginning after `^`; empty for any.
    package var descriptions: [String]
    /// None of these may be part of sysDescr.
    package var otherDescriptions: [String]
    /// The device must have an answer to each of these.
    package var probes: [IdentificationProbe]
    package var registers: RegisterSignature?
    package var position: SourcePosition
}

/// An object that devices of the family answer.
package struct IdentificationProbe: Hashable, Sendable {
    package var object: ObjectID
    /// The whole answer must be one of these; empty for any answer.
    package var values: [String]
    /// One of these must be part of the answer; empty for any.
    package var parts: [String]

    package func accepts(_ answer: SNMPValue?) -> Bool {
        guard let raw = answer.flatMap({ RawValue($0) }) else { return false }
        if values.isEmpty, parts.isEmpty { return true }
        let text = raw.trimmedText
        return values.contains(text) || parts.contains { text.contains($0) }
    }
}

/// Registers that hold known words in every device of the family.
package struct RegisterSignature: Hashable, Sendable {
    package var table: RegisterTable
    package var address: UInt16
    /// Only bits of `masks` are set.
    package var words: [UInt16]
    /// The bits that are compared, one for each word.
    package var masks: [UInt16]

    func accepts(_ held: [UInt16]) -> Bool {
        held.count == words.count
            && words.indices.allSatisfy { held[$0] & masks[$0] == words[$0] }
    }

    /// Of two that fit the one that looks at more bits says more.
    var bits: Int { masks.reduce(0) { $0 + $1.nonzeroBitCount } }
}

/// Where a value, a scale, a unit or a condition is read.
enum Reference: Hashable, Sendable {
    /// A part of an index that is put together.
    enum Arc: Hashable, Sendable {
        /// The part of the row's own index at this place.
        case part(Int)
        case constant(UInt32)
    }
    /// One instance.
    case object(ObjectID)
    /// A column; the instance's index, or one put together, follows.
    case column(ObjectID, select: [Arc]?)
    case field(RegisterField)
}

/// A number in one or more registers, or a bit.
struct RegisterField: Hashable, Sendable {
    enum Layout: String, Sendable, CaseIterable {
        case int16, uint16, int32, uint32, uint48, int64, uint64, float32, float64
        /// Four digits a register.
        case bcd16, bcd32
        /// High register × 10,000 + low register.
        case mod10k
        case bit
        var words: Int {
            switch self {
            case .int16, .uint16, .bcd16, .bit: 1
            case .int32, .uint32, .float32, .bcd32, .mod10k: 2
            case .uint48: 3
            case .int64, .uint64, .float64: 4
            }
        }
        /// 2^width is where a counter of this layout starts again.
        var counterBits: Int? {
            switch self {
            case .uint16: 16
            case .uint32: 32
            case .uint48: 48
            default: nil
            }
        }
    }
    enum Order: String, Sendable, CaseIterable {
        /// Most significant word first, as the specification's examples.
        case big
        /// Least significant word first, bytes swapped too.
        case little
        /// Least significant word first.
        case wordSwapped
        /// Most significant word first, bytes of each swapped.
        case byteSwapped
    }
    var table: RegisterTable
    /// 0-based; counted from the model's number where `models` is not empty.
    var address: UInt16
    var layout: Layout
    var order: Order
    /// SunSpec models that may hold it.
    var models: [UInt16]
}

/// How a raw value becomes a number or a state.
struct ValueRule: Equatable, Sendable {
    enum Scale: Hashable, Sendable {
        /// The referenced value n: × 10^-n.
        case digits(Reference)
        /// × 10^n.
        case power(Reference)
        /// Positive n: × n; negative: ÷ |n|; 0: as it is.
        case signed(Reference)
        /// Positive n: ÷ n.
        case divisor(Reference)
    }
    /// A whole positive number that the value is multiplied with or divided by: one of the numbers
    /// of a transformer's ratio.
    struct RatioPart: Hashable, Sendable {
        var reference: Reference
        var divides: Bool
    }
    /// Two numbers each of two transformers, and as many to spare.
    static let mostRatioParts = 8
    struct UnitChoice: Equatable, Sendable {
        var from: Reference
        var codes: [Int64: LinearConversion]
        /// Codes of units that come as text.
        var texts: [String: Int64] = [:]
    }
    /// The upper part of a number that stands in two places: high × times + low.
    struct High: Hashable, Sendable {
        var reference: Reference
        var times: Int64
    }
    enum Bit: Hashable, Sendable {
        /// 0 is the least significant bit of a number.
        case number(Int)
        /// 0 is the most significant bit of the first octet (BITS of RFC 2578, section 7.1.4).
        case octet(Int)
        /// The character `0` or `1` at this place, counted from 1.
        case character(Int)
    }
    var conversion: LinearConversion = .identity
    /// Whether the profile names the device's unit.
    var saysUnit = false
    var unit: MeasurementUnit = .none
    var scale: Scale?
    var ratio: [RatioPart] = []
    var unitChoice: UnitChoice?
    var high: High?
    var parts = IntegerParts.all
    /// Whether any word may follow the number of a text.
    var takesAnyWord = false
    /// Answered, and no value.
    var invalid = RawCodes()
    /// The device's way of saying that it has no such thing.
    var absent = RawCodes()
    var bit: Bit?
    /// Codes of states given as text.
    var matches: [String: Int64] = [:]
    /// Bits of the raw register, where the profile or the layout tells.
    var counterBits: Int?
    /// The raw number that a counter never reaches: it goes on from 0.
    var wraps: Int64?

    /// Whether the device says itself what the value is multiplied with.
    var isScaled: Bool { scale != nil || !ratio.isEmpty || unitChoice != nil }
    /// Where a counter starts again; nil where nobody has said.
    var saysWidth: Bool { wraps != nil || counterBits != nil }
}

/// A class as `PointSpec` is: many points of many devices share one, and reading copies none.
final class Source: Sendable {
    let value: Reference
    let rule: ValueRule
    /// Counts only where this holds.
    let condition: Condition?

    init(value: Reference, rule: ValueRule, condition: Condition? = nil) {
        self.value = value
        self.rule = rule
        self.condition = condition
    }
}

struct Condition: Equatable, Sendable {
    var reference: Reference
    var negated: Bool
    var numbers: Set<Int64>
    var texts: Set<String>
    /// Texts with `*` and `?`.
    var patterns: [Glob] = []
    /// Only these bits of a number count.
    var parts = IntegerParts.all
    /// Numbers from here to there.
    var range: ClosedRange<Int64>?
}

final class PointSpec: Sendable {
    /// In the file of the profile.
    let position: SourcePosition
    let template: NameTemplate
    let kind: PointKind
    let unit: MeasurementUnit
    let digits: Int8
    let range: ClosedRange<Int64>?
    /// In order of preference.
    let sources: [Source]
    /// Known only once the device has answered it.
    let optional: Bool
    let label: Reference?
    let available: Condition?
    /// Values are bad while it does not hold.
    let valid: Condition?
    /// Parts of the index, by place, that must be one of these.
    let only: [Int: Set<String>]
    let poll: PollGroup

    init(
        position: SourcePosition, template: NameTemplate, kind: PointKind, unit: MeasurementUnit,
        digits: Int8,
        range: ClosedRange<Int64>?, sources: [Source], optional: Bool, label: Reference?,
        available: Condition?, valid: Condition? = nil, only: [Int: Set<String>],
        poll: PollGroup = .normal
    ) {
        self.position = position
        self.template = template
        self.kind = kind
        self.unit = unit
        self.digits = digits
        self.range = range
        self.sources = sources
        self.optional = optional
        self.label = label
        self.available = available
        self.valid = valid
        self.only = only
        self.poll = poll
    }

    /// The same for fewer rows; what the point itself says of an arc stands.
    func narrowed(_ others: [Int: Set<String>]) -> PointSpec {
        PointSpec(
            position: position, template: template, kind: kind, unit: unit, digits: digits,
            range: range,
            sources: sources, optional: optional, label: label, available: available, valid: valid,
            only: only.merging(others) { own, _ in own }, poll: poll)
    }
}

struct TableSpec: Sendable {
    var position: SourcePosition
    struct Variable: Sendable {
        enum Origin: Sendable {
            case arc(Int)
            case column(Reference)
        }
        var name: String
        var origin: Origin
        /// Text for raw values; the value itself where it is not here.
        var names: [String: String]
        /// Whether a row with another value gives no points.
        var skipsOthers = false
    }
    var index: [IndexPart]
    /// The name of each part.
    var indexNames: [String]
    var variables: [Variable]
    var conditions: [Condition]
    var label: Reference?
    var points: [PointSpec]
}

struct DerivedSpec: Sendable {
    enum Operation: Sendable {
        case sum([String], skipAbsent: Bool)
        case difference(String, String)
        case ratio(String, String)
        case rules([Rule])
    }
    struct Rule: Sendable {
        var code: Int64
        var tests: [Test]
    }
    struct Test: Sendable {
        enum Expected: Sendable {
            case states(Set<String>)
            case above(FixedDecimal)
            case below(FixedDecimal)
        }
        var name: String
        var expected: Expected
    }
    /// Its name may have variables, which the operands' names share: one point for each instance.
    var definition: PointDefinition
    var operation: Operation
    var position: SourcePosition
    /// Every point the operation looks at; of sums, `*` stands for a run of characters.
    var operands: [String]
    /// That of all its operands.
    var poll = PollGroup.normal
}

/// What a profile can say of a name, before a device has been asked.
package struct PointTemplate: Sendable {
    /// `outlet.{outlet}.power`; a plain name where there is one instance.
    package var name: String
    package var kind: PointKind
    package var unit: MeasurementUnit
    package var digits: Int8
    /// The physically possible mantissas, at `digits`.
    package var range: ClosedRange<Int64>?
    package var optional: Bool
    package var poll: PollGroup
}

extension Profile {
    package var pointTemplates: [PointTemplate] {
        let specs = points + tables.flatMap(\.points)
        let read = specs.map {
            PointTemplate(
                name: $0.template.description, kind: $0.kind, unit: $0.unit, digits: $0.digits,
                range: $0.range, optional: $0.optional || !$0.template.variables.isEmpty,
                poll: $0.poll)
        }
        let computed = derived.map {
            PointTemplate(
                name: $0.definition.name, kind: $0.definition.kind, unit: $0.definition.unit,
                digits: $0.definition.scale, range: $0.definition.range, optional: false,
                poll: $0.poll)
        }
        return read + computed
    }

    /// The template that can give a point of this name; nil where the family never has it.
    package func provides(_ pointName: String) -> PointTemplate? {
        let all = pointTemplates
        return all.first { $0.name == pointName }
            ?? all.first {
                $0.name.utf8.contains(UInt8(ascii: "{"))
                    && NameTemplate($0.name)?.matches(pointName) ?? false
            }
    }
}
