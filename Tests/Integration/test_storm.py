"""A storm: 10,000 alarms within a minute, from the devices to the receivers."""

import datetime
import json
import os
import time
import unittest

import harness
from devices import Outlets
from receivers import Receiver, Robot

UNITS, GATEWAYS = 40, 5
LIMIT = 18
# Of a minute, and of seconds that a loaded machine may take in place of the 5 that are promised.
WINDOW, PATIENCE = 60, 20
SITE = """site: {name: storm, displayName: 风暴, offset: "+08:00"}
defaults: {interval: 10s, timeout: 2s, retries: 1}
alarms:
  - name: heavy
    points: pdu-*/*.power
    above: 500 W
    priority: medium
    cause: c
    consequence: q
    action: a
  - name: fire
    points: lone-1/outlet.7.power
    above: 900 W
    priority: critical
    cause: c
    consequence: q
    action: a
hooks:
  - {name: robot, kind: wecom, url: "${env:ROBOT}"}
  - {name: all, kind: webhook, url: "%s"}
devices:
"""


class Storm(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.path = os.path.join(self.folder, "site.yaml")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        os.mkdir(os.path.join(self.folder, "profiles"))
        with open(os.path.join(self.folder, "profiles", "outlets49.yaml"), "w") as f:
            f.write(Outlets.PROFILE)
        self.gateways = [Outlets(UNITS, "pdu-%d" % number) for number in range(GATEWAYS)]
        self.lone = Outlets(1, "lone")
        self.robot, self.receiver = Robot("wecom"), Receiver()
        for each in self.gateways + [self.lone]:
            self.addCleanup(each.stop)
        for each in (self.robot, self.receiver):
            self.addCleanup(each.end)
        with open(self.path, "w") as f:
            f.write(SITE % self.receiver.url)
            f.writelines(each.lines() for each in self.gateways + [self.lone])

    def test_ten_thousand_alarms_in_a_minute(self):
        storm = UNITS * GATEWAYS * Outlets.COUNT
        with harness.daemon(self.path, self.data, env={"ROBOT": self.robot.url}) as daemon:
            harness.wait_for("all devices answer", lambda: harness.run_json(
                "status", "--socket", daemon.socket)["health"]["devicesAnswering"]
                == UNITS * GATEWAYS + 1, 60, daemon)
            for gateway in self.gateways:
                gateway.watts = {unit: 2000 for unit in range(1, UNITS + 1)}
            # In the middle of it the one that matters, when the robot's limit is used up.
            harness.wait_for("the robot has had its first messages", lambda: len(
                self.robot.texts) >= LIMIT // 3, 60, daemon)
            self.lone.watts = {(1, 7): 2000}
            harness.wait_for("the critical one", lambda: any(
                "fire" in text and "紧急" in text for text in self.robot.texts), 60, daemon)
            arrived = time.time()
            read = datetime.datetime.fromisoformat(self.history("fire")[0]["time"]).timestamp()
            harness.wait_for("all are told", lambda: len(set(self.receiver.alerts()))
                             == storm + 1, 150, daemon)
            harness.wait_for("nothing waits", lambda: harness.run_json(
                "status", "--socket", daemon.socket)["health"]["outboxPending"] == 0, 60, daemon)
        self.check(storm, arrived - read)

    def history(self, rule):
        text = harness.run("alarms", "history", "--json", "--data", self.data, "--config",
                           self.path, check=0).stdout
        return [row for row in map(json.loads, text.splitlines())
                if row["id"].startswith(rule + ":")]

    def check(self, storm, seconds):
        lines = [row for row in self.history("heavy") if row["state"] == "UNACK"]
        self.assertEqual(len(lines), storm)
        self.assertEqual(len({row["id"] for row in lines}), storm)
        # Each once, and nobody more often than he may be told.
        told = self.receiver.alerts()
        self.assertEqual(len(told), len(set(told)))
        times = self.robot.times
        most = max(sum(t <= other < t + WINDOW for other in times) for t in times)
        self.assertLessEqual(most, LIMIT)
        self.assertLess(seconds, PATIENCE)
        print("storm: %d alarms journalled and told, at most %d messages of the robot in a minute, "
              "the critical one there %.1f s after it was read" % (len(lines), most, seconds))


if __name__ == "__main__":
    harness.main()
