"""Modbus/TCP devices of a few lines, for tests that decide themselves what a device says."""

import socket
import struct
import threading
import time


def frame(transaction, unit, pdu, protocol=0, length=None):
    return struct.pack(">HHHB", transaction, protocol, length or len(pdu) + 1, unit) + pdu


def words(*values):
    """The answer to a read of input registers."""
    return bytes([4, 2 * len(values)]) + struct.pack(">%dH" % len(values), *values)


class RawServer:
    """Answers whatever a function says, as pieces of bytes, None to hang up; a thread a
    connection."""

    def __init__(self, answer, port=0):
        self.answer = answer
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        self.requests = 0
        self.stopping = False
        self.sockets = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.sockets.append(connection)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            while not self.stopping:
                head = self.take(connection, 7)
                transaction, _, length, unit = struct.unpack(">HHHB", head)
                pdu = self.take(connection, length - 1)
                self.requests += 1
                for piece in self.answer(self.requests, transaction, unit, pdu):
                    if piece is None:
                        connection.close()
                        return
                    connection.sendall(piece)
        except OSError:
            connection.close()

    @staticmethod
    def take(connection, count):
        data = b""
        while len(data) < count:
            part = connection.recv(count - len(data))
            if not part:
                raise OSError("closed")
            data += part
        return data

    def stop(self):
        self.stopping = True
        self.listener.close()
        for connection in self.sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()


class Probes(RawServer):
    """Temperature and humidity probes (`xymd02.probe`), a unit each: the temperature moves with
    every request, or is what the test has set."""

    def __init__(self):
        self.celsius = {}
        self.silent = set()
        super().__init__(self.say)

    def say(self, number, transaction, unit, pdu):
        if unit in self.silent:
            return
        tenths = self.celsius[unit] * 10 if unit in self.celsius else 150 + number % 70
        yield frame(transaction, unit, words(int(tenths) & 0xFFFF, 400 + unit))

    def site(self, units, interval="500ms", extra=""):
        """A site file with these units as `probe-N`."""
        lines = [
            "site: {name: probes, displayName: 探头, offset: \"+08:00\"}",
            "defaults: {interval: %s, timeout: 400ms, retries: 0}" % interval,
            "devices:",
        ]
        for unit in units:
            lines.append(
                "  - {name: probe-%d, displayName: %d号探头, profile: xymd02.probe, "
                "address: \"modbus://127.0.0.1:%d/%d\"}" % (unit, unit, self.port, unit))
        return "\n".join(lines) + "\n" + extra


HOT = """alarms:
  - name: hot
    points: probe-*/ambient.temperature
    above: 27 °C
    deadband: 1 °C
    priority: high
    cause: 冷通道送风不足
    consequence: 服务器过温
    action: 检查空调
"""


class Outlets(RawServer):
    """PDUs with 50 points, a unit each, behind one port: their power, and that of 49 outlets. Each
    is 100 W, or what the test has set: by unit and outlet, 0 for the PDU's own, or for a unit."""

    COUNT = 50
    PROFILE = """profile: test.outlets49
vendor: test
title: 49 outlets
classes: [pdu]
source: [no device at all]
modbus:
  table: input
  maximumRegisters: 64
  points:
    - {name: input.power, register: 0, type: uint16}
    - {name: "outlet.{n}.power", register: 1, type: uint16, repeat: {n: 1-49, step: 1}}
"""

    def __init__(self, units, prefix="pdu"):
        self.units, self.prefix = units, prefix
        self.watts = {}
        super().__init__(self.say)

    def name(self, unit):
        return "%s-%d" % (self.prefix, unit)

    def say(self, number, transaction, unit, pdu):
        _, first, count = struct.unpack(">BHH", pdu)
        yield frame(transaction, unit, words(*(
            self.watts.get((unit, outlet), self.watts.get(unit, 100))
            for outlet in range(first, first + count))))

    def lines(self):
        """The devices as items of the site file."""
        return "".join(
            "  - {name: %s, profile: test.outlets49, address: \"modbus://127.0.0.1:%d/%d\"}\n"
            % (self.name(unit), self.port, unit) for unit in range(1, self.units + 1))
