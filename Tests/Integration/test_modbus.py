"""The same register images served by pymodbus and by `frostline simulate`: the same readings, equal
to what another program reads in them; a missing unit is absent and disturbs nobody."""

import asyncio
import csv
import logging
import os
import struct
import threading
import unittest

import harness

try:
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice
except ImportError:
    ModbusTcpServer = None

# It prints the traffic of every refused request.
logging.getLogger("pymodbus_internal").setLevel(logging.CRITICAL + 1)
logging.getLogger("pymodbus").setLevel(logging.CRITICAL + 1)

SUNSPEC = "sunspec_sma_sb3.6_2025"
# Fields of SunSpec models 101 to 103 and the points they are.
SUNSPEC_POINTS = {
    "A": "output.current", "AphA": "output.l1.current", "AphB": "output.l2.current",
    "AphC": "output.l3.current", "PPVphAB": "output.l1-l2.voltage",
    "PPVphBC": "output.l2-l3.voltage", "PPVphCA": "output.l3-l1.voltage",
    "PhVphA": "output.l1.voltage", "PhVphB": "output.l2.voltage",
    "PhVphC": "output.l3.voltage", "W": "output.power", "Hz": "output.frequency",
    "VA": "output.apparent.power", "VAr": "output.reactive.power", "WH": "output.energy",
    "DCA": "dc.current", "DCV": "dc.voltage", "DCW": "dc.power",
    "TmpCab": "device.temperature",
}

# Input registers of an SDM630 by the manual: register, value, point, value in the point's unit.
METER = [
    (0, 231.2, "input.l1.voltage", 231.2), (2, 229.9, "input.l2.voltage", 229.9),
    (4, 230.4, "input.l3.voltage", 230.4), (6, 12.5, "input.l1.current", 12.5),
    (8, 11.25, "input.l2.current", 11.25), (10, 13.75, "input.l3.current", 13.75),
    (12, 2801.5, "input.l1.power", 2801.5), (14, 2500.25, "input.l2.power", 2500.25),
    (16, 3100.5, "input.l3.power", 3100.5), (30, 0.98, "input.l1.power.factor", 0.98),
    (42, 230.5, "input.voltage", 230.5), (52, 8402.25, "input.power", 8402.25),
    (62, -0.97, "input.power.factor", -0.97), (70, 49.98, "input.frequency", 49.98),
    # Energy in kWh on the wire, in Wh as a reading; exact in 24 bits.
    (72, 1234.5, "input.energy", 1_234_500), (74, 0.5, "input.energy.export", 500),
    (84, 8000.0, "input.demand", 8000.0), (200, 400.1, "input.l1-l2.voltage", 400.1),
    (224, 0.25, "input.neutral.current", 0.25), (248, 1.5, "input.voltage.thd", 1.5),
]
PROBE = {1: (-123) & 0xFFFF, 2: 456}


def meter_registers():
    registers = {address: 0 for address in range(0, 100)}
    registers.update({address: 0 for address in range(200, 280)})
    for address, value, _, _ in METER:
        registers[address], registers[address + 1] = struct.unpack(">HH", struct.pack(">f", value))
    return registers


def write_image(path, table, registers):
    with open(path, "w") as f:
        f.write("table,address,value_hex\n")
        for address in sorted(registers):
            f.write("%s,%d,%04X\n" % (table, address, registers[address]))


def read_image(path):
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f))
    assert {row["table"] for row in rows} == {"hr"}
    return {int(row["address"]): int(row["value_hex"], 16) for row in rows}


class PeerServer:
    """pymodbus's server on a thread of its own; registers not named are refused."""

    def __init__(self, units):
        """`units`: unit number to (table, registers)."""
        self.units = units
        self.port = harness.free_port()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        assert self.ready.wait(20), "pymodbus did not start"

    @staticmethod
    def blocks(registers):
        """Neighbouring registers as one block each."""
        result, start, values = [], None, []
        for address in sorted(registers):
            if start is not None and address != start + len(values):
                result.append(SimData(start, values=values, datatype=DataType.REGISTERS))
                start = None
            if start is None:
                start, values = address, []
            values.append(registers[address])
        result.append(SimData(start, values=values, datatype=DataType.REGISTERS))
        return result

    def run(self):
        devices = []
        for unit, (table, registers) in self.units.items():
            blocks = self.blocks(registers)
            empty = [SimData(0, values=0, datatype=DataType.REGISTERS)]
            bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
            hr, ir = (blocks, empty) if table == "hr" else (empty, blocks)
            devices.append(SimDevice(unit, simdata=(bits, list(bits), hr, ir)))

        async def serve():
            self.stopped = asyncio.Event()
            self.loop = asyncio.get_running_loop()
            server = ModbusTcpServer(devices, address=("127.0.0.1", self.port))
            await server.serve_forever(background=True)
            self.ready.set()
            await self.stopped.wait()
            await server.shutdown()

        asyncio.run(serve())

    def stop(self):
        self.loop.call_soon_threadsafe(self.stopped.set)
        self.thread.join(20)


def site_file(units):
    lines = [
        "site: {name: registers, displayName: Registers, offset: \"+08:00\"}",
        "defaults: {interval: 1s, timeout: 500ms, retries: 0}",
        "devices:",
    ]
    for name, profile, address in units:
        lines.append("  - {name: %s, profile: %s, address: \"modbus://127.0.0.1:%s\"}"
                     % (name, profile, address))
    return "\n".join(lines) + "\n"


