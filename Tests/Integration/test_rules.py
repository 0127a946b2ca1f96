"""Alarm rules while the daemon runs: read again, refused, and run over stored readings."""

import json
import os
import signal
import unittest

import harness
from devices import Probes

ID = "hot:probe-1/ambient.temperature"
RULE = """alarms:
  - name: hot
    points: probe-*/ambient.temperature
    above: %s
    deadband: 1
    priority: high
    cause: c
    consequence: q
    action: a
"""
TWICE = RULE % 30 + """  - name: damp-and-warm
    devices: probe-*
    when: ambient.temperature > %s
    priority: low
    cause: c
    consequence: q
    action: a
"""


class Rules(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.probes = Probes()
        self.addCleanup(self.probes.stop)
        self.probes.celsius = {1: 20, 2: 20}
        self.path = os.path.join(self.folder, "site.yaml")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        self.write(RULE % 30)

    def write(self, rules):
        with open(self.path, "w") as f:
            f.write(self.probes.site([1, 2], extra=rules))

    def active(self, daemon):
        return {a["id"] for a in harness.run_json("alarms", "list", "--socket", daemon.socket)
                if a["state"] in ("UNACK", "ACKED")}

    def reload(self, daemon, says):
        daemon.process.send_signal(signal.SIGHUP)
        harness.wait_for("the log says `%s`" % says, lambda: says in daemon.output(),
                         child=daemon)

    def test_rules_are_read_again_and_a_broken_file_leaves_the_old_ones(self):
        with harness.daemon(self.path, self.data) as daemon:
            self.probes.celsius[1] = 35
            harness.wait_for("the alarm comes", lambda: ID in self.active(daemon), child=daemon)
            # Broken: the old rule goes on, and the log says where the mistake is.
            self.write(RULE % "30 A")
            self.reload(daemon, "the old ones stay")
            self.assertIn("the limit is in A", daemon.output())
            self.assertIn("site.yaml:", daemon.output())
            self.assertIn(ID, self.active(daemon))
            # More than rules: refused too.
            with open(self.path, "w") as f:
                f.write(self.probes.site([1], extra=RULE % 30))
            self.reload(daemon, "devices have changed too")
            self.assertIn(ID, self.active(daemon))
            # A rule more: the alarm goes on, the new one comes by itself.
            self.write(TWICE % 30)
            self.reload(daemon, "alarm rules are in force")
            harness.wait_for("the new rule rings", lambda: self.active(daemon) == {
                ID, "damp-and-warm:probe-1"}, child=daemon)
            # Without its rule an alarm ends.
            self.write("alarms: []\n")
            daemon.process.send_signal(signal.SIGHUP)
            harness.wait_for("all have ended", lambda: not self.active(daemon), child=daemon)

    def test_a_backtest_finds_what_the_daemon_found(self):
        with harness.daemon(self.path, self.data) as daemon:
            for _ in range(2):
                self.probes.celsius[1] = 35
                harness.wait_for("it comes", lambda: ID in self.active(daemon), child=daemon)
                self.probes.celsius[1] = 20
                harness.wait_for("it goes", lambda: ID not in self.active(daemon), child=daemon)
        lines = harness.run("alarms", "history", "--json", "--data", self.data, "--config",
                            self.path, check=0).stdout.splitlines()
        journal = [json.loads(line) for line in lines]
        began = [e["time"] for e in journal if e["id"] == ID and e["state"] == "UNACK"]
        ended = [e["time"] for e in journal if e["id"] == ID and e["state"] == "RTNUN"]
        self.assertEqual((len(began), len(ended)), (2, 2))
        rules = os.path.join(self.folder, "rules.yaml")
        with open(rules, "w") as f:
            f.write(TWICE % 30)
        found = harness.run_json("alarms", "backtest", rules, "--from", "-1h", "--data",
                                 self.data, "--config", self.path)
        mine = [e for e in found["episodes"] if e["id"] == ID]
        self.assertEqual([e["start"] for e in mine], began)
        self.assertEqual([e["end"] for e in mine], ended)
        self.assertEqual([e["id"] for e in found["gained"]], ["damp-and-warm:probe-1"] * 2)
        self.assertEqual((found["lost"], found["changed"], found["same"]), ([], [], 2))
        text = harness.run("alarms", "backtest", rules, "--from", "-1h", "--data", self.data,
                           "--config", self.path, check=0).stdout
        self.assertIn("2 gained, 0 lost, 0 changed, 2 the same", text)
        with open(rules, "w") as f:
            f.write(TWICE % "30 A")
        refused = harness.run("alarms", "backtest", rules, "--data", self.data, "--config",
                              self.path, check=2)
        self.assertIn("rules.yaml:12:", refused.stderr)


if __name__ == "__main__":
    harness.main()
