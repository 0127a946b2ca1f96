"""Devices that are mute, slow, wrong or hostile: the daemon stays up, says so, polls their neighbours
on time, and never stores a number that no device said."""

import datetime
import itertools
import json
import os
import socket
import struct
import threading
import time
import unittest

import harness
from devices import RawServer, frame, words

COLLECT_SECONDS = 20
INTERVAL_SECONDS = 1
FAULTS = ["mute", "slow", "garbage", "truncated", "wrong-id"]
# What the healthy ones measure, and what the raw servers say in answers that must not count.
TEMPERATURE, HUMIDITY = 215, 403
LIE = 777

STE2 = """1.3.6.1.2.1.1.1.0|4|STE2 r2
1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.21796.4.9
1.3.6.1.4.1.21796.4.9.3.1.1.1|2|1
1.3.6.1.4.1.21796.4.9.3.1.2.1|4|Sensor 1
1.3.6.1.4.1.21796.4.9.3.1.3.1|2|1
1.3.6.1.4.1.21796.4.9.3.1.4.1|4|21.5
1.3.6.1.4.1.21796.4.9.3.1.5.1|2|215
1.3.6.1.4.1.21796.4.9.3.1.6.1|4|260C46170E0C09F2
1.3.6.1.4.1.21796.4.9.3.1.7.1|2|1
1.3.6.1.4.1.21796.4.9.3.1.8.1|2|1
"""


def garbage(n, transaction, unit, pdu):
    yield bytes((n * 37 + i * 101) & 0xFF for i in range(64))


def half_frame(n, transaction, unit, pdu):
    """The rest never comes; the connection stays open."""
    yield frame(transaction, unit, words(LIE, LIE))[:9]


def other_transaction(n, transaction, unit, pdu):
    yield frame(transaction + 1 & 0xFFFF, unit, words(LIE, LIE))


def previous_transaction(n, transaction, unit, pdu):
    yield frame(transaction - 1 & 0xFFFF, unit, words(LIE, LIE))


def other_unit(n, transaction, unit, pdu):
    yield frame(transaction, unit + 1, words(LIE, LIE))


def other_function(n, transaction, unit, pdu):
    yield frame(transaction, unit, b"\x03" + words(LIE, LIE)[1:])


def too_few(n, transaction, unit, pdu):
    yield frame(transaction, unit, words(LIE))


def too_many(n, transaction, unit, pdu):
    yield frame(transaction, unit, words(LIE, LIE, LIE))


def lying_count(n, transaction, unit, pdu):
    yield frame(transaction, unit, b"\x04\xff" + struct.pack(">HH", LIE, LIE))


def lying_length(n, transaction, unit, pdu):
    yield frame(transaction, unit, words(LIE, LIE), length=0xFFFF)


def other_protocol(n, transaction, unit, pdu):
    yield frame(transaction, unit, words(LIE, LIE), protocol=0x4854)


def web_page(n, transaction, unit, pdu):
    yield b"HTTP/1.0 400 Bad Request\r\n\r\n<html>" + b"x" * 4096


def hangs_up(n, transaction, unit, pdu):
    yield None


def endless_bytes(n, transaction, unit, pdu):
    while True:
        yield b"\xAA" * 65536


def endless_frames(n, transaction, unit, pdu):
    """Whole frames, each an answer to a question nobody asked."""
    for number in itertools.count(transaction + 1):
        yield frame(number & 0xFFFF or 1, unit, words(LIE, LIE)) if number & 0xFFFF != transaction \
            else b""


def dripping(n, transaction, unit, pdu):
    """A byte at a time, slower than the time-out."""
    for byte in frame(transaction, unit, words(LIE, LIE)):
        time.sleep(0.3)
        yield bytes([byte])


