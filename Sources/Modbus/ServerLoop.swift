import CModbus
import CPlatform
import Glibc
import Synchronization

/// The thread of a `ModbusServer`. Nothing in it waits but `epoll`: its work grows with what its
/// clients ask, not with the number of its ports.
final class ServerLoop {
    /// Open connections; more are closed as they come. Four times what the largest demo makes.
    private static let connectionLimit = 4096
    /// Answers that wait for their time (`late`, `split`); more are dropped, as by a lost packet.
    private static let delayedLimit = 4096
    /// Events taken in one turn.
    private static let eventsPerTurn: Int32 = 256

    private struct Connection {
        /// Tells this connection from a later one on the same descriptor.
        var generation: UInt64
        var port: Int
        var isSerial: Bool
        var framing: ModbusFraming
        var decoder = MBAPDecoder()
        var serialBuffer: [UInt8] = []
    }
    private struct Delayed {
        var due: Int64
        var fd: Int32
        var generation: UInt64
        var bytes: [UInt8]
    }

    private let shared: ServerShared
    private let context: OpaquePointer?
    private let epoll: Int32
    private var listeners: [Int32: Int] = [:]
    private var framings: [Int32: ModbusFraming] = [:]
    private var connections: [Int32: Connection] = [:]
    private var heldSlaves: [Int: Int32] = [:]
    /// In the order of their times.
    private var delayed: [Delayed] = []
    private var random: UInt64 = 0x5eed
    private var known: Set<Int> = []
    private var generation: UInt64 = 0

    init(_ shared: ServerShared) throws(ModbusError) {
        self.shared = shared
        epoll = cplatform_epoll_create()
        guard epoll >= 0 else {
            context = nil
            throw ModbusError(.system(-epoll), operation: "start", subject: "Modbus server")
        }
        // Never connected: its socket is set before each answer.
        context = modbus_new_tcp(nil, 0)
    }

    deinit {
        if let context { modbus_free(context) }
        if epoll >= 0 { close(epoll) }
    }

    func run() {
        let wakeUp = shared.wakeUpDescriptor
        watch(wakeUp, generation: 0)
        let events = UnsafeMutablePointer<cplatform_event>.allocate(
            capacity: Int(Self.eventsPerTurn))
        defer { events.deallocate() }
        while synchronize() {
            let count = cplatform_epoll_wait(
                epoll, events, Self.eventsPerTurn, waitMilliseconds())
            precondition(count >= 0, "BUG: epoll_wait on our own descriptor; got \(count)")
            for index in 0..<Int(count) {
                let fd = Int32(truncatingIfNeeded: events[index].token & 0xffff_ffff)
                if fd == wakeUp {
                    drain(wakeUp)
                } else if listeners[fd] != nil {
                    acceptAll(fd)
                } else if let connection = connections[fd],
                    UInt32(truncatingIfNeeded: connection.generation)
                        == UInt32(truncatingIfNeeded: events[index].token >> 32)
                {
                    receive(fd)
                }
            }
            sendDelayed()
        }
        for number in known { forget(number) }
    }

    /// A descriptor that cannot be watched is one that will not be served: nothing else is lost.
    private func watch(_ fd: Int32, generation: UInt64) {
        let token = generation << 32 | UInt64(UInt32(bitPattern: fd))
        _ = cplatform_epoll_add(epoll, fd, CPLATFORM_READABLE, token)
    }

    /// Takes over what callers have changed; false at the end.
    private func synchronize() -> Bool {
        let (added, removed, stopping) = shared.state.withLock { state in
            let added = state.arriving.compactMap { number in
                state.ports[number].map { (number, $0) }
            }
            state.arriving = []
            let removed = state.closing
            state.closing = []
            for number in removed { state.ports[number] = nil }
            return (added, removed, state.stopping)
        }
        for (number, port) in added {
            known.insert(number)
            if port.isSerial {
                heldSlaves[number] = port.heldSlave
                connect(port.fd, port: number, isSerial: true, framing: port.framing)
            } else {
                watch(port.fd, generation: 0)
                framings[port.fd] = port.framing
                listeners[port.fd] = number
            }
        }
        for number in removed { forget(number) }
        return !stopping
    }

