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
        /// What the device, or the way to it, did.
        var reason: PollFailure?
    }

    /// What became of the questions for signatures.
    package struct SignatureSearch: Sendable {
        package var profile: Profile?
        /// Places of the library.
        package var asked = 0
        /// Of these the device has the registers.
        package var answered = 0
        /// It said that it has none there.
        package var refused = 0
        /// It said nothing, as some do of registers that they lack.
        package var silent = 0
    }
    /// A device that has not answered so many questions, and no other, is not there.
    private static let silencesOfNobody = 3
    /// One that answers some is not asked for ever: each silence takes the whole time-out.
    private static let mostSilences = 8

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
                    + "and that this host may ask it",
                reason: failure)
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

    /// The profile whose signature a Modbus unit carries. A unit that refuses a place of the
    /// library is not of that profile; the next place is asked for.
    package func identifyRegisters(
        _ library: ProfileLibrary
    ) throws(Failure) -> SignatureSearch {
        var search = SignatureSearch()
        var blocks: [RegisterBlock] = []
        var spans: Set<RegisterSpan> = []
        for signature in library.registerSignatures {
            let span = RegisterSpan(
                table: signature.table, start: signature.address,
                count: UInt16(signature.words.count))
            guard spans.insert(span).inserted else { continue }
            search.asked += 1
            do throws(Failure) {
                guard
                    case .registers(let found) = try ask(.modbus(ModbusRequestPlan(spans: [span])))
                else { continue }
                blocks += found
                search.answered += 1
            } catch {
                switch error.reason {
                case .deviceException: search.refused += 1
                case .timeout, .badReply: search.silent += 1
                case .refused, .unreachable, .authentication, .cancelled, nil: throw error
                }
                if search.answered + search.refused == 0 {
                    guard search.silent < Self.silencesOfNobody else { throw error }
                } else if search.silent >= Self.mostSilences {
                    break
                }
            }
        }
        search.profile = library.identify(registers: blocks)
        return search
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
            for block in try answers(span) {
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

    /// A refusal is an answer too.
    private func answers(_ span: RegisterSpan) throws(Failure) -> [RegisterBlock] {
        do throws(Failure) {
            let plan = ModbusRequestPlan(spans: [span])
            if case .registers(let blocks) = try ask(.modbus(plan)) { return blocks }
            return []
        } catch {
            guard case .deviceException(let code)? = error.reason else { throw error }
            return [RegisterBlock(span: span, content: .exception(code))]
        }
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