def flaky(n, transaction, unit, pdu):
    """Five right answers, then five that are none; each right one says its number."""
    if (n - 1) // 5 % 2 == 0:
        yield frame(transaction, unit, words(100 + n, HUMIDITY))
    else:
        yield frame(transaction, unit, words(LIE, LIE), protocol=1)
        yield None


RAW = [garbage, half_frame, other_transaction, previous_transaction, other_unit, other_function,
       too_few, too_many, lying_count, lying_length, other_protocol, web_page, hangs_up,
       endless_bytes, endless_frames, dripping]


class RawAgent:
    """UDP: sends what `answer` makes of a request, for every request."""

    def __init__(self, answer):
        self.answer = answer
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.requests = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                request, client = self.socket.recvfrom(65535)
            except OSError:
                return
            if not request:
                return
            self.requests += 1
            for datagram in self.answer(request):
                try:
                    self.socket.sendto(datagram, client)
                except OSError:
                    pass

    def stop(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(b"", ("127.0.0.1", self.port))
        self.socket.close()


def ber(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else b"\x82" + struct.pack(">H", size)
    return bytes([tag]) + length + content


def oid(text):
    parts = [int(part) for part in text.split(".")]
    body = bytes([parts[0] * 40 + parts[1]])
    for part in parts[2:]:
        chunk = [part & 0x7F]
        while part > 0x7F:
            part >>= 7
            chunk.insert(0, part & 0x7F | 0x80)
        body += bytes(chunk)
    return ber(6, body)


def request_id(request):
    """Of a v2c message with the community `public`."""
    at = request.index(b"public") + 6
    at += 2 if request[at + 1] < 0x80 else 2 + (request[at + 1] & 0x7F)
    return request[at:at + 2 + request[at + 1]]


def response(request, binds):
    body = request_id(request) + b"\x02\x01\x00\x02\x01\x00" + ber(0x30, binds)
    return ber(0x30, b"\x02\x01\x01" + b"\x04\x06public" + ber(0xA2, body))


def flood(request):
    """A hundred datagrams of noise for each request."""
    return [os.urandom(200) for _ in range(100)]


def same_object(request):
    """A walk that never gets on: every answer is the same object."""
    bind = ber(0x30, oid("1.3.6.1.4.1.21796.4.9.3.1.5.1") + ber(2, struct.pack(">h", LIE)))
    return [response(request, bind)]


def backwards(request):
    """Objects in falling order, among them columns that were not asked for."""
    binds = b"".join(
        ber(0x30, oid("1.3.6.1.4.1.21796.4.9.3.1.%d.%d" % (column, row))
            + ber(2, struct.pack(">h", LIE)))
        for row in range(9, 0, -1) for column in (5, 3, 1))
    return [response(request, binds)]


def endless_numbers(request):
    """Numbers and OIDs of more bytes than there may be."""
    bind = ber(0x30, ber(6, b"\x2b" + b"\xff" * 400 + b"\x01") + ber(2, b"\x7f" * 40))
    return [response(request, bind)]


AGENTS = [flood, same_object, backwards, endless_numbers]


class BadDevices(unittest.TestCase):
    def test_nothing_wrong_is_stored_and_neighbours_are_on_time(self):
        with harness.workspace() as folder:
            self.images(folder)
            servers = {s.__name__.replace("_", "-"): RawServer(s) for s in RAW + [flaky]}
            agents = {a.__name__.replace("_", "-"): RawAgent(a) for a in AGENTS}
            base = harness.free_port()
            files = []
            for image in ("ste2.snmprec", "probe.csv"):
                path = os.path.join(folder, image)
                files += [path] + ["%s=%s" % (path, fault) for fault in FAULTS]
            own = harness.Child(harness.BINARY, "simulate", "--port", base, *files)
            try:
                harness.wait_for("the simulation serves",
                                 lambda: own.output().count("values") == len(files), 20, own)
                self.write_site(folder, base, servers, agents)
                self.collect(folder, servers)
            finally:
                own.kill()
                for server in list(servers.values()) + list(agents.values()):
                    server.stop()

    def images(self, folder):
        with open(os.path.join(folder, "ste2.snmprec"), "w") as f:
            f.write(STE2)
        with open(os.path.join(folder, "probe.csv"), "w") as f:
            f.write("table,address,value_hex\nir,1,%04X\nir,2,%04X\n" % (TEMPERATURE, HUMIDITY))

    def write_site(self, folder, base, servers, agents):
        lines = [
            "site: {name: bad, displayName: Bad, offset: \"+08:00\"}",
            "defaults: {interval: %ds, timeout: 400ms, retries: 1, "
            "snmp: {version: 2c, community: public}}" % INTERVAL_SECONDS,
            "devices:",
        ]

        def add(name, profile, address):
            lines.append("  - {name: %s, profile: %s, address: \"%s\"}" % (name, profile, address))
        for number, fault in enumerate([None] + FAULTS):
            name = "bad-%s-" + fault if fault else "healthy-%s"
            add(name % "snmp", "hwg.ste2", "snmp://127.0.0.1:%d" % (base + number))
            add(name % "modbus", "xymd02.probe",
                "modbus://127.0.0.1:%d/1" % (base + 1 + len(FAULTS) + number))
        for name, server in servers.items():
            name = name if name == "flaky" else "bad-raw-" + name
            add(name, "xymd02.probe", "modbus://127.0.0.1:%d/1" % server.port)
        for name, agent in agents.items():
            add("bad-raw-snmp-" + name, "hwg.ste2", "snmp://127.0.0.1:%d" % agent.port)
        add("bad-refused", "xymd02.probe", "modbus://127.0.0.1:%d/1" % harness.free_port())
        with open(os.path.join(folder, "site.yaml"), "w") as f:
            f.write("\n".join(lines) + "\n")

    def collect(self, folder, servers):
        path, data = os.path.join(folder, "site.yaml"), os.path.join(folder, "data")
        os.mkdir(data)
        with harness.daemon(path, data) as daemon:
            pid = daemon.process.pid
            time.sleep(COLLECT_SECONDS / 2)
            first = harness.run_json("status", "--socket", daemon.socket)
            time.sleep(COLLECT_SECONDS / 2)
            second = harness.run_json("status", "--socket", daemon.socket)
            live = harness.run_json("last", "*", "--live", "--socket", daemon.socket)
            with open("/proc/%d/status" % pid) as f:
                memory = int(next(x for x in f if x.startswith("VmRSS")).split()[1]) // 1024
            self.assertTrue(daemon.running, daemon.output()[-2000:])
            self.assertEqual(daemon.stop(), 0, daemon.output()[-2000:])
            self.assertLess(len(daemon.output()), 200_000, "the log grows with every bad answer")
        self.check_status(first, second)
        self.check_live(live)
        self.check_stored(path, data, servers)
        self.assertLess(memory, 400, "MiB resident")
        self.assertEqual(harness.run("store", "verify", "--data", data).returncode, 0)

    def check_status(self, first, second):
        before = {d["name"]: d for d in first["devices"]}
        wrong = []
        bad = 0
        for device in second["devices"]:
            name = device["name"]
            if name.startswith("bad-"):
                bad += 1
                if (device["failures"] <= before[name]["failures"]
                        or device["failures"] != device["polls"]
                        or device["state"] not in ("silent", "never")
                        or not device.get("lastFailure")):
                    wrong.append(device)
            elif name.startswith("healthy-") and (
                    device["failures"] or device["state"] != "answering"):
                wrong.append(device)
        self.assertEqual(wrong, [])
        self.assertEqual(second["health"]["store"], "ok")
        names = sorted({d["lastFailure"] for d in second["devices"] if d.get("lastFailure")})
        print("bad devices: %d bad in %d ways (%s), 2 healthy neighbours" % (
            bad, len(FAULTS) + len(RAW) + len(AGENTS) + 1, ", ".join(names)))

    def check_live(self, live):
        wrong = [p for p in live if p["device"].startswith("bad-") and p["quality"] != "absent"]
        self.assertEqual(wrong, [])
        good = {(p["device"], p["name"]): p["text"] for p in live if p["quality"] == "good"}
        self.assertEqual(good["healthy-modbus", "ambient.temperature"], "21.5")
        self.assertEqual(good["healthy-modbus", "ambient.humidity"], "40.3")
        self.assertEqual(good["healthy-snmp", "ambient.1.temperature"], "21.5")

    def check_stored(self, path, data, servers):
        text = harness.run("query", "*", "--from", "-10m", "--json", "--data", data,
                           "--config", path, check=0).stdout
        rows = [json.loads(line) for line in text.splitlines()]
        allowed = {"ambient.temperature": "21.5", "ambient.humidity": "40.3",
                   "ambient.1.temperature": "21.5", "ambient.1.state": "normal"}
        # Right answers of the flaky one: numbers 1…5, 11…15, … of its requests.
        said = {"%.1f" % ((100 + n) / 10) for n in range(1, servers["flaky"].requests + 1)
                if (n - 1) // 5 % 2 == 0}
        wrong, times = [], {}
        qualities = {}
        for row in rows:
            device, _, point = row["point"].partition("/")
            if device == "site":  # the daemon's own figures
                continue
            qualities.setdefault(device, set()).add(row["quality"])
            if row["quality"] == "absent":
                self.assertIsNone(row.get("value"), row)
                continue
            if device.startswith("healthy-"):
                ok = row["value"] == allowed[point] and row["quality"] == "good"
                times.setdefault(row["point"], []).append(row["time"])
            elif device == "flaky":
                ok = (row["value"] in said if point == "ambient.temperature"
                      else row["value"] == allowed[point]) and row["quality"] in ("good", "stale")
            else:
                ok = False
            if not ok:
                wrong.append(row)
        self.assertEqual(wrong[:5], [])
        self.assertEqual(qualities["flaky"], {"good", "stale"})
        self.check_times(times)
        print("bad devices: %d stored readings compared, none wrong" % len(rows))

    def check_times(self, times):
        self.assertEqual(len(times), 4)
        longest = 0
        for point, stamps in times.items():
            moments = [datetime.datetime.fromisoformat(s).timestamp() for s in stamps]
            self.assertGreaterEqual(len(moments), COLLECT_SECONDS // INTERVAL_SECONDS - 2, point)
            gaps = [b - a for a, b in zip(moments, moments[1:])]
            longest = max([longest] + gaps)
            self.assertGreater(min(gaps), INTERVAL_SECONDS * 0.4, point)
        # A neighbour that holds the line up would show as a missed second.
        self.assertLess(longest, INTERVAL_SECONDS * 1.9)
        print("bad devices: healthy neighbours polled every %d s, longest gap %.2f s"
              % (INTERVAL_SECONDS, longest))


class Probe(unittest.TestCase):
    def test_what_a_device_calls_itself_does_not_steer_the_terminal(self):
        with harness.workspace() as folder:
            path = os.path.join(folder, "evil.snmprec")
            name = "evil\x1b]0;owned\x07\x1b[2J"
            with open(path, "w") as f:
                f.write(STE2.replace("|4|STE2 r2", "|4x|" + name.encode().hex()))
            port = harness.free_port(socket.SOCK_DGRAM)
            own = harness.Child(harness.BINARY, "simulate", "--port", port, path)
            try:
                harness.wait_for("the agent", lambda: "evil.snmprec" in own.output(), 20, own)
                done = harness.run("probe", "127.0.0.1:%d" % port, check=0)
                self.assertIn("evil", done.stdout)
                self.assertNotIn("\x1b", done.stdout)
            finally:
                own.stop()


if __name__ == "__main__":
    harness.main()
