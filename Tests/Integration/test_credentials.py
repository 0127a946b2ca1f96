"""Systemd credentials: only the service has them; checks and reports do without. What a scrape sees
of a rack. And what passes between the daemon and agents: traps, and the engines of version 3."""

import json
import os
import socket
import subprocess
import threading
import time
import unittest

import harness
from harness import run

SITE = """
site: {name: one, displayName: One rack, offset: "+08:00"}
defaults:
  interval: 1s
  timeout: 500ms
  rack: {rated: 8 kW}
  snmp: {version: 2c, community: "%s"}
halls:
  - {name: h1, rows: [{name: r01, racks: "k[01..02]"}]}
devices:
  - {name: pdu-a, profile: apc.rpdu2, address: "snmp://127.0.0.1:%d", place: h1-r01-k01, feed: A}
"""
RECORDING = os.path.join(harness.ROOT, "DeviceProfiles/recordings/apc.rpdu2/typical.snmprec")


class Credentials(unittest.TestCase):
    def setUp(self):
        space = harness.workspace()
        self.folder = space.__enter__()
        self.addCleanup(space.__exit__, None, None, None)
        self.site = os.path.join(self.folder, "site.yaml")

    def write(self, community, port=16100):
        with open(self.site, "w") as f:
            f.write(SITE % (community, port))

    def test_a_credential_is_not_needed_to_check_and_is_needed_to_serve(self):
        self.write("${cred:snmp-community}")
        plain = {"CREDENTIALS_DIRECTORY": ""}
        done = run("check", self.site, check=0, env=plain)
        self.assertIn("not read", done.stderr)
        self.assertIn("${cred:snmp-community}", done.stderr)
        served = run("serve", "--config", self.site, "--data", self.folder + "/d", "--socket",
                     self.folder + "/s", check=2, env=plain)
        self.assertIn("${cred:snmp-community}", served.stderr)
        self.assertFalse(os.path.exists(self.folder + "/d"))

    def test_where_credentials_are_given_a_missing_one_is_a_mistake(self):
        self.write("${cred:snmp-community}")
        given = {"CREDENTIALS_DIRECTORY": self.folder}
        self.assertIn("cannot be read", run("check", self.site, check=2, env=given).stderr)
        with open(os.path.join(self.folder, "snmp-community"), "w") as f:
            f.write("public\n")
        self.assertNotIn("not read", run("check", self.site, check=0, env=given).stderr)

    def test_a_scrape_has_the_power_of_each_rack_that_is_known(self):
        port = harness.free_port()
        agent = harness.Child(harness.BINARY, "simulate", "--port", port, RECORDING)
        self.addCleanup(agent.stop)
        harness.wait_for("the agent", lambda: "values" in agent.output(), child=agent)
        self.write("public", port)
        with harness.daemon(self.site, os.path.join(self.folder, "d")) as child:
            def lines():
                text = subprocess.run(
                    ["curl", "-s", "--unix-socket", child.socket, "http://localhost/metrics"],
                    capture_output=True, text=True, timeout=20).stdout
                return [line for line in text.splitlines() if line.startswith("frostline_rack_")]
            harness.wait_for("a rack", lambda: len(lines()) >= 2, child=child)
            # 3.72 kW of 8 kW, as the recording says; the second rack has no device, and no line.
            self.assertIn('frostline_rack_watts{place="h1-r01-k01"} 3720.0', lines())
            self.assertIn('frostline_rack_load_ratio{place="h1-r01-k01"} 0.465', lines())
            self.assertFalse([line for line in lines() if "k02" in line])


class Traps(unittest.TestCase):
    SITE = """
site: {name: traps, displayName: Traps, offset: "+08:00"}
defaults: {interval: 30s, timeout: 2s, snmp: {version: 2c, community: public}}
traps: {port: %d}
devices:
  - {name: pdu-a, profile: apc.rpdu2, address: "snmp://127.0.0.1:%d"}
"""

    def send(self, port, community):
        subprocess.run(
            ["snmptrap", "-v", "2c", "-c", community, "127.0.0.1:%d" % port, "",
             "1.3.6.1.6.3.1.1.5.1"], check=True, timeout=20, capture_output=True,
            env=dict(os.environ, MIBS=""))

    def test_a_trap_of_a_device_makes_it_be_asked_at_once(self):
        agent_port, trap_port = harness.free_ports(2, socket.SOCK_DGRAM)
        agent = harness.Child(harness.BINARY, "simulate", "--port", agent_port, RECORDING)
        self.addCleanup(agent.stop)
        harness.wait_for("the agent", lambda: "values" in agent.output(), child=agent)
        folder = self.enterContext(harness.workspace())
        path = os.path.join(folder, "site.yaml")
        with open(path, "w") as f:
            f.write(self.SITE % (trap_port, agent_port))
        with harness.daemon(path, os.path.join(folder, "d")) as child:
            def last():
                points = harness.ask_json(child.socket, "/api/v1/last?glob=pdu-a/*") or []
                return max((p.get("timeMS") or 0 for p in points), default=0)

            def counts():
                view = harness.ask_json(child.socket, "/api/v1/snapshot")["health"]["polling"]
                return view["traps"], view["trapPolls"], view["trapsIgnored"]
            harness.wait_for("the first poll", last, 40, child)
            first = last()
            # Of nobody who may ask for a poll.
            self.send(trap_port, "wrong")
            harness.wait_for("the trap is ignored", lambda: counts() == (1, 0, 1), 15, child)
            time.sleep(2)
            self.assertEqual(last(), first)
            sent = time.time()
            self.send(trap_port, "public")
            harness.wait_for("a poll", lambda: last() > first, 15, child)
            self.assertLess(last() / 1000 - sent, 10)
            # Not one that was due.
            harness.wait_for("it is counted", lambda: counts() == (2, 1, 1), 15, child)


