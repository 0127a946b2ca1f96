import CModbus
import Glibc
import Synchronization

/// The thread of a `ModbusServer`. Nothing in it waits but `poll`.
final class ServerLoop {
    /// Open connections; more are closed as they come. Four times what the largest demo makes.
    private static let connectionLimit = 4096
    /// Answers that wait for their time (`late`, `split`); more are dropped, as by a lost packet.
    private static let delayedLimit = 4096

    private struct Connection {
        /// Tells this connection from a later one on the same descriptor.
        var generation: UInt64
        var port: Int
        var isSerial: Bool
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
    private var listeners: [Int32: Int] = [:]
    private var connections: [Int32: Connection] = [:]
    private var heldSlaves: [Int: Int32] = [:]
    private var delayed: [Delayed] = []
    private var known: Set<Int> = []
    private var generation: UInt64 = 0

    init(_ shared: ServerShared) {
        self.shared = shared
        // Never connected: its socket is set before each answer.
        context = modbus_new_tcp(nil, 0)
    }

    deinit {
        if let context { modbus_free(context) }
    }

    func run() {
        let wakeUp = shared.wakeUpDescriptor
        while synchronize() {
            var waited = [pollfd(fd: wakeUp, events: Int16(POLLIN), revents: 0)]
            for fd in listeners.keys {
                waited.append(pollfd(fd: fd, events: Int16(POLLIN), revents: 0))
            }
            for fd in connections.keys {
                waited.append(pollfd(fd: fd, events: Int16(POLLIN), revents: 0))
            }
            guard poll(&waited, nfds_t(waited.count), waitMilliseconds()) >= 0 else {
                precondition(errno == EINTR, "BUG: poll refused our descriptors; got \(errno)")
                continue
            }
            drain(wakeUp)
            for item in waited.dropFirst() where item.revents != 0 {
                if listeners[item.fd] != nil {
                    acceptAll(item.fd)
                } else {
                    receive(item.fd)
                }
            }
            sendDelayed()
        }
        for number in known { forget(number) }
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
                connect(port.fd, port: number, isSerial: true)
            } else {
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
        }
        for (fd, connection) in connections where connection.port == number { drop(fd) }
    }

    private func drain(_ wakeUp: Int32) {
        var bytes = [UInt8](repeating: 0, count: 256)
        while read(wakeUp, &bytes, bytes.count) == bytes.count {}
    }

    private func waitMilliseconds() -> Int32 {
        guard let due = delayed.map(\.due).min() else { return -1 }
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
                connect(fd, port: port, isSerial: false)
            }
        }
    }

    private func connect(_ fd: Int32, port: Int, isSerial: Bool) {
        generation += 1
        connections[fd] = Connection(generation: generation, port: port, isSerial: isSerial)
        shared.state.withLock { $0.connectionCount += 1 }
    }

    private func drop(_ fd: Int32) {
        guard connections.removeValue(forKey: fd) != nil else { return }
        close(fd)
        shared.state.withLock { $0.connectionCount -= 1 }
    }

    private func receive(_ fd: Int32) {
        guard let isSerial = connections[fd]?.isSerial else { return }
        var bytes = [UInt8](repeating: 0, count: MBAPDecoder.feedLimit)
        let count = read(fd, &bytes, bytes.count)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return drop(fd) }
        if isSerial {
            connections[fd]?.serialBuffer.append(contentsOf: bytes[..<count])
            receiveSerial(fd)
        } else {
            connections[fd]?.decoder.feed(bytes[..<count])
            receiveFrames(fd)
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
        let fault = port.fault(unit: unit)
        if answer == .silence || fault == .mute { return }
        if fault == .none, !connection.isSerial {
            let original = MBAPFrame(transaction: transaction, unit: unit, pdu: pdu).bytes
            return reply(fd, original, request, answer)
        }
        let isSerial = connection.isSerial
        let faulty = FaultyReply(
            fault, transaction: transaction, unit: unit,
            pdu: Self.pdu(answer, request, function: pdu[0])
        ) { transaction, unit, pdu in
            isSerial
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
                delayed.append(
                    Delayed(
                        due: now + Int64(piece.delayMilliseconds), fd: fd, generation: generation,
                        bytes: piece.bytes))
            }
        }
        // A serial line has nothing to close.
        if reply.closes, connections[fd]?.isSerial == false { drop(fd) }
    }

    private func sendDelayed() {
        let now = Self.milliseconds()
        let due = delayed.filter { $0.due <= now }
        delayed.removeAll { $0.due <= now }
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
