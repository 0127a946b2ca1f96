import Glibc
import Modbus
import Platform
import Testing

/// libmodbus as the master on one end of a pseudo-terminal, our simulated slaves on the other:
/// frames and CRC are checked by an implementation that is not ours.
@Suite("Serial line")
struct SerialLineTests {
    private final class Line {
        let master: Int32
        let path: String
        let server: ModbusServer
        let endpoint: ModbusServer.Endpoint
        let line: ModbusRTULine

        init() throws {
            (master, path) = try openPseudoTerminalPair()
            server = try ModbusServer()
            endpoint = try server.serve(serialMaster: master, slavePath: path) { request in
                switch request.unit {
                case 1, 2:
                    if request.start >= 1000 { return .exception(2) }
                    return .words(
                        (0..<request.count).map {
                            request.function.isBits
                                ? ($0 + request.start) & 1
                                : UInt16(request.unit) << 12 | (request.start + $0)
                        })
                default: return .silence
                }
            }
            line = try ModbusRTULine(
                SerialSettings(path: path, baud: 9600, parity: .none, stopBits: 1))
        }
        deinit {
            server.stop()
            close(master)
        }
        func read(
            unit: UInt8 = 1, _ function: ModbusFunction = .readHoldingRegisters,
            start: UInt16 = 10, count: UInt16 = 3, timeout: Int64 = 2000
        ) throws(ModbusError) -> [UInt16] {
            try line.read(
                ReadRequest(unit: unit, function: function, start: start, count: count),
                timeoutMilliseconds: timeout)
        }
    }

    @Test("two units on one line give their own registers and bits")
    func twoUnits() throws {
        let line = try Line()
        #expect(try line.read(unit: 1) == [0x100a, 0x100b, 0x100c])
        #expect(try line.read(unit: 2, .readInputRegisters) == [0x200a, 0x200b, 0x200c])
        #expect(try line.read(.readCoils, start: 1, count: 11).count == 11)
        #expect(try line.read(.readDiscreteInputs, start: 1, count: 3) == [1, 0, 1])
        #expect(try line.read(start: 0, count: 125).count == 125)
    }

    @Test("a device's refusal comes with its number")
    func exception() throws {
        let line = try Line()
        #expect(throws: ModbusError(.exception(2), operation: "read", subject: line.path)) {
            try line.read(start: 1000)
        }
        #expect(try line.read() == [0x100a, 0x100b, 0x100c])
    }

    @Test("a unit that is not there times out, and its neighbour answers after it")
    func deadUnit() throws {
        let line = try Line()
        let start = Clocks.monotonicNanoseconds()
        #expect(throws: ModbusError(.timeout, operation: "read", subject: line.path)) {
            try line.read(unit: 9, timeout: 150)
        }
        let waited = (Clocks.monotonicNanoseconds() - start) / 1_000_000
        #expect(waited >= 140)
        #expect(try line.read(unit: 2) == [0x200a, 0x200b, 0x200c])
    }

    @Test(
        "an answer that cannot be one is refused, and the line recovers after it has settled",
        arguments: [
            ModbusFault.garbage, .halfFrame, .wrongUnit, .wrongFunction, .wrongLength,
        ])
    func faults(_ fault: ModbusFault) throws {
        let line = try Line()
        line.server.setFault(fault, at: line.endpoint)
        #expect(throws: ModbusError.self) { try line.read(timeout: 150) }
        line.server.setFault(.none, at: line.endpoint)
        line.line.settle(milliseconds: 20)
        #expect(try line.read() == [0x100a, 0x100b, 0x100c])
    }

    @Test("a late answer is thrown away by settling, not taken for the next one's")
    func lateAnswer() throws {
        let line = try Line()
        line.server.setFault(.late(milliseconds: 200), at: line.endpoint)
        #expect(throws: ModbusError.self) { try line.read(start: 10, timeout: 50) }
        line.server.setFault(.none, at: line.endpoint)
        line.line.settle(milliseconds: 400)
        // Same unit, function and size: nothing in the frame tells the two answers apart.
        #expect(try line.read(start: 20) == [0x1014, 0x1015, 0x1016])
    }

    @Test("a line that is not there, or is set as no line can be, is refused with its name")
    func unusable() {
        for settings in [
            SerialSettings(path: "/dev/no-such-line", baud: 9600, parity: .even, stopBits: 1),
            SerialSettings(path: "/dev/null", baud: 12345, parity: .none, stopBits: 1),
            SerialSettings(path: "/dev/null", baud: 9600, parity: .none, stopBits: 3),
        ] {
            do {
                _ = try ModbusRTULine(settings)
                Issue.record("opened \(settings)")
            } catch {
                #expect(error.description.contains(settings.path))
            }
        }
    }
}
