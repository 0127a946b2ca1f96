"""Systemd credentials: only the service has them; checks and reports do without. And what a scrape
sees of a rack."""

import os
import subprocess
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


if __name__ == "__main__":
    harness.main()
