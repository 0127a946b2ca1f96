"""Two collectors watch a site: one dies, one returns, the line between them is cut; afterwards both
have every reading once, every alarm was announced once, and every acknowledgement is at both."""

import datetime
import json
import os
import socket
import threading
import time
import unittest

import harness
from devices import HOT, Probes
from test_alarms import Receiver

UNITS = [1, 2, 3]
INTERVAL = 1.0
# What is promised.
TAKEOVER_SECONDS = 20


class Line:
    """A Unix socket before another, that can be cut and mended."""

    def __init__(self, path, target):
        self.target = target
        self.cut = False
        self.open = set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.cut:
                near.close()
                continue
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(self.target)
            except OSError:
                near.close()
                continue
            self.open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    def pump(self, source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def set(self, cut):
        self.cut = cut
        if cut:
            for end in list(self.open):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def end(self):
        self.set(True)
        self.listener.close()


class Pair(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.probes = Probes()
        self.addCleanup(self.probes.stop)
        self.receiver = Receiver()
        self.addCleanup(self.receiver.end)
        self.probes.celsius = {1: 20, 2: 20}
        self.sockets, self.data, self.lines, self.children = {}, {}, {}, {}
        for role in ("primary", "standby"):
            self.data[role] = os.path.join(self.folder, role)
            os.mkdir(self.data[role])
            self.sockets[role] = os.path.join(self.data[role], "frostline.sock")
            # The other reaches it over a line of ours.
            path = os.path.join(self.folder, role + "-line.sock")
            self.lines[role] = Line(path, self.sockets[role])
            self.addCleanup(self.lines[role].end)
        self.path = os.path.join(self.folder, "site.yaml")
        with open(self.path, "w") as f:
            f.write(self.probes.site(UNITS, interval="%gs" % INTERVAL, extra=HOT
                                     + "    offDelay: 0s\n" + """hooks:
  - {name: on-call, kind: webhook, url: "${env:HOOK}", priority: high}
redundancy:
  primary: %s/primary-line.sock
  standby: %s/standby-line.sock
""" % (self.folder, self.folder)))
        self.addCleanup(self.stop_all)

    def stop_all(self):
        for child in self.children.values():
            if child.running:
                child.kill()

    def start(self, role):
        child = harness.Child(
            harness.BINARY, "serve", "--config", self.path, "--data", self.data[role],
            "--socket", self.sockets[role], *(["--standby"] if role == "standby" else []),
            env={"HOOK": self.receiver.url})
        self.children[role] = child
        harness.wait_for("the %s answers" % role, lambda: harness.run(
            "status", "--socket", self.sockets[role]).returncode == 0, 30, child)
        return child

    def pair(self, role):
        return harness.run_json("status", "--socket", self.sockets[role])["health"]["pair"]

    def wait_for_state(self, role, state, condition=None, seconds=40):
        harness.wait_for(
            "the %s is %s" % (role, state),
            lambda: (lambda p: p["state"] == state and condition in (None, p["condition"]))(
                self.pair(role)), seconds, self.children[role])

    def alarms(self, role):
        return {a["id"]: a
                for a in harness.run_json("alarms", "list", "--socket", self.sockets[role])}

    def series(self, role):
        """Usable readings of each probe's temperature: {point: [(seconds, text)]}."""
        done = harness.run("query", "probe-*", "--from", "-1h", "--json", "--data",
                           self.data[role], "--config", self.path, check=0)
        result = {}
        for line in done.stdout.splitlines():
            row = json.loads(line)
            if row["quality"] == "good":
                result.setdefault(row["point"], []).append(
                    (datetime.datetime.fromisoformat(row["time"]).timestamp(), row["value"]))
        return {point: sorted(rows) for point, rows in result.items()}

    def check_series(self, role, longest_gap, start=None):
        series = self.series(role)
        self.assertEqual(len(series), 2 * len(UNITS), sorted(series))
        for point, rows in series.items():
            times = [t for t, _ in rows if start is None or t >= start]
            self.assertEqual(len(times), len(set(times)), "%s %s" % (role, point))
            steps = [b - a for a, b in zip(times, times[1:])]
            self.assertLessEqual(max(steps), longest_gap, "%s %s" % (role, point))
            # Twice within half an interval is one reading too many.
            self.assertGreaterEqual(min(steps), INTERVAL / 2, "%s %s" % (role, point))
        return series

    def last_reading(self, role):
        return max((rows[-1][0] for rows in self.series(role).values()), default=0)

    def firing(self):
        return [p for p in self.receiver.of(200) if p["body"]["status"] == "firing"
                and p["body"]["alerts"][0]["labels"].get("ack_state", "UNACK") == "UNACK"]


class Death(Pair):
    def test_the_second_takes_over_and_gives_back_and_nothing_is_there_twice(self):
        primary = self.start("primary")
        self.start("standby")
        self.wait_for_state("primary", "leading", "whole")
        self.wait_for_state("standby", "following", "whole")
        self.probes.celsius[1] = 35
        identifier = "hot:probe-1/ambient.temperature"
        for role in self.children:
            harness.wait_for("the %s knows the alarm" % role,
                             lambda: identifier in self.alarms(role), 15, self.children[role])
        harness.wait_for("it is announced", self.firing, 15)
        # The standby polls nothing: all requests are the primary's.
        before, begun = self.probes.requests, time.monotonic()
        time.sleep(5)
        rate = (self.probes.requests - before) / (time.monotonic() - begun)
        self.assertLess(rate, 1.4 * len(UNITS) / INTERVAL)

        killed = time.time()
        primary.kill()
        harness.wait_for("readings go on", lambda: self.last_reading("standby") > killed + 3,
                         TAKEOVER_SECONDS + 5, self.children["standby"])
        first = min(t for rows in self.series("standby").values() for t, _ in rows
                    if t > killed + 1.5)
        self.assertLess(first - killed, TAKEOVER_SECONDS)
        self.assertEqual(self.pair("standby")["state"], "leading")
        self.assertEqual(self.pair("standby")["condition"], "broken")
        self.assertEqual(self.alarms("standby")[identifier]["state"], "UNACK")
        # What happens while it leads: an acknowledgement, and another alarm.
        harness.run("alarms", "ack", identifier, "--by", "li.wei", "--comment", "on my way",
                    "--socket", self.sockets["standby"], check=0)
        self.probes.celsius[2] = 36
        harness.wait_for("the standby raises the second alarm", lambda: len(
            [p for p in self.firing() if p["body"]["alerts"][0]["labels"]["device"] == "probe-2"]),
            15)
        time.sleep(3)

        back = time.time()
        self.start("primary")
        self.wait_for_state("primary", "leading", "whole", 60)
        self.wait_for_state("standby", "following", "whole", 60)
        gave_back = time.time() - back
        alarm = self.alarms("primary")[identifier]
        self.assertEqual((alarm["state"], alarm["acknowledgedBy"]), ("ACKED", "li.wei"))
        self.assertIn("hot:probe-2/ambient.temperature", self.alarms("primary"))
        time.sleep(4)
        self.assertEqual(self.pair("primary")["state"], "leading")
        for device in ("probe-1", "probe-2"):
            self.assertEqual(len([p for p in self.firing() if p["body"]["alerts"][0]["labels"][
                "device"] == device]), 1, device)

        # An acknowledgement at the one that follows goes to the one that leads.
        harness.run("alarms", "ack", "hot:probe-2/ambient.temperature", "--by", "wang",
                    "--socket", self.sockets["standby"], check=0)
        self.assertEqual(
            self.alarms("primary")["hot:probe-2/ambient.temperature"]["acknowledgedBy"], "wang")
        time.sleep(4)
        for child in self.children.values():
            self.assertEqual(child.stop(), 0, child.output()[-2000:])
        kept = {role: self.check_series(role, TAKEOVER_SECONDS) for role in self.data}
        self.compare(kept)
        print("redundancy: %.1f s without readings, %.1f s until all was given back"
              % (first - killed, gave_back))

    def compare(self, kept):
        """Both have the same, but for what either took in its last seconds."""
        for point in kept["primary"]:
            a, b = (dict(kept[role][point]) for role in ("primary", "standby"))
            end = min(max(a), max(b)) - 5
            start = max(min(a), min(b))
            only = {t for t in set(a) ^ set(b) if start <= t <= end}
            self.assertEqual(only, set(), point)
            self.assertEqual({t: v for t, v in a.items() if start <= t <= end},
                             {t: v for t, v in b.items() if start <= t <= end})


class Cut(Pair):
    def test_a_cut_line_makes_both_collect_and_leaves_no_reading_twice(self):
        self.start("primary")
        self.start("standby")
        self.wait_for_state("primary", "leading", "whole")
        self.wait_for_state("standby", "following", "whole")
        for line in self.lines.values():
            line.set(True)
        self.wait_for_state("standby", "leading", "broken")
        self.assertEqual(self.pair("primary")["state"], "leading")
        self.probes.celsius[1] = 35
        harness.wait_for("both raise the alarm", lambda: all(
            self.alarms(role) for role in self.data), 15)
        harness.run("alarms", "ack", "hot:probe-1/ambient.temperature", "--by", "li.wei",
                    "--socket", self.sockets["standby"], check=0)
        time.sleep(6)
        for line in self.lines.values():
            line.set(False)
        self.wait_for_state("standby", "following", "whole")
        self.wait_for_state("primary", "leading", "whole")
        harness.wait_for("the acknowledgement is at the primary", lambda: self.alarms("primary")[
            "hot:probe-1/ambient.temperature"]["state"] == "ACKED", 15)
        time.sleep(5)
        for child in self.children.values():
            self.assertEqual(child.stop(), 0, child.output()[-2000:])
        for role in self.data:
            self.check_series(role, 4 * INTERVAL)


if __name__ == "__main__":
    harness.main()
