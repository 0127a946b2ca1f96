package import Model
import Polling
package import Profiles

/// Asks one device, outside of any schedule: who it is, and what it says. Blocks.
package struct DeviceProbe {
    /// What a device said of itself.
    package struct Identity: Sendable {
        package var sysDescr = ""
        package var sysObjectID: ObjectID?
        /// Of the library's probe objects, those that have an answer.
        package var answers: [ObjectID: SNMPValue] = [:]
        package var profile: Profile?
    }
    /// No answer, or none of use.
    package struct Failure: Error, CustomStringConvertible {
        package enum Kind: Sendable { case usage, unreachable }
        package var kind: Kind
        package var description: String
    }

    private static let sysDescr = ObjectID([1, 3, 6, 1, 2, 1, 1, 1, 0])
    private static let sysObjectID = ObjectID([1, 3, 6, 1, 2, 1, 1, 2, 0])

    private let address: String
    private let transport: Transport
    private let timeoutMilliseconds: Int64

    package init(address: String, transport: Transport, timeoutMilliseconds: Int64) {
        self.address = address
        self.transport = transport
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// - Throws: where nothing came back.
    package func ask(_ plan: RequestPlan) throws(Failure) -> RawFrames {
        let target = PollTarget(
            device: DeviceID(0), name: address, transport: transport, plan: plan,
            intervalMilliseconds: 60_000, timeoutMilliseconds: timeoutMilliseconds, retries: 1)
        do throws(PollingError) {
            try SinglePoll.check(target)
        } catch {
            throw Failure(kind: .usage, description: "\(error)")
        }
        switch SinglePoll.run(target).outcome {
        case .frames(let frames): return frames
        case .failure(let failure):
            throw Failure(
                kind: .unreachable,
                description: "\(address) does not answer (\(failure.name)); check address, port, "
                    + "and that this host may ask it")
        }
    }

    /// Who an SNMP device is, by the library.
    package func identify(_ library: ProfileLibrary) throws(Failure) -> Identity {
        // First what every agent has: an old one refuses a request for what it does not know.
        let objects = [Self.sysDescr, Self.sysObjectID]
        var identity = Identity()
        for bind in try binds(objects) {
            switch bind.value {
            case .octets(let bytes) where bind.oid == Self.sysDescr:
                identity.sysDescr = String(decoding: bytes.prefix(255), as: UTF8.self)
            case .objectID(let oid) where bind.oid == Self.sysObjectID: identity.sysObjectID = oid
            default: break
            }
        }
        if !library.probeObjects.isEmpty {
            for bind in (try? binds(library.probeObjects)) ?? [] {
                switch bind.value {
                case .noSuchObject, .noSuchInstance, .endOfMibView, .null: continue
                default: identity.answers[bind.oid] = bind.value
                }
            }
        }
        identity.profile = library.identify(
            sysObjectID: identity.sysObjectID, sysDescr: identity.sysDescr,
            answers: identity.answers)
        return identity
    }

    /// The profile whose signature a Modbus unit carries, and how many signatures were looked at.
    package func identifyRegisters(
        _ library: ProfileLibrary
    ) throws(Failure) -> (profile: Profile?, asked: Int, answered: Int) {
        var blocks: [RegisterBlock] = []
        var asked: Set<RegisterSpan> = []
        for signature in library.registerSignatures {
            let span = RegisterSpan(
                table: signature.table, start: signature.address,
                count: UInt16(signature.words.count))
            guard asked.insert(span).inserted else { continue }
            let frames = try ask(.modbus(ModbusRequestPlan(spans: [span])))
            if case .registers(let answered) = frames { blocks += answered }
        }
        let answered = blocks.count { if case .words = $0.content { true } else { false } }
        for block in blocks {
            if let profile = library.identify(registers: [block]) {
                return (profile, asked.count, answered)
            }
        }
        return (nil, asked.count, answered)
    }

    private func binds(_ objects: [ObjectID]) throws(Failure) -> [VarBind] {
        let plan = SNMPRequestPlan(scalars: objects, subtrees: [])
        guard case .snmp(let binds) = try ask(.snmp(plan)) else {
            preconditionFailure("BUG: an SNMP link answered with registers")
        }
        return binds
    }

    // MARK: Everything a device says

    /// Objects of one walked subtree; a switch has more, a device of this trade does not.
    package static let subtrees = [
        ObjectID([1, 3, 6, 1, 2, 1]), ObjectID([1, 3, 6, 1, 4, 1]),
    ]

    /// All objects below `subtrees`, ascending.
    package func walk(_ subtrees: [ObjectID] = Self.subtrees) throws(Failure) -> [VarBind] {
        var all: [VarBind] = []
        for subtree in subtrees {
            let plan = SNMPRequestPlan(scalars: [], subtrees: [subtree])
            if case .snmp(let binds) = try ask(.snmp(plan)) { all += binds }
        }
        var seen: Set<ObjectID> = []
        return all.filter { $0.value.isPresent && seen.insert($0.oid).inserted }
            .sorted { $0.oid < $1.oid }
    }

    /// Registers of a unit. A span that it refuses is halved, down to single registers.
    ///
    /// - Parameter requests: at most so many; a map with holes everywhere takes one a register.
    package func registers(
        _ spans: [RegisterSpan], requests limit: Int = 5_000
    ) throws(Failure) -> [RegisterTable: [UInt16: UInt16]] {
        var image: [RegisterTable: [UInt16: UInt16]] = [:]
        var queue = spans.reversed().flatMap(Self.pieces)
        var requests = 0
        while let span = queue.popLast(), requests < limit {
            requests += 1
            guard case .registers(let blocks) = try ask(.modbus(ModbusRequestPlan(spans: [span])))
            else { continue }
            for block in blocks {
                switch block.content {
                case .words(let words):
                    for (offset, word) in words.enumerated() {
                        image[span.table, default: [:]][block.span.start + UInt16(offset)] = word
                    }
                case .exception where block.span.count > 1:
                    let half = block.span.count / 2
                    queue.append(
                        RegisterSpan(
                            table: span.table, start: block.span.start + half,
                            count: block.span.count - half))
                    queue.append(
                        RegisterSpan(table: span.table, start: block.span.start, count: half))
                case .exception: break
                }
            }
        }
        return image
    }

    /// Requests of 100 registers: some devices refuse 125.
    private static func pieces(_ span: RegisterSpan) -> [RegisterSpan] {
        let most = 100
        return stride(from: 0, to: Int(span.count), by: most).map { offset in
            RegisterSpan(
                table: span.table, start: span.start + UInt16(offset),
                count: UInt16(min(most, Int(span.count) - offset)))
        }.reversed()
    }
}