@unittest.skipUnless(ModbusTcpServer, "skipped: pymodbus is not installed (make peers)")
class Modbus(unittest.TestCase):
    def collect(self, folder, units, seconds=6):
        path, data = os.path.join(folder, "site.yaml"), os.path.join(folder, "data")
        os.makedirs(data, exist_ok=True)
        with open(path, "w") as f:
            f.write(site_file(units))
        with harness.daemon(path, data) as daemon:
            names = [name for name, _, _ in units]

            def polled():
                answer = harness.run_json("status", "--socket", daemon.socket)
                return all(d["polls"] >= seconds for d in answer["devices"]
                           if d["name"] in names)
            harness.wait_for("%d polls" % seconds, polled, 30, daemon)
            live = harness.run_json("last", "*", "--live", "--socket", daemon.socket)
            status = harness.run_json("status", "--socket", daemon.socket)
            self.assertEqual(daemon.stop(), 0)
        points = {}
        for point in live:
            points.setdefault(point["device"], {})[point["name"]] = point
        return points, {d["name"]: d for d in status["devices"]}

    @staticmethod
    def readings(points):
        return {name: (p.get("text"), p["unit"], p["quality"], p["origin"])
                for name, p in points.items()}

    def check_meter(self, points):
        for register, _, name, wanted in METER:
            point = points[name]
            self.assertEqual(point["quality"], "good", name)
            self.assertEqual(point["origin"], "input %d float32" % register)
            # A float32 has 24 bits; a reading keeps three decimals or fewer.
            self.assertAlmostEqual(
                point["value"], wanted, delta=max(abs(wanted) * 2 ** -23, 0.0005) + 0.05
                * (name.endswith("power") or "demand" in name), msg=name)
        return len(METER)

    def check_sunspec(self, points, path):
        compared = 0
        with open(path, newline="") as f:
            for row in csv.DictReader(f):
                name = SUNSPEC_POINTS.get(row["field"])
                if name is None or row["block"] not in ("Model 101", "Model 102", "Model 103"):
                    continue
                point = points.get(name)
                if row["available"] == "0":
                    self.assertNotEqual(point and point["quality"], "good", name)
                    continue
                self.assertEqual(point["quality"], "good", name)
                self.assertAlmostEqual(point["value"], float(row["expected"]), 6, name)
                compared += 1
        self.assertEqual(points["system.state"]["text"], "mppt")
        return compared + 1

    def test_three_images_from_two_servers(self):
        image = harness.shared("recordings", "modbus", "images", SUNSPEC + ".csv")
        expected = harness.shared("recordings", "modbus", "images", SUNSPEC + ".expected.csv")
        with harness.workspace() as folder:
            meter = os.path.join(folder, "meter.csv")
            probe = os.path.join(folder, "probe.csv")
            write_image(meter, "ir", meter_registers())
            write_image(probe, "ir", PROBE)
            peer = PeerServer({
                1: ("ir", meter_registers()), 2: ("ir", PROBE), 126: ("hr", read_image(image))})
            base = harness.free_port()
            own = harness.Child(harness.BINARY, "simulate", "--port", base, meter, probe, image)
            try:
                harness.wait_for(
                    "frostline simulate serves", lambda: SUNSPEC in own.output(), 20, own)
                points, status = self.collect(folder, [
                    ("peer-meter", "eastron.sdm630", "%d/1" % peer.port),
                    ("peer-probe", "xymd02.probe", "%d/2" % peer.port),
                    ("peer-pv", "sunspec.inverter", "%d/126" % peer.port),
                    ("peer-none", "xymd02.probe", "%d/77" % peer.port),
                    ("own-meter", "eastron.sdm630", "%d/1" % base),
                    ("own-probe", "xymd02.probe", "%d/1" % (base + 1)),
                    ("own-pv", "sunspec.inverter", "%d/126" % (base + 2)),
                ])
            finally:
                own.kill()
                peer.stop()
            compared = 0
            for server in ("peer", "own"):
                compared += self.check_meter(points[server + "-meter"])
                compared += self.check_sunspec(points[server + "-pv"], expected)
                probe = points[server + "-probe"]
                self.assertEqual(probe["ambient.temperature"]["text"], "-12.3")
                self.assertEqual(probe["ambient.humidity"]["text"], "45.6")
                compared += 2
            for device in ("meter", "probe", "pv"):
                self.assertEqual(self.readings(points["peer-" + device]),
                                 self.readings(points["own-" + device]), device)
                for server in ("peer", "own"):
                    self.assertEqual(status["%s-%s" % (server, device)]["failures"], 0, device)
            self.check_missing_unit(points, status)
            print("modbus: 3 images, 2 servers, %d points compared, 0 differences" % compared)

    def check_missing_unit(self, points, status):
        """Behind the same host as three units that are there."""
        self.assertEqual(
            [p for p in points.get("peer-none", {}).values() if p["quality"] != "absent"], [])
        none = status["peer-none"]
        self.assertIn(none["state"], ("never", "silent"))
        self.assertEqual(none["failures"], none["polls"])
        self.assertIsNotNone(none["lastFailure"])
        print("modbus: the missing unit is `%s`, %d of %d polls failed (%s)" % (
            none["state"], none["failures"], none["polls"], none["lastFailure"]))


if __name__ == "__main__":
    harness.main()