    private func forget(_ number: Int) {
        known.remove(number)
        if let slave = heldSlaves.removeValue(forKey: number) { close(slave) }
        for (fd, owner) in listeners where owner == number {
            close(fd)
            listeners[fd] = nil
            framings[fd] = nil
        }
        for (fd, connection) in connections where connection.port == number { drop(fd) }
    }

    private func drain(_ wakeUp: Int32) {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(wakeUp, &bytes, bytes.count) == bytes.count {}
    }

    private func waitMilliseconds() -> Int32 {
        guard let due = delayed.first?.due else { return -1 }
        return Int32(clamping: max(0, due - Self.milliseconds()))
    }

    private static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    private func acceptAll(_ listener: Int32) {
        guard let port = listeners[listener] else { return }
        while let fd = ServerSockets.accept(listener) {
            if connections.count >= Self.connectionLimit {
                close(fd)
            } else {
                connect(fd, port: port, isSerial: false, framing: framings[listener] ?? .mbap)
            }
        }
    }

    private func connect(_ fd: Int32, port: Int, isSerial: Bool, framing: ModbusFraming) {
        generation += 1
        connections[fd] = Connection(
            generation: generation, port: port, isSerial: isSerial, framing: framing)
        watch(fd, generation: generation)
        shared.state.withLock { $0.connectionCount += 1 }
    }

    private func drop(_ fd: Int32) {
        guard connections.removeValue(forKey: fd) != nil else { return }
        close(fd)
        shared.state.withLock { $0.connectionCount -= 1 }
    }

