/// What a device answered, before anything is known of its meaning: the seam between links
/// (which know protocols) and profiles (which know devices). A capture file, a simulated device
/// and a real one all arrive here.

/// An SNMP object identifier.
package struct ObjectID: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// At most 128 (RFC 2578, section 3.5).
    package var arcs: [UInt32]

    package init(_ arcs: [UInt32]) { self.arcs = arcs }

    /// Reads `1.3.6.1` or `.1.3.6.1`; nil for other text or more than 128 arcs.
    package init?(_ text: String) {
        let trimmed = text.hasPrefix(".") ? text.dropFirst() : text[...]
        var arcs: [UInt32] = []
        for part in trimmed.split(separator: ".", omittingEmptySubsequences: false) {
            guard let arc = UInt32(part), arcs.count < 128 else { return nil }
            arcs.append(arc)
        }
        guard !arcs.isEmpty else { return nil }
        self.arcs = arcs
    }

    /// All arcs at once: looking objects up is much of what a poll costs.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(arcs.count)
        arcs.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    package static func < (a: ObjectID, b: ObjectID) -> Bool {
        a.arcs.lexicographicallyPrecedes(b.arcs)
    }

    package func isPrefix(of other: ObjectID) -> Bool { other.arcs.starts(with: arcs) }

    package func appending(_ index: some Sequence<UInt32>) -> ObjectID { ObjectID(arcs + index) }

    package var description: String { arcs.map(String.init).joined(separator: ".") }
}

/// A value as it came over SNMP (RFC 3416, section 3; opaque floats as net-snmp sends them).
package enum SNMPValue: Hashable, Sendable {
    case integer(Int64)
    case counter32(UInt32)
    case gauge32(UInt32)
    case timeTicks(UInt32)
    case counter64(UInt64)
    case octets([UInt8])
    case objectID(ObjectID)
    case ipAddress([UInt8])
    case float(Float)
    case double(Double)
    case null
    case noSuchObject
    case noSuchInstance
    case endOfMibView
}

package struct VarBind: Hashable, Sendable {
    package var oid: ObjectID
    package var value: SNMPValue
    package init(oid: ObjectID, value: SNMPValue) {
        self.oid = oid
        self.value = value
    }
}

/// The four tables of Modbus (MODBUS Application Protocol V1.1b3, section 4.3). Read functions
/// only: 3, 4, 1 and 2. There is no code for the others.
package enum RegisterTable: UInt8, Hashable, Sendable, CaseIterable {
    case holding = 3
    case input = 4
    case coils = 1
    case discrete = 2
    package var readFunction: UInt8 { rawValue }
    package var isBits: Bool { self == .coils || self == .discrete }
}

/// A contiguous run of registers to ask for in one request: at most 125 registers or 2,000 bits.
package struct RegisterSpan: Hashable, Sendable {
    package var table: RegisterTable
    /// 0-based, as on the wire.
    package var start: UInt16
    package var count: UInt16
    package init(table: RegisterTable, start: UInt16, count: UInt16) {
        self.table = table
        self.start = start
        self.count = count
    }
}

/// The answer to one span. For bit tables each word is 0 or 1.
package struct RegisterBlock: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case words([UInt16])
        /// The device's exception code, 1…11: these registers are absent, the device is not.
        case exception(UInt8)
    }
    package var span: RegisterSpan
    package var content: Content
    package init(span: RegisterSpan, content: Content) {
        self.span = span
        self.content = content
    }
}

package enum RawFrames: Sendable {
    case snmp([VarBind])
    case registers([RegisterBlock])
}

/// Why a poll brought nothing. The list is closed: switches over it have no `default`.
package enum PollFailure: Hashable, Sendable {
    case timeout
    case refused
    case unreachable
    /// An answer that could not be an answer to what was asked; the text names the reason.
    case badReply(String)
    /// Modbus exception to the whole poll, or an SNMP error status.
    case deviceException(UInt8)
    case authentication
    case cancelled

    package var name: String {
        switch self {
        case .timeout: "timeout"
        case .refused: "refused"
        case .unreachable: "unreachable"
        case .badReply: "bad-reply"
        case .deviceException: "device-exception"
        case .authentication: "authentication"
        case .cancelled: "cancelled"
        }
    }
}

package struct RawPoll: Sendable {
    package enum Outcome: Sendable {
        case frames(RawFrames)
        case failure(PollFailure)
    }
    package var device: DeviceID
    /// Which of the device's points were asked for.
    package var group = PollGroup.normal
    /// When the poll ended, wall clock.
    package var time: Instant
    /// From first request to last answer.
    package var latencyMicroseconds: Int64
    /// Requests sent for it, retries included.
    package var requests: Int
    /// Those of them that were sent again.
    package var retries = 0
    /// Those of them that nothing answered in time.
    package var timeouts = 0
    /// Until the device is asked again, where it has been silent for so long that slots are left
    /// out; 0 for all others.
    package var backOffMilliseconds: Int64 = 0
    package var outcome: Outcome

    package init(
        device: DeviceID, time: Instant, latencyMicroseconds: Int64, requests: Int, outcome: Outcome
    ) {
        self.device = device
        self.time = time
        self.latencyMicroseconds = latencyMicroseconds
        self.requests = requests
        self.outcome = outcome
    }
}

/// What to ask of a device: made once per profile.
package enum RequestPlan: Hashable, Sendable {
    case snmp(SNMPRequestPlan)
    case modbus(ModbusRequestPlan)
}

package struct SNMPRequestPlan: Hashable, Sendable {
    /// Complete instance OIDs, asked for with GET.
    package var scalars: [ObjectID]
    /// Subtrees, walked with GETBULK (GETNEXT on v1) until the first OID outside.
    package var subtrees: [ObjectID]
    package init(scalars: [ObjectID], subtrees: [ObjectID]) {
        self.scalars = scalars
        self.subtrees = subtrees
    }
}

package struct ModbusRequestPlan: Hashable, Sendable {
    /// What to ask for, one request each.
    package var spans: [RegisterSpan]
    /// What of it is wanted: never to be split between two requests. Disjoint, and in order within
    /// each table. Empty where nothing is known of it but that all spans are wanted.
    package var fields: [RegisterSpan]
    package init(spans: [RegisterSpan], fields: [RegisterSpan] = []) {
        self.spans = spans
        self.fields = fields
    }
}
