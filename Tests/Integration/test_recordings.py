"""Recordings of real devices, served by snmpsim and by `frostline simulate`, collected by a real
daemon and compared with what an independent program reads in the same recordings."""

import csv
import os
import shutil
import socket
import time
import unittest

import harness

# A recording, the profile a person would choose for it, and its kind.
DEVICES = [
    ("apc_ap8853", "apc.rpdu2", "pdu"),
    ("apc_ap8959eu3", "apc.rpdu2", "pdu"),
    ("raritan-pdu_px2", "raritan.px", "pdu"),
    ("raritan-pdu_px3", "raritan.px", "pdu"),
    ("generex-ups_cs121", "rfc1628.ups", "ups"),
    ("generex-ups_cs141", "rfc1628.ups", "ups"),
    ("netmanplus_204", "rfc1628.ups", "ups"),
    ("netvision-rfc", "rfc1628.ups", "ups"),
    ("deltaups_mini-snmp", "delta.minisnmp", "ups"),
    ("apc_smart1500", "apc.smartups", "ups"),
    ("apc_smt750x-nmc2", "apc.smartups", "ups"),
    ("apc_smx750", "apc.smartups", "ups"),
    ("apc_sua750i", "apc.smartups", "ups"),
    ("apc_symmetralx", "apc.smartups", "ups"),
    ("eatonups", "eaton.xups", "ups"),
    ("apc-inrow", "apc.inrow", "cooling"),
    ("dantherm-os", "dantherm.freecooling", "cooling"),
    ("stulz_wib8000", "stulz.wib8000", "cooling"),
    ("hwg-ste2", "hwg.ste2", "environment"),
    ("hwg-poseidon", "hwg.poseidon", "environment"),
    ("akcp_serverprobe8", "akcp.sensorprobe", "environment"),
    ("avtech_roomalert12e", "avtech.roomalert12e", "environment"),
]

# Units as the other program prints them, in ours.
FACTORS = {"kWh": 1000, "min": 60, "kPa": 1000, "kVA": 1000, "cfm": 0.3048 ** 3 * 60, "": 1,
           "A": 1, "V": 1, "W": 1, "Hz": 1, "C": 1, "%": 1, "l/min": 1, "RPM": 1, "VA": 1, "s": 1}

COLLECT_SECONDS = float(os.environ.get("FROSTLINE_COLLECT_SECONDS", "60"))
INTERVAL_SECONDS = 5
# Fewer would mean that points are no longer found, not that they agree.
MINIMUM_POINTS = 500


def expected_values():
    result = {}
    path = harness.shared("recordings", "snmp", "expected_all.csv")
    with open(path, newline="") as f:
        for row in csv.DictReader(f):
            if not row["suspect"]:
                result.setdefault(row["device_file"], {})[row["sensor_oid"]] = row
    return result


def tolerance(printed, factor, text):
    """Half a unit of the last digit printed, or of our own last digit where that is coarser."""
    def last_digit(number):
        return 10.0 ** -len(number.partition(".")[2])
    ours = last_digit(text) if text else 1.0
    if "." in printed:
        return max(last_digit(printed) * factor, ours) / 2 + 1e-9
    return ours / 2 + 1e-9


def compare(stem, points, rows):
    """Points compared, and differences in words."""
    compared, differences = 0, []
    for point in points:
        row = rows.get(point["origin"])
        if row is None or point["quality"] == "absent":
            continue
        try:
            theirs = float(row["value"])
        except ValueError:
            continue
        factor = FACTORS.get(row["unit"])
        if factor is None:
            continue
        compared += 1
        wanted = theirs * factor
        text = "" if point["kind"] == "state" else point["text"] or ""
        if (point["quality"] != "good" or point.get("value") is None
                or abs(point["value"] - wanted) > tolerance(row["value"], factor, text)):
            differences.append("%s %s %s: %s %s, expected %s %s" % (
                stem, point["name"], point["origin"], point.get("text"), point["quality"],
                row["value"], row["unit"]))
    return compared, differences


