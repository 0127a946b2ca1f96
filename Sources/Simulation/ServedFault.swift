import Modbus
import SNMP

/// How a served device misbehaves, by the names of `frostline simulate --fault`.
package enum ServedFault: String, Sendable, CaseIterable {
    case none
    /// Hears and says nothing.
    case mute
    /// Answers after three seconds.
    case slow
    /// Answers with bytes that are no message.
    case garbage
    /// Answers with half a message.
    case truncated
    /// Answers with the number of another request.
    case wrongID = "wrong-id"

    var agentFault: SNMPAgentFault {
        switch self {
        case .none, .slow: .none
        case .mute: .mute
        case .garbage: .garbage
        case .truncated: .truncated
        case .wrongID: .wrongRequestID
        }
    }

    var modbusFault: ModbusFault {
        switch self {
        case .none: .none
        case .mute: .mute
        case .slow: .late(milliseconds: 3000)
        case .garbage: .garbage
        case .truncated: .halfFrame
        case .wrongID: .wrongTransaction
        }
    }
}