    private func receive(_ fd: Int32) {
        guard let framing = connections[fd]?.framing else { return }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 1024) { bytes in
            guard let base = bytes.baseAddress else { return }
            let count = read(fd, base, bytes.count)
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            guard count > 0 else { return drop(fd) }
            switch framing {
            case .rtu:
                connections[fd]?.serialBuffer.append(contentsOf: bytes[..<count])
                receiveSerial(fd)
            case .mbap:
                connections[fd]?.decoder.feed(bytes[..<count])
                receiveFrames(fd)
            }
        }
    }

    private func receiveFrames(_ fd: Int32) {
        while connections[fd] != nil {
            do throws(ModbusError) {
                guard let frame = try connections[fd]?.decoder.next() else { return }
                handle(fd, transaction: frame.transaction, unit: frame.unit, pdu: frame.pdu)
            } catch {
                return drop(fd)
            }
        }
    }

    private func receiveSerial(_ fd: Int32) {
        while var buffer = connections[fd]?.serialBuffer {
            let request = RTUFrame.takeRequest(from: &buffer)
            connections[fd]?.serialBuffer = buffer
            guard let request else { return }
            handle(fd, transaction: 0, unit: request.unit, pdu: request.pdu)
        }
    }

    private func handle(_ fd: Int32, transaction: UInt16, unit: UInt8, pdu: [UInt8]) {
        guard let connection = connections[fd] else { return }
        let port = shared.state.withLock { state in
            state.requestCount += 1
            return state.ports[connection.port]
        }
        guard let port else { return drop(fd) }
        let request = ReadRequest(unit: unit, pdu: pdu)
        var answer = Self.refusal(request)
        if let request, request.isAllowed {
            answer = port.answer(request)
            // A simulated device that gives another number of words is broken inside.
            if case .words(let words) = answer, words.count != Int(request.count) {
                answer = .exception(4)
            }
        }
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let fault = port.fault(unit: unit).resolved(random >> 33)
        if answer == .silence || fault == .mute { return }
        if fault == .none, connection.framing == .mbap {
            let original = MBAPFrame(transaction: transaction, unit: unit, pdu: pdu).bytes
            return reply(fd, original, request, answer)
        }
        let framing = connection.framing
        let faulty = FaultyReply(
            fault, transaction: transaction, unit: unit,
            pdu: Self.pdu(answer, request, function: pdu[0])
        ) { transaction, unit, pdu in
            framing == .rtu
                ? RTUFrame.bytes(unit: unit, pdu: pdu)
                : MBAPFrame(transaction: transaction, unit: unit, pdu: pdu).bytes
        }
        send(faulty, to: fd, generation: connection.generation)
    }

    /// The exception for what no device can answer (figures 11 to 14 of the specification).
    private static func refusal(_ request: ReadRequest?) -> ModbusAnswer {
        guard let request else { return .exception(1) }
        let countAllowed = request.count > 0 && request.count <= request.function.countLimit
        return .exception(countAllowed ? 2 : 3)
    }

    private static func pdu(
        _ answer: ModbusAnswer, _ request: ReadRequest?, function: UInt8
    ) -> [UInt8] {
        switch answer {
        case .words(let words): request?.answerPDU(words) ?? [function | 0x80, 1]
        case .exception(let code): [function | 0x80, code]
        case .silence: [function | 0x80, 11]
        }
    }

    /// Answers through libmodbus.
    private func reply(
        _ fd: Int32, _ original: [UInt8], _ request: ReadRequest?, _ answer: ModbusAnswer
    ) {
        guard let context else { return drop(fd) }
        modbus_set_socket(context, fd)
        defer { modbus_set_socket(context, -1) }
        var sent: Int32 = -1
        switch answer {
        case .words(let words):
            guard let request, let mapping = ServerMapping(request, words) else { return drop(fd) }
            sent = modbus_reply(context, original, Int32(original.count), mapping.raw)
        case .exception(let code): sent = modbus_reply_exception(context, original, UInt32(code))
        case .silence: return
        }
        // A peer that does not read its answers has no use for more of them.
        if sent < 0 { drop(fd) }
    }

    private func send(_ reply: FaultyReply, to fd: Int32, generation: UInt64) {
        let now = Self.milliseconds()
        for piece in reply.pieces {
            if piece.delayMilliseconds == 0 {
                transmit(fd, piece.bytes)
            } else if delayed.count < Self.delayedLimit {
                let due = now + Int64(piece.delayMilliseconds)
                // Most are added at the end: delays are the same for all of a port.
                let place = delayed.lastIndex { $0.due <= due }.map { $0 + 1 } ?? 0
                delayed.insert(
                    Delayed(due: due, fd: fd, generation: generation, bytes: piece.bytes),
                    at: place)
            }
        }
        // A serial line has nothing to close.
        if reply.closes, connections[fd]?.isSerial == false { drop(fd) }
    }

    private func sendDelayed() {
        let now = Self.milliseconds()
        let due = delayed.prefix { $0.due <= now }
        delayed.removeFirst(due.count)
        for item in due where connections[item.fd]?.generation == item.generation {
            transmit(item.fd, item.bytes)
        }
    }

    private func transmit(_ fd: Int32, _ bytes: [UInt8]) {
        guard let connection = connections[fd] else { return }
        let count =
            connection.isSerial
            ? write(fd, bytes, bytes.count)
            : Glibc.send(fd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        if count != bytes.count, !connection.isSerial { drop(fd) }
    }
}

/// The registers of one answer, as libmodbus wants them: a table that begins at the request's
/// start.
struct ServerMapping: ~Copyable {
    let raw: UnsafeMutablePointer<modbus_mapping_t>

    init?(_ request: ReadRequest, _ words: [UInt16]) {
        let start = UInt32(request.start)
        let count = UInt32(request.count)
        let function = request.function
        func size(_ table: ModbusFunction) -> UInt32 { function == table ? count : 0 }
        guard
            let raw = modbus_mapping_new_start_address(
                start, size(.readCoils), start, size(.readDiscreteInputs), start,
                size(.readHoldingRegisters), start, size(.readInputRegisters))
        else { return nil }
        for (index, word) in words.enumerated() {
            switch function {
            case .readCoils: raw.pointee.tab_bits[index] = word == 0 ? 0 : 1
            case .readDiscreteInputs: raw.pointee.tab_input_bits[index] = word == 0 ? 0 : 1
            case .readHoldingRegisters: raw.pointee.tab_registers[index] = word
            case .readInputRegisters: raw.pointee.tab_input_registers[index] = word
            }
        }
        self.raw = raw
    }

    deinit { modbus_mapping_free(raw) }
}