def site_file(peer_ports, own_port):
    lines = [
        "site: {name: recordings, displayName: Recordings, offset: \"+08:00\"}",
        "defaults: {interval: %ds, timeout: 2s, retries: 1, "
        "snmp: {version: 2c, community: public}}" % INTERVAL_SECONDS,
        "credentials:",
    ]
    for number, _ in enumerate(DEVICES):
        lines.append("  peer-%02d: {version: 2c, community: \"${env:PEER_%02d}\"}"
                     % (number, number))
    lines.append("devices:")
    for number, (_, profile, _) in enumerate(DEVICES):
        # snmpsim tells its devices apart by community, we by address: it gets a port for each.
        lines.append(
            "  - {name: peer-%02d, profile: %s, address: \"snmp://127.0.0.1:%d\", "
            "credentials: peer-%02d}" % (number, profile, peer_ports[number], number))
        lines.append("  - {name: own-%02d, profile: %s, address: \"snmp://127.0.0.1:%d\"}"
                     % (number, profile, own_port + number))
    return "\n".join(lines) + "\n"


def start_snmpsim(folder, ports):
    program = os.path.join(harness.PEERS, "snmpsim-command-responder")
    if not os.path.exists(program):
        raise unittest.SkipTest("skipped: snmpsim is not installed (make peers)")
    data, cache = os.path.join(folder, "recordings"), os.path.join(folder, "cache")
    os.mkdir(data)
    os.mkdir(cache)
    for stem, _, _ in DEVICES:
        shutil.copy(harness.shared("recordings", "snmp", "snmprec", stem + ".snmprec"), data)
    command = [program, "--data-dir=" + data, "--cache-dir=" + cache, "--logging-method=stderr",
               "--log-level=error"]
    command += ["--agent-udpv4-endpoint=127.0.0.1:%d" % p for p in ports]
    env = {}
    if os.geteuid() == 0 and all(map(open_to_all, (program, os.__file__))):
        command += ["--process-user=nobody", "--process-group=nogroup"]
        os.chmod(folder, 0o755)
        os.chmod(cache, 0o777)
    elif os.geteuid() == 0:
        # Nobody may not read this Python; the recordings are our own and the port is loopback's.
        env["SNMPSIM_ALLOW_ROOT"] = "true"
    return harness.Child(*command, env=env)


def open_to_all(path):
    """Whether another user can reach a file."""
    path = os.path.realpath(path)
    while path != "/":
        if not os.stat(path).st_mode & (1 if os.path.isdir(path) else 4):
            return False
        path = os.path.dirname(path)
    return True


def answers(port, community):
    """Asks one GET of sysDescr, written byte by byte."""
    name = community.encode()
    bind = bytes.fromhex("300c06082b06010201010100") + b"\x05\x00"
    bind = b"\x30" + bytes([len(bind) - 2]) + bind[2:]
    body = b"\x02\x01\x07\x02\x01\x00\x02\x01\x00\x30" + bytes([len(bind)]) + bind
    message = (b"\x02\x01\x01\x04" + bytes([len(name)]) + name
               + b"\xa0" + bytes([len(body)]) + body)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(1)
        s.sendto(b"\x30" + bytes([len(message)]) + message, ("127.0.0.1", port))
        try:
            return bool(s.recvfrom(4096))
        except OSError:
            return False


def consecutive_ports(count):
    """A run of ports free for UDP, to be used at once."""
    for base in range(20_000 + os.getpid() % 20_000, 60_000, count):
        sockets = []
        try:
            for number in range(count):
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                sockets.append(s)
                s.bind(("127.0.0.1", base + number))
            return base
        except OSError:
            continue
        finally:
            for s in sockets:
                s.close()
    raise AssertionError("no run of %d free ports" % count)


