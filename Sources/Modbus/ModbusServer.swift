import Glibc
import Synchronization

/// Simulated Modbus devices: many TCP ports and serial lines, any number of units behind each, on
/// one thread.
///
/// libmodbus makes the regular TCP answers (`modbus_reply` and `modbus_reply_exception`), so that
/// our own codec on the other end is checked against another implementation. Requests are read
/// here: `modbus_receive` waits for the rest of a half request, and aborts the process at
/// descriptors from 1,024.
package final class ModbusServer: Sendable {
    /// Names a port or line of one server.
    package struct Endpoint: Hashable, Sendable {
        let number: Int
        /// 0 for a serial line.
        package let port: UInt16
    }
    /// Called on the server's thread for each request that Modbus allows.
    package typealias Answer = @Sendable (ReadRequest) -> ModbusAnswer

    let shared = ServerShared()
    private let thread: Mutex<pthread_t?>

    /// Starts the thread.
    package init() throws(ModbusError) {
        try shared.open()
        var handle = pthread_t()
        let context = Unmanaged.passRetained(try ServerLoop(shared))
        let code = pthread_create(&handle, nil, serverThread, context.toOpaque())
        guard code == 0 else {
            context.release()
            throw ModbusError(.system(code), operation: "start", subject: "Modbus server")
        }
        thread = Mutex(handle)
    }

    deinit { stop() }

    /// Opens a TCP port on an address in figures; port 0 takes a free one. The port answers as
    /// soon as this returns.
    package func listen(
        host: String = "127.0.0.1", port: UInt16 = 0, framing: ModbusFraming = .mbap,
        answer: @escaping Answer
    ) throws(ModbusError) -> Endpoint {
        let (fd, actual) = try ServerSockets.listen(host: host, port: port)
        let number = shared.add(
            ServerPort(fd: fd, isSerial: false, framing: framing, answer: answer))
        return Endpoint(number: number, port: actual)
    }

    /// Answers on a pseudo-terminal in place of a serial line; keeps duplicates of both ends.
    package func serve(
        serialMaster fd: Int32, slavePath: String, answer: @escaping Answer
    ) throws(ModbusError) -> Endpoint {
        let own = dup(fd)
        guard own >= 0 else {
            throw ModbusError(.system(errno), operation: "serve", subject: slavePath)
        }
        ServerSockets.prepare(own)
        // Held open: while nobody else has the slave open, the master would report a hang-up
        // without end.
        let slave = open(slavePath, O_RDWR | O_NOCTTY | O_CLOEXEC)
        let number = shared.add(
            ServerPort(
                fd: own, isSerial: true, framing: .rtu, heldSlave: slave, answer: answer))
        return Endpoint(number: number, port: 0)
    }

    /// Makes requests misbehave from the next one on: all of the endpoint's, or one unit's.
    package func setFault(_ fault: ModbusFault, at endpoint: Endpoint, unit: UInt8? = nil) {
        shared.setFault(fault, at: endpoint.number, unit: unit)
    }

    /// Closes a port or line and its connections.
    package func close(_ endpoint: Endpoint) { shared.remove(endpoint.number) }

    /// Connections that are open now, all ports together.
    package var connectionCount: Int { shared.state.withLock { $0.connectionCount } }
    /// Requests understood so far, all ports together.
    package var requestCount: Int { shared.state.withLock { $0.requestCount } }

    /// Closes everything and ends the thread. Safe to call twice.
    package func stop() {
        let handle = thread.withLock { handle -> pthread_t? in
            defer { handle = nil }
            return handle
        }
        guard let handle else { return }
        shared.stop()
        pthread_join(handle, nil)
    }
}

private func serverThread(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    Unmanaged<ServerLoop>.fromOpaque(context).takeRetainedValue().run()
    return nil
}

/// A listening port or a serial line.
struct ServerPort: Sendable {
    var fd: Int32
    var isSerial: Bool
    var framing: ModbusFraming
    /// The other end of a pseudo-terminal; -1 where there is none.
    var heldSlave: Int32 = -1
    var answer: ModbusServer.Answer
    var fault = ModbusFault.none
    var unitFaults: [UInt8: ModbusFault] = [:]

    func fault(unit: UInt8) -> ModbusFault { unitFaults[unit] ?? fault }
}

/// What callers and the server's thread share.
final class ServerShared: Sendable {
    struct State {
        var ports: [Int: ServerPort] = [:]
        var lastNumber = 0
        /// Added, and to be taken over by the thread.
        var arriving: [Int] = []
        /// Removed, and to be closed by the thread.
        var closing: [Int] = []
        var stopping = false
        var connectionCount = 0
        var requestCount = 0
    }
    let state = Mutex(State())
    /// A pipe that wakes the thread; -1 before `open`.
    private let pipeEnds = Mutex<(read: Int32, write: Int32)>((-1, -1))

    deinit {
        let ends = pipeEnds.withLock { $0 }
        for fd in [ends.read, ends.write] where fd >= 0 { close(fd) }
    }

    func open() throws(ModbusError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ModbusError(.system(errno), operation: "start", subject: "Modbus server")
        }
        for fd in ends { ServerSockets.prepare(fd) }
        pipeEnds.withLock { $0 = (ends[0], ends[1]) }
    }

    var wakeUpDescriptor: Int32 { pipeEnds.withLock { $0.read } }

    func wake() {
        let fd = pipeEnds.withLock { $0.write }
        // A full pipe wakes as well.
        _ = write(fd, [1], 1)
    }

    func add(_ port: ServerPort) -> Int {
        let number = state.withLock { state in
            state.lastNumber += 1
            state.ports[state.lastNumber] = port
            state.arriving.append(state.lastNumber)
            return state.lastNumber
        }
        wake()
        return number
    }

    func remove(_ number: Int) {
        state.withLock { $0.closing.append(number) }
        wake()
    }

    func setFault(_ fault: ModbusFault, at number: Int, unit: UInt8?) {
        state.withLock { state in
            if let unit {
                state.ports[number]?.unitFaults[unit] = fault
            } else {
                state.ports[number]?.fault = fault
            }
        }
    }

    func stop() {
        state.withLock { $0.stopping = true }
        wake()
    }
}
