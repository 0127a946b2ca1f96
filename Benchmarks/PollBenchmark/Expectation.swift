import Model

/// What the agents are known to answer, as `OID|type|value` lines say it, so that a value of another
/// object or another agent is found out. `%AGENT%` in a text stands for the number of the agent.
struct Expectation: Sendable {
    struct Result {
        /// Values compared, and those among them that were not what the device has.
        var checked = 0
        var wrong = 0
    }
    private enum Known: Sendable {
        case value(SNMPValue)
        case agentText(before: [UInt8], after: [UInt8])
        /// A clock.
        case moving
    }
    private var known: [ObjectID: Known] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
            guard words.count == 3, let oid = ObjectID(String(words[0])) else { continue }
            known[oid] = Self.read(type: words[1], text: String(words[2]))
        }
    }

    private static func read(type: Substring, text: String) -> Known? {
        switch type {
        case "2": return Int64(text).map { .value(.integer($0)) }
        case "4":
            let parts = text.split(separator: "%AGENT%", omittingEmptySubsequences: false)
            if parts.count == 2 {
                return .agentText(before: Array(parts[0].utf8), after: Array(parts[1].utf8))
            }
            return .value(.octets(Array(text.utf8)))
        case "6": return ObjectID(text).map { .value(.objectID($0)) }
        case "65": return UInt32(text).map { .value(.counter32($0)) }
        case "66": return UInt32(text).map { .value(.gauge32($0)) }
        case "67": return .moving
        case "70": return UInt64(text).map { .value(.counter64($0)) }
        default: return nil
        }
    }

    /// An object that a device says it lacks is missing, not wrong.
    func check(_ binds: [VarBind], agent: Int) -> Result {
        var result = Result()
        for bind in binds {
            switch bind.value {
            case .null, .noSuchObject, .noSuchInstance, .endOfMibView: continue
            default: break
            }
            switch known[bind.oid] {
            case .moving: continue
            case .value(let value): result.wrong += value == bind.value ? 0 : 1
            case .agentText(let before, let after):
                let text = before + Array(String(agent).utf8) + after
                result.wrong += bind.value == .octets(text) ? 0 : 1
            case nil: result.wrong += 1
            }
            result.checked += 1
        }
        return result
    }
}