class Recordings(unittest.TestCase):
    def test_readings_are_what_others_read(self):
        rows = expected_values()
        with harness.workspace() as folder:
            peer_ports = harness.free_ports(len(DEVICES), socket.SOCK_DGRAM)
            own_port = consecutive_ports(len(DEVICES))
            children = []
            try:
                children.append(start_snmpsim(folder, peer_ports))
                children.append(harness.Child(
                    harness.BINARY, "simulate", "--port", own_port,
                    *(harness.shared("recordings", "snmp", "snmprec", stem + ".snmprec")
                      for stem, _, _ in DEVICES)))
                harness.wait_for("snmpsim answers",
                                 lambda: answers(peer_ports[-1], DEVICES[-1][0]), 60, children[0])
                harness.wait_for("frostline simulate answers",
                                 lambda: answers(own_port + len(DEVICES) - 1, "public"), 20,
                                 children[1])
                self.collect(folder, peer_ports, own_port, rows)
            finally:
                for child in children:
                    child.kill()

    def collect(self, folder, peer_ports, own_port, rows):
        path, data = os.path.join(folder, "site.yaml"), os.path.join(folder, "data")
        os.mkdir(data)
        with open(path, "w") as f:
            f.write(site_file(peer_ports, own_port))
        communities = {"PEER_%02d" % n: stem for n, (stem, _, _) in enumerate(DEVICES)}
        with harness.daemon(path, data, env=communities) as daemon:
            started = time.monotonic()
            remaining = COLLECT_SECONDS - (time.monotonic() - started)
            time.sleep(max(remaining, 3 * INTERVAL_SECONDS))
            live = harness.run_json("last", "*", "--live", "--socket", daemon.socket)
            status = harness.run_json("status", "--socket", daemon.socket)
            elapsed = time.monotonic() - started
            self.assertEqual(daemon.stop(), 0, daemon.output()[-2000:])
        stored = harness.run_json("last", "*", "--data", data, "--config", path)
        self.check_polls(status, elapsed)
        self.check_values(live, rows)
        self.check_stored(live, stored)
        verify = harness.run("store", "verify", "--data", data)
        self.assertEqual(verify.returncode, 0, verify.stdout + verify.stderr)

    def check_polls(self, status, elapsed):
        silent = ["%s: %s after %d polls, %d failed (%s)" % (
            d["name"], d["state"], d["polls"], d["failures"], d.get("lastFailure"))
            for d in status["devices"]
            if d["state"] != "answering" or d["failures"] > 0]
        self.assertEqual(silent, [])
        fewest = min(d["polls"] for d in status["devices"])
        most = max(d["polls"] for d in status["devices"])
        print("recordings: %d devices polled %d to %d times in %.0f s, none failed"
              % (len(status["devices"]), fewest, most, elapsed))
        self.assertGreaterEqual(fewest, int(elapsed / INTERVAL_SECONDS) - 2)
        self.assertLessEqual(most, int(elapsed / INTERVAL_SECONDS) + 2)

    def check_values(self, live, rows):
        by_device = {}
        for point in live:
            by_device.setdefault(point["device"], []).append(point)
        for server in ("peer", "own"):
            compared, differences, kinds = 0, [], {}
            for number, (stem, profile, kind) in enumerate(DEVICES):
                count, found = compare(
                    server + " " + stem, by_device.get("%s-%02d" % (server, number), []),
                    rows[stem + ".snmprec"])
                self.assertGreater(count, 0, "%s %s: nothing to compare" % (server, stem))
                compared += count
                differences += found
                kinds.setdefault(kind, set()).add(profile)
            print("recordings served by %s: %d devices, %d points compared, %d differences"
                  % ("snmpsim" if server == "peer" else "frostline simulate", len(DEVICES),
                     compared, len(differences)))
            self.assertEqual(differences, [])
            self.assertGreaterEqual(compared, MINIMUM_POINTS)
            for kind, families in kinds.items():
                self.assertGreaterEqual(len(families), 2, kind)

    def check_stored(self, live, stored):
        """What the API shows and what lies on the disk are the same readings."""
        # The daemon's own figures are stored once a while.
        live = [p for p in live if p["device"] != "site"]
        disk = {(p["device"], p["name"]): p for p in stored if p["device"] != "site"}
        self.assertEqual(len(disk), len(live))
        wrong = []
        for point in live:
            kept = disk.get((point["device"], point["name"]))
            if kept is None or kept["quality"] != point["quality"]:
                wrong.append("%s/%s" % (point["device"], point["name"]))
            elif point["quality"] in ("good", "bad") and kept.get("text") != point.get("text"):
                # Time ticks of a recording do not move; only what does may differ.
                wrong.append("%s/%s: %s live, %s stored" % (
                    point["device"], point["name"], point["text"], kept["text"]))
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    harness.main()
