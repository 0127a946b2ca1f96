import CModbus
import Glibc

/// How a serial line is set. Modbus RTU has 8 data bits always.
package struct SerialSettings: Hashable, Sendable {
    package enum Parity: Sendable { case none, even, odd }
    /// `/dev/ttyUSB0`.
    package var path: String
    package var baud: Int
    package var parity: Parity
    /// 1 or 2.
    package var stopBits: Int
    package init(path: String, baud: Int, parity: Parity, stopBits: Int) {
        self.path = path
        self.baud = baud
        self.parity = parity
        self.stopBits = stopBits
    }

    /// What libmodbus knows; it would take 9,600 in silence for any other.
    package static let baudRates = [
        110, 300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800,
        500_000, 576_000, 921_600, 1_000_000,
    ]
}

/// The master of one serial line, over libmodbus. Every call blocks.
///
/// Answers on a serial line carry no transaction id: a late answer to one request looks like the
/// answer to the next one of the same unit, function and size. So after a request that was not
/// answered in time the owner calls `settle` before it asks for anything else.
// Used by one thread at a time, its owner's worker thread; the handle never leaves this object.
package final class ModbusRTULine: @unchecked Sendable {
    private let context: OpaquePointer
    private let path: String

    /// Opens the line. The corresponding C functions are `modbus_new_rtu` and `modbus_connect`.
    package init(_ settings: SerialSettings) throws(ModbusError) {
        guard SerialSettings.baudRates.contains(settings.baud), (1...2).contains(settings.stopBits)
        else {
            throw ModbusError(
                .unusable(
                    "\(settings.baud) baud with \(settings.stopBits) stop bits is not possible; "
                        + "use one of \(SerialSettings.baudRates) and 1 or 2"),
                operation: "open", subject: settings.path)
        }
        let parity: UInt8 =
            switch settings.parity {
            case .none: UInt8(ascii: "N")
            case .even: UInt8(ascii: "E")
            case .odd: UInt8(ascii: "O")
            }
        guard
            let context = modbus_new_rtu(
                settings.path, Int32(settings.baud), CChar(parity), 8, Int32(settings.stopBits))
        else {
            throw ModbusError(.system(errno), operation: "open", subject: settings.path)
        }
        guard modbus_connect(context) == 0 else {
            let code = errno
            modbus_free(context)
            throw ModbusError(.system(code), operation: "open", subject: settings.path)
        }
        // libmodbus waits with select, which ends the process at such a descriptor.
        guard modbus_get_socket(context) < FD_SETSIZE else {
            modbus_close(context)
            modbus_free(context)
            throw ModbusError(
                .unusable("more than \(FD_SETSIZE) files are open; raise the limit of open files"),
                operation: "open", subject: settings.path)
        }
        self.context = context
        path = settings.path
    }

    deinit {
        modbus_close(context)
        modbus_free(context)
    }

    /// Asks once. Bits come as 0 or 1. The corresponding C functions are `modbus_read_registers`,
    /// `modbus_read_input_registers`, `modbus_read_bits` and `modbus_read_input_bits`.
    package func read(
        _ request: ReadRequest, timeoutMilliseconds: Int64
    ) throws(ModbusError) -> [UInt16] {
        precondition(request.isAllowed, "BUG: a read beyond what Modbus allows; got \(request)")
        let timeout = UInt32(clamping: max(1, timeoutMilliseconds))
        modbus_set_response_timeout(context, timeout / 1000, timeout % 1000 * 1000)
        guard modbus_set_slave(context, Int32(request.unit)) == 0 else {
            throw ModbusError(
                .unusable("unit \(request.unit) cannot be asked; use 1 to 247"), operation: "read",
                subject: path)
        }
        let start = Int32(request.start)
        let count = Int32(request.count)
        var words = [UInt16](repeating: 0, count: Int(count))
        var bits = [UInt8](repeating: 0, count: request.function.isBits ? Int(count) : 0)
        errno = 0
        let result =
            switch request.function {
            case .readCoils: modbus_read_bits(context, start, count, &bits)
            case .readDiscreteInputs: modbus_read_input_bits(context, start, count, &bits)
            case .readHoldingRegisters: modbus_read_registers(context, start, count, &words)
            case .readInputRegisters: modbus_read_input_registers(context, start, count, &words)
            }
        let code = errno
        guard result >= 0 else {
            throw ModbusError(Self.code(code), operation: "read", subject: path)
        }
        guard result == count else {
            throw ModbusError(
                .badReply("\(result) values in answer to a request for \(count)"),
                operation: "read", subject: path)
        }
        return request.function.isBits ? bits.map(UInt16.init) : words
    }

    /// Waits until late answers must have come, and throws them away. The corresponding C function
    /// is `modbus_flush`.
    package func settle(milliseconds: Int64) {
        // Asleep in one piece: nothing interrupts this thread, signals are blocked.
        if milliseconds > 0 { usleep(UInt32(clamping: milliseconds * 1000)) }
        modbus_flush(context)
    }

    /// libmodbus numbers its own errors from MODBUS_ENOBASE: first the device's exceptions by their
    /// code, then EMBBADCRC and the others, whose macros Swift does not see (modbus.h).
    private static func code(_ number: Int32) -> ModbusError.Code {
        if number == ETIMEDOUT { return .timeout }
        switch number - Int32(MODBUS_ENOBASE) {
        case let offset where (1...11).contains(offset): return .exception(UInt8(offset))
        case 12: return .badReply("wrong CRC")
        case 13: return .badReply("not an answer to the request")
        case 14, 15: return .badReply("malformed exception")
        case 16: return .badReply("too many values")
        case 17: return .badReply("another unit answered")
        default: return .system(number)
        }
    }
}