class Relay:
    """Hands datagrams on to an agent, and counts those that ask for its engine."""

    def __init__(self, target):
        self.target = target
        self.discoveries = self.requests = 0
        self.front = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.front.bind(("127.0.0.1", 0))
        self.port = self.front.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as back:
            back.settimeout(2)
            while True:
                try:
                    data, sender = self.front.recvfrom(65536)
                except OSError:
                    return
                self.requests += 1
                self.discoveries += self.engine(data) == b""
                back.sendto(data, ("127.0.0.1", self.target))
                try:
                    self.front.sendto(back.recv(65536), sender)
                except OSError:
                    pass

    @staticmethod
    def engine(data):
        """msgAuthoritativeEngineID of an SNMPv3 message (RFC 3412, RFC 3414 section 2.4)."""
        def element(place):
            length, place = data[place + 1], place + 2
            if length & 0x80:
                count = length & 0x7F
                length, place = int.from_bytes(data[place:place + count], "big"), place + count
            return place, place + length
        inner, _ = element(0)
        _, after_version = element(inner)
        _, after_header = element(after_version)
        parameters, _ = element(after_header)
        start, end = element(element(parameters)[0])
        return data[start:end]

    def end(self):
        self.front.close()


class Engines(unittest.TestCase):
    SITE = """
site: {name: engines, displayName: Engines, offset: "+08:00"}
defaults:
  interval: 500ms
  timeout: 400ms
  retries: 2
  snmp:
    version: 3
    user: watcher
    auth: SHA-256
    authPassphrase: ${env:AUTH}
    privacy: AES
    privacyPassphrase: ${env:PRIVACY}
devices:
  - {name: probe, profile: hwg.ste2, address: "snmp://127.0.0.1:%d"}
"""
    AGENT = """agentaddress udp:127.0.0.1:%d
createUser watcher SHA-256 "auth phrase" AES "priv phrase"
rouser watcher priv
override 1.3.6.1.4.1.21796.4.9.3.1.1.1 integer 1
override 1.3.6.1.4.1.21796.4.9.3.1.2.1 octet_str "Sensor 1"
override 1.3.6.1.4.1.21796.4.9.3.1.3.1 integer 1
override 1.3.6.1.4.1.21796.4.9.3.1.4.1 octet_str "21.5"
override 1.3.6.1.4.1.21796.4.9.3.1.5.1 integer 215
override 1.3.6.1.4.1.21796.4.9.3.1.7.1 integer 1
"""

    def agent(self, folder):
        if not os.access("/usr/sbin/snmpd", os.X_OK):
            self.skipTest("skipped: snmpd is not installed")
        port = harness.free_port(socket.SOCK_DGRAM)
        with open(os.path.join(folder, "snmpd.conf"), "w") as f:
            f.write(self.AGENT % port)
        state = os.path.join(folder, "state")
        os.mkdir(state)
        child = harness.Child(
            "/usr/sbin/snmpd", "-f", "-Lo", "-C", "-c", os.path.join(folder, "snmpd.conf"),
            "-p", os.path.join(folder, "pid"),
            env={"MIBS": "", "SNMPCONFPATH": folder, "SNMP_PERSISTENT_DIR": state})
        self.addCleanup(child.kill)
        return port

    def test_what_is_known_of_an_engine_outlives_the_daemon(self):
        folder = self.enterContext(harness.workspace())
        relay = Relay(self.agent(folder))
        self.addCleanup(relay.end)
        path, data = os.path.join(folder, "site.yaml"), os.path.join(folder, "d")
        with open(path, "w") as f:
            f.write(self.SITE % relay.port)

        def run_until_answered():
            with harness.daemon(path, data, env={"AUTH": "auth phrase", "PRIVACY": "priv phrase"}
                                ) as child:
                def answered():
                    points = harness.ask_json(child.socket, "/api/v1/last?glob=probe/*") or []
                    return [p for p in points if p["quality"] == "good"]
                harness.wait_for("a reading", answered, 30, child)
        run_until_answered()
        self.assertGreaterEqual(relay.discoveries, 1)
        with open(os.path.join(data, "snmp-engines.json")) as f:
            self.assertIn("probe", json.load(f)["engines"])
        relay.discoveries = relay.requests = 0
        run_until_answered()
        self.assertEqual(relay.discoveries, 0)
        self.assertGreaterEqual(relay.requests, 1)


if __name__ == "__main__":
    harness.main()
