"""Alarms from a device to a receiver: raised, delivered at least once, acknowledged, remembered."""

import json
import os
import time
import unittest

import harness
from devices import HOT, Probes
from receivers import Receiver

ID = "hot:probe-1/ambient.temperature"
OTHER = "hot:probe-2/ambient.temperature"


class Alarms(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.probes = Probes()
        self.addCleanup(self.probes.stop)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.end)
        self.probes.celsius = {1: 20, 2: 20}
        self.path = os.path.join(self.folder, "site.yaml")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        with open(self.path, "w") as f:
            f.write(self.probes.site([1, 2], extra=HOT + "    offDelay: 0s\n" + """hooks:
  - {name: on-call, kind: webhook, url: "${env:HOOK}", token: "${env:TOKEN}", priority: high}
"""))
        self.env = {"HOOK": self.receiver.url, "TOKEN": "secret-token"}

    def daemon(self):
        return harness.daemon(self.path, self.data, env=self.env)

    def alarms(self, sock):
        return {a["id"]: a for a in harness.run_json("alarms", "list", "--socket", sock)}

    def history(self, identifier):
        text = harness.run("alarms", "history", "--json", "--data", self.data, "--config",
                           self.path, check=0).stdout
        rows = [json.loads(line) for line in text.splitlines()]
        return [r for r in rows if r["id"] == identifier]

    def check_document(self, post, status):
        """What Alertmanager's receivers read, version 4."""
        body = post["body"]
        self.assertEqual(
            set(body), {"version", "groupKey", "truncatedAlerts", "status", "receiver",
                        "groupLabels", "commonLabels", "commonAnnotations", "externalURL",
                        "alerts"})
        self.assertEqual((body["version"], body["status"], body["receiver"]),
                         ("4", status, "on-call"))
        self.assertEqual(len(body["alerts"]), 1)
        alert = body["alerts"][0]
        self.assertEqual(
            set(alert), {"status", "labels", "annotations", "startsAt", "endsAt", "generatorURL",
                         "fingerprint"})
        self.assertEqual(alert["status"], status)
        self.assertRegex(alert["fingerprint"], r"^[0-9a-f]{16}$")
        for key in ("startsAt", "endsAt"):
            self.assertRegex(alert[key], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertEqual(alert["endsAt"].startswith("0001"), status == "firing")
        labels = alert["labels"]
        self.assertEqual(labels["alertname"], "hot")
        self.assertEqual(labels["point"], "ambient.temperature")
        self.assertEqual(labels["severity"], "high")
        self.assertEqual(labels["site"], "probes")
        self.assertEqual(alert["annotations"]["action"], "检查空调")
        self.assertEqual(post["headers"]["Content-Type"], "application/json")
        self.assertEqual(post["headers"]["Authorization"], "Bearer secret-token")
        self.assertTrue(post["headers"]["Idempotency-Key"])

    def test_a_refused_notice_comes_again_and_an_acknowledgement_is_kept(self):
        self.receiver.refusing = 2
        with self.daemon() as daemon:
            sock = daemon.socket
            harness.wait_for("the probes answer", lambda: all(
                d["state"] == "answering"
                for d in harness.run_json("status", "--socket", sock)["devices"]), 20, daemon)
            self.assertEqual(self.alarms(sock), {})
            self.probes.celsius[1] = 35
            harness.wait_for("delivery after two refusals",
                             lambda: self.receiver.of(200, device="probe-1"), 20, daemon)
            self.check_retry()
            self.check_list(self.alarms(sock)[ID])
            self.acknowledge(sock)
            # Back to normal: resolved, and no longer listed.
            self.probes.celsius[1] = 20
            harness.wait_for("it is over", lambda: self.alarms(sock) == {}, 15, daemon)
            harness.wait_for("the end is announced", lambda: any(
                p["body"]["status"] == "resolved" for p in self.receiver.of(200)), 15, daemon)
            self.check_document(self.receiver.of(200)[-1], "resolved")
            self.unacknowledged(sock, daemon)
            self.assertNotIn("secret-token", daemon.output())
            self.assertNotIn(self.receiver.url, daemon.output())
        states = [(r["previous"], r["state"], r.get("by")) for r in self.history(ID)]
        self.assertEqual(states, [("NORM", "UNACK", None), ("UNACK", "ACKED", "李工"),
                                  ("ACKED", "NORM", None)])
        comments = [r.get("comment") for r in self.history(ID)]
        self.assertIn("去看了", comments)
        states = [(r["previous"], r["state"]) for r in self.history(OTHER)]
        self.assertEqual(states, [("NORM", "UNACK"), ("UNACK", "RTNUN"), ("RTNUN", "NORM")])
        keys = [p["headers"]["Idempotency-Key"] for p in self.receiver.of(200)]
        self.assertEqual(len(keys), len(set(keys)), keys)
        print("alarms: %d requests, %d notices delivered, each once; journal %d lines"
              % (len(self.receiver.posts), len(keys), len(self.history(ID)) + 3))

    def check_retry(self):
        refused, taken = self.receiver.of(500), self.receiver.of(200, device="probe-1")[0]
        self.assertEqual(len(refused), 2)
        self.check_document(taken, "firing")
        for post in refused:
            self.assertEqual(post["headers"]["Idempotency-Key"],
                             taken["headers"]["Idempotency-Key"])
            self.assertEqual(post["raw"], taken["raw"])
        pauses = [b["time"] - a["time"] for a, b in zip(refused + [taken], (refused + [taken])[1:])]
        self.assertGreater(pauses[0], 0.3)
        self.assertGreater(pauses[1], 0.8)

    def check_list(self, alarm):
        self.assertEqual((alarm["state"], alarm["priority"]), ("UNACK", "high"))
        self.assertEqual(alarm["cause"], "冷通道送风不足")
        self.assertTrue(alarm["valueText"].startswith("35"), alarm["valueText"])
        self.assertIsNone(alarm.get("acknowledgedBy"))

    def acknowledge(self, sock):
        done = harness.run("alarms", "ack", ID, "--by", "李工", "--comment", "去看了",
                           "--socket", sock, check=0)
        self.assertIn(ID, done.stdout)
        first = self.alarms(sock)[ID]
        self.assertEqual((first["state"], first["acknowledgedBy"], first["comment"]),
                         ("ACKED", "李工", "去看了"))
        # A second one changes nothing and says so.
        again = harness.run("alarms", "ack", ID, "--by", "somebody else", "--socket", sock)
        self.assertIn(again.returncode, (0, 1))
        self.assertEqual(again.stderr.count("\n"), again.returncode)
        self.assertEqual(self.alarms(sock)[ID], first)
        for wrong in ("hot:nobody/ambient.temperature", "x", "hot:probe-2/ambient.temperature"):
            done = harness.run("alarms", "ack", wrong, "--by", "x", "--socket", sock)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertTrue(done.stderr.startswith("frostline: "), done.stderr)

    def unacknowledged(self, sock, daemon):
        """Raised and over before anybody looked: it waits to be acknowledged."""
        self.probes.celsius[2] = 30
        harness.wait_for("the second alarm", lambda: OTHER in self.alarms(sock), 15, daemon)
        self.probes.celsius[2] = 26.5  # within the dead band: not over yet
        time.sleep(1.5)
        self.assertEqual(self.alarms(sock)[OTHER]["state"], "UNACK")
        self.probes.celsius[2] = 20
        harness.wait_for("its end", lambda: self.alarms(sock)[OTHER]["state"] == "RTNUN", 15,
                         daemon)
        harness.run("alarms", "ack", OTHER, "--by", "x", "--socket", sock, check=0)
        self.assertEqual(self.alarms(sock), {})

    def test_kill_9_between_raise_and_delivery_repeats_the_notice(self):
        self.receiver.refusing = 10 ** 9
        self.probes.celsius[1] = 35
        with self.daemon() as daemon:
            harness.wait_for("a first try", lambda: self.receiver.of(500), 20, daemon)
            harness.wait_for("it waits", lambda: harness.run_json(
                "status", "--socket", daemon.socket)["health"]["outboxPending"] == 1, 10, daemon)
            raised = self.alarms(daemon.socket)[ID]
            daemon.kill()
        key = self.receiver.of(500)[0]["headers"]["Idempotency-Key"]
        self.receiver.refusing = 0
        with self.daemon() as daemon:
            harness.wait_for("delivery after the restart", lambda: self.receiver.of(200), 20,
                             daemon)
            post = self.receiver.of(200)[0]
            self.check_document(post, "firing")
            self.assertEqual(post["headers"]["Idempotency-Key"], key)
            self.assertEqual(post["raw"], self.receiver.of(500)[0]["raw"])
            # The same alarm, not a second one.
            alarm = self.alarms(daemon.socket)[ID]
            self.assertEqual((alarm["state"], alarm["raisedMS"]), ("UNACK", raised["raisedMS"]))
            harness.run("alarms", "ack", ID, "--by", "x", "--socket", daemon.socket, check=0)
            daemon.kill()
        self.probes.silent = {1}
        with self.daemon() as daemon:
            # An acknowledgement outlives a crash, also while the device does not answer.
            self.assertEqual(self.alarms(daemon.socket)[ID]["state"], "ACKED")
            harness.wait_for("the acknowledgement is announced", lambda: self.receiver.of(
                200, ack_state="ACKED"), 15, daemon)
            time.sleep(1)
        # At least once: what comes again has the same key and the same text.
        delivered = {(p["headers"]["Idempotency-Key"], p["raw"]) for p in self.receiver.of(200)}
        self.assertEqual(len(delivered), 2, delivered)
        self.assertEqual(len({key for key, _ in delivered}), 2)
        self.assertEqual([r["state"] for r in self.history(ID)], ["UNACK", "ACKED"])
        print("alarms: killed twice, notice %s delivered once after the restart" % key)


if __name__ == "__main__":
    harness.main()
