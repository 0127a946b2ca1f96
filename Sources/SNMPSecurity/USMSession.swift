package import SNMPWire

/// SNMPv3 with one device: its engine's identifier and clock, its user's keys, and what to do with
/// each datagram. No sockets and no clock: `now` is a monotonic time in nanoseconds.
///
/// To ask, `write` a message for a prepared PDU and send it; give each datagram that comes back
/// with that number (`USMMessage.messageID` finds it) to `read` and do what the verdict says. As
/// long as the engine is unknown `write` makes a discovery probe instead of the request, and the
/// verdict after its answer is `sendAgain`: a device that is met for the first time costs one round
/// trip more, one kept in `EngineMemory` none.
///
/// Every message that is sent should have a number of its own: msgID and request-id are the same,
/// from `PreparedPDU.smallestRequestID` up, and should not be foreseeable from outside.
///
/// It belongs to the thread of its toolbox. Devices are told apart by session and never by engine
/// identifier: two devices with a copied configuration have the same one.
package final class USMSession {
    /// What the receiver of answers takes: the largest UDP payload over IPv4.
    static let maximumSize: UInt32 = 65_507
    /// `sendAgain` in a row without an answer: discovery, the clock, and both once more after a
    /// restart of the device in between. Then the device contradicts itself.
    private static let mostRepeats = 4
    /// Silent polls after which the engine is discovered anew: some devices say nothing to a
    /// message for another engine.
    private static let silenceLimit = 3

    package let level: USMLevel
    private let user: USMUser
    private let toolbox: CryptoToolbox
    private let contextName: [UInt8]
    /// Empty until discovered.
    package private(set) var engineID: [UInt8] = []
    private var keys: EngineKeys?
    private var clock = EngineClock()
    private var repeats = 0
    private var silences = 0
    /// The largest message that the device takes, as it last said (RFC 3412, 6.3); at least 484.
    package private(set) var peerMaximumSize = 484
    /// Times that the device's clock went back, or was less than it had been before.
    package private(set) var clockSetbacks = 0

    /// - Parameters:
    ///   - level: at most the user's own.
    ///   - context: snmpEngine's context, empty for the default.
    package init(
        user: USMUser, level: USMLevel? = nil, context: String = "", toolbox: CryptoToolbox
    ) {
        let level = level ?? user.level
        precondition(level <= user.level, "BUG: a level without keys; got \(level)")
        self.user = user
        self.level = level
        self.toolbox = toolbox
        contextName = Array(context.utf8.prefix(255))
    }

    package var isDiscovered: Bool { !engineID.isEmpty }
    /// The engine's clock has been learned from a signed message.
    package var isSynchronized: Bool { clock.isVerified }

    // MARK: Asking

    /// Writes the message to send now into `output`, from its beginning, and gives its length:
    /// the request, or a discovery probe while the engine is unknown. Nil where `output` is too
    /// small, or libcrypto has no memory. Writing again uses a new salt.
    ///
    /// - Parameter number: msgID and request-id.
    package func write(
        _ pdu: PreparedPDU, number: UInt32, now: Int64, into output: UnsafeMutableRawBufferPointer
    ) -> Int? {
        if engineID.isEmpty {
            let layout = MessageLayout(
                number: number, flags: USMMessage.reportableFlag,
                scopedLength: MessageLayout.scopedLength([], [], Self.probe.bytes.count))
            return write(layout, Self.probe, output) { _, _ in true }
        }
        if keys == nil, level != .noAuthNoPriv {
            keys = EngineKeys(user, engineID: engineID, toolbox)
            if keys == nil { return nil }
        }
        let scoped = MessageLayout.scopedLength(engineID, contextName, pdu.bytes.count)
        var layout = MessageLayout(
            number: number, flags: USMMessage.reportableFlag | level.rawValue,
            scopedLength: scoped)
        layout.engineID = engineID
        layout.user = user.name
        layout.contextName = contextName
        guard level != .noAuthNoPriv, let keys else {
            return write(layout, pdu, output) { _, _ in true }
        }
        layout.boots = clock.boots
        layout.time = clock.time(now)
        layout.macLength = keys.macLength
        if level == .authPriv {
            layout.salt = toolbox.nextSalt()
            layout.dataLength = keys.encryptedLength(scoped)
        }
        return write(layout, pdu, output) { message, layout in
            if let salt = layout.salt {
                let text = UnsafeMutableRawBufferPointer(rebasing: message[layout.dataRange])
                guard keys.encrypt(text, boots: layout.boots, time: layout.time, salt: salt)
                else { return false }
            }
            return keys.sign(message, at: layout.macOffset)
        }
    }

    /// The same, into an array that is used again; it has `write`'s length afterwards. False where
    /// nothing could be written.
    package func write(
        _ pdu: PreparedPDU, number: UInt32, now: Int64, into bytes: inout [UInt8]
    ) -> Bool {
        bytes.removeAll(keepingCapacity: true)
        return append(pdu, number: number, now: now, to: &bytes)
    }

    /// The same, behind what `bytes` hold already.
    package func append(
        _ pdu: PreparedPDU, number: UInt32, now: Int64, to bytes: inout [UInt8]
    ) -> Bool {
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(0, count: pdu.bytes.count + Self.overhead))
        let length = bytes.withUnsafeMutableBytes { all in
            let free = UnsafeMutableRawBufferPointer(rebasing: all[start...])
            return write(pdu, number: number, now: now, into: free)
        }
        bytes.removeLast(bytes.count - start - (length ?? 0))
        return length != nil
    }

    /// Bytes that a message has at most besides its PDU: header 24, security parameters 32 + 32 +
    /// 48 + 8 with their lengths, context 32 + 255, padding, wrapping.
    package static let overhead = 512

    private static let probe = PreparedPDU(.get, [])

    private func write(
        _ layout: MessageLayout, _ pdu: PreparedPDU, _ output: UnsafeMutableRawBufferPointer,
        _ protect: (UnsafeMutableRawBufferPointer, MessageLayout) -> Bool
    ) -> Int? {
        let length = layout.length
        guard length <= output.count else { return nil }
        let message = UnsafeMutableRawBufferPointer(rebasing: output[..<length])
        var placed = layout
        placed.write(pdu, into: message)
        return protect(message, placed) ? length : nil
    }

    // MARK: Answers

    /// Judges a datagram, decrypting it in place.
    ///
    /// - Parameter number: of the request that is under way.
    package func read(
        _ datagram: UnsafeMutableRawBufferPointer, number: UInt32, now: Int64
    ) -> USMVerdict {
        let bytes = UnsafeRawBufferPointer(datagram)
        guard let message = try? USMMessage(bytes), let claimed = message.level else {
            return .ignored(.malformed)
        }
        guard message.messageID == Int64(number) else { return .ignored(.otherRequest) }
        if claimed == .noAuthNoPriv { return readUnsigned(message, bytes, number, now) }
        guard same(message.engineID, engineID, bytes), same(message.user, user.name, bytes) else {
            return .ignored(.otherIdentity)
        }
        guard level != .noAuthNoPriv, let keys else { return .ignored(.downgraded) }
        let signed = UnsafeRawBufferPointer(rebasing: bytes[message.whole])
        guard message.authentication.count == keys.macLength,
            keys.verify(signed, at: message.authentication.lowerBound)
        else { return .ignored(.wrongDigest) }
        let timeliness = clock.take(boots: message.boots, time: message.time, now: now)
        switch timeliness {
        case .inTime: break
        case .behind: clockSetbacks &+= 1
        case .exhausted: return refuse(.bootsExhausted)
        }
        return readSigned(message, claimed, datagram, number, timeliness)
    }

    private func readSigned(
        _ message: USMMessage, _ claimed: USMLevel, _ datagram: UnsafeMutableRawBufferPointer,
        _ number: UInt32, _ timeliness: EngineClock.Verdict
    ) -> USMVerdict {
        let bytes = UnsafeRawBufferPointer(datagram)
        var reader = BERReader(bytes, message.data.whole)
        if claimed == .authPriv {
            guard level == .authPriv else { return .ignored(.downgraded) }
            guard decrypt(message, datagram) else { return refuse(.decryption) }
            reader = BERReader(bytes, message.data.contents)
        }
        guard let scoped = try? ScopedPDU(&reader) else {
            // Signed with our key, so it is the device's: it encrypts with another one.
            return claimed == .authPriv ? refuse(.decryption) : .ignored(.malformed)
        }
        if scoped.pdu.kind == .report { return take(report: scoped.pdu, message, bytes, true) }
        guard claimed == level else { return .ignored(.downgraded) }
        guard timeliness == .inTime else { return .ignored(.notInTimeWindow) }
        return accept(scoped, message, bytes, number)
    }

    private func decrypt(
        _ message: USMMessage, _ datagram: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let keys, message.data.tag == BERTag.octets,
            message.privacy.count == USMPrivacy.saltLength
        else { return false }
        var salt: UInt64 = 0
        for place in message.privacy { salt = salt << 8 | UInt64(datagram[place]) }
        let text = UnsafeMutableRawBufferPointer(rebasing: datagram[message.data.contents])
        return keys.decrypt(text, boots: message.boots, time: message.time, salt: salt)
    }

    /// A message without a signature is an answer only where none was asked for; otherwise it can
    /// be a report that has no other way (RFC 3414, 3.2).
    private func readUnsigned(
        _ message: USMMessage, _ bytes: UnsafeRawBufferPointer, _ number: UInt32, _ now: Int64
    ) -> USMVerdict {
        var reader = BERReader(bytes, message.data.whole)
        guard let scoped = try? ScopedPDU(&reader) else { return .ignored(.malformed) }
        if scoped.pdu.kind == .report {
            if engineID.isEmpty { return discover(message, bytes, now) }
            return take(report: scoped.pdu, message, bytes, false)
        }
        guard level == .noAuthNoPriv else { return .ignored(.downgraded) }
        guard !engineID.isEmpty, same(message.engineID, engineID, bytes),
            same(message.user, user.name, bytes)
        else { return .ignored(.otherIdentity) }
        return accept(scoped, message, bytes, number)
    }

    /// RFC 3412, 7.2, step 12.
    private func accept(
        _ scoped: ScopedPDU, _ message: USMMessage, _ bytes: UnsafeRawBufferPointer,
        _ number: UInt32
    ) -> USMVerdict {
        guard scoped.pdu.kind == .response else { return .ignored(.malformed) }
        guard scoped.pdu.requestID == Int64(number) else { return .ignored(.otherRequest) }
        guard same(scoped.contextEngineID, engineID, bytes),
            same(scoped.contextName, contextName, bytes)
        else { return .ignored(.otherIdentity) }
        peerMaximumSize = Int(min(max(message.maximumSize, 484), Int64(Self.maximumSize)))
        repeats = 0
        silences = 0
        return .answer(scoped.pdu)
    }

    @inline(__always)
    private func same(
        _ range: Range<Int>, _ expected: [UInt8], _ bytes: UnsafeRawBufferPointer
    ) -> Bool {
        range.count == expected.count && bytes[range].elementsEqual(expected)
    }

    // MARK: Reports

    /// The answer to a probe. Boots and time come along without a signature: provisional.
    private func discover(
        _ message: USMMessage, _ bytes: UnsafeRawBufferPointer, _ now: Int64
    ) -> USMVerdict {
        guard USMMessage.engineIDLengths.contains(message.engineID.count) else {
            return .ignored(.malformed)
        }
        engineID = Array(bytes[message.engineID])
        keys = nil
        clock = EngineClock(provisionalBoots: message.boots, time: message.time, now: now)
        return again(orRefuse: .unknownEngineID)
    }

    private func take(
        report: PDUHeader, _ message: USMMessage, _ bytes: UnsafeRawBufferPointer, _ signed: Bool
    ) -> USMVerdict {
        guard let problem = Report.problem(report, bytes) else { return .ignored(.malformed) }
        switch problem {
        case .notInTimeWindow:
            if signed { return again(orRefuse: problem) }
            // Its clock would be anybody's. Without signatures there is no window to miss.
            return level == .noAuthNoPriv ? refuse(problem) : .ignored(.downgraded)
        case .unknownEngineID:
            // With the identifier that was used: a late answer to the probe.
            if same(message.engineID, engineID, bytes) { return .ignored(.otherRequest) }
            forgetEngine()
            return again(orRefuse: problem)
        default: return refuse(problem)
        }
    }

    private func again(orRefuse problem: USMProblem) -> USMVerdict {
        silences = 0
        repeats += 1
        return repeats <= Self.mostRepeats ? .sendAgain : refuse(problem)
    }

    private func refuse(_ problem: USMProblem) -> USMVerdict {
        repeats = 0
        silences = 0
        return .refused(problem)
    }

    /// To be told when a poll ended without any answer.
    package func fellSilent() {
        repeats = 0
        silences += 1
        if silences >= Self.silenceLimit { forgetEngine() }
    }

    /// The next message is a discovery probe.
    package func forgetEngine() {
        engineID = []
        keys = nil
        clock = EngineClock()
        silences = 0
    }

    // MARK: Across restarts

    /// What is worth keeping; nil while nothing signed has been heard (or, without signatures,
    /// the engine is unknown).
    ///
    /// - Parameter wallSeconds: Unix time at `now`.
    package func memory(now: Int64, wallSeconds: Int64) -> EngineMemory.Entry? {
        guard isDiscovered, isSynchronized || level == .noAuthNoPriv else { return nil }
        return EngineMemory.Entry(
            engineID: engineID, boots: clock.boots,
            startedAt: wallSeconds &- Int64(clock.time(now)))
    }

    /// Begins with what an earlier run kept; provisional until the device has signed something.
    package func recall(_ entry: EngineMemory.Entry, now: Int64, wallSeconds: Int64) {
        guard !isDiscovered, USMMessage.engineIDLengths.contains(entry.engineID.count) else {
            return
        }
        engineID = entry.engineID
        let (time, overflow) = wallSeconds.subtractingReportingOverflow(entry.startedAt)
        clock = EngineClock(
            provisionalBoots: min(entry.boots, EngineClock.largest),
            time: overflow ? 0 : UInt32(min(max(0, time), Int64(EngineClock.largest))), now: now)
    }
}
