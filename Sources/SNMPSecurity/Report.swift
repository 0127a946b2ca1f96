import SNMPWire

/// The counters that a Report PDU names: usmStats (RFC 3414, section 5), snmpMPDStats and the
/// context counters of SNMP-TARGET-MIB (RFC 3412 and 3413).
enum Report {
    /// 1.3.6.1.6.3.15.1.1.n.0
    private static let usmStats: [UInt32] = [1, 3, 6, 1, 6, 3, 15, 1, 1]
    /// 1.3.6.1.6.3.12.1.n.0: 4 snmpUnavailableContexts, 5 snmpUnknownContexts
    private static let targetStats: [UInt32] = [1, 3, 6, 1, 6, 3, 12, 1]

    /// What the first variable says; nil where there is none.
    static func problem(_ report: PDUHeader, _ bytes: UnsafeRawBufferPointer) -> USMProblem? {
        var list = BERReader(bytes, report.bindings)
        guard var binding = try? list.enter(BERTag.sequence),
            let name = try? binding.element(BERTag.objectID),
            let arcs = try? binding.arcs(name.contents)
        else { return nil }
        if arcs.starts(with: usmStats), arcs.count > usmStats.count {
            return usmProblem(arcs[usmStats.count])
        }
        if arcs.starts(with: targetStats), arcs.count > targetStats.count,
            (4...5).contains(arcs[targetStats.count])
        {
            return .unknownContext
        }
        return .otherReport
    }

    private static func usmProblem(_ counter: UInt32) -> USMProblem {
        switch counter {
        case 1: .unsupportedSecurityLevel
        case 2: .notInTimeWindow
        case 3: .unknownUserName
        case 4: .unknownEngineID
        case 5: .wrongDigest
        case 6: .decryption
        default: .otherReport
        }
    }
}
