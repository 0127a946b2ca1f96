"""Two collectors watch a site: one dies, one returns, the line between them is cut; afterwards both
have every reading once, every alarm was announced once, and every acknowledgement is at both."""

import contextlib
import ctypes
import datetime
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import harness
from devices import HOT, Probes
from test_alarms import Receiver

UNITS = [1, 2, 3]
# A collector on a busy machine may ask late, but hardly by half of this.
INTERVAL = 2.0
# What is promised.
TAKEOVER_SECONDS = 20
HOT_1, HOT_2, HOT_3 = ("hot:probe-%d/ambient.temperature" % unit for unit in UNITS)


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
                far.close()
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
            # Both directions end here; the second finds it closed.
            end.close()
            self.open.discard(end)

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
        self.probes.celsius = {unit: 20 for unit in UNITS}
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

    def launch(self, role, *options, env=None):
        options = options or (["--standby"] if role == "standby" else [])
        self.children[role] = harness.Child(
            harness.BINARY, "serve", "--config", self.path, "--data", self.data[role],
            "--socket", self.sockets[role], *options,
            env={"HOOK": self.receiver.url, **(env or {})})
        return self.children[role]

    def check_one_polls(self):
        """The devices are asked as often as one collector asks them."""
        before, begun = self.probes.requests, time.monotonic()
        time.sleep(6)
        rate = (self.probes.requests - before) / (time.monotonic() - begun)
        self.assertLess(rate, 1.5 * len(UNITS) / INTERVAL)
        self.assertGreater(rate, 0.5 * len(UNITS) / INTERVAL)

    def start_both(self):
        for role in self.data:
            self.launch(role)
        # A build without optimisation reads the profiles for a while.
        self.wait_for_state("primary", "leading", "whole", 150)
        self.wait_for_state("standby", "following", "whole")

    def pair(self, role):
        snapshot = harness.ask_json(self.sockets[role], "/api/v1/snapshot")
        return snapshot["health"]["pair"] if snapshot else {"state": None, "condition": None}

    def wait_for_state(self, role, state, condition, seconds=60):
        def holds():
            pair = self.pair(role)
            return (pair["state"], pair["condition"]) == (state, condition)
        harness.wait_for("the %s is %s and %s" % (role, state, condition), holds, seconds,
                         self.children[role])

    def alarms(self, role):
        return {a["id"]: a for a in harness.ask_json(self.sockets[role], "/api/v1/alarms") or []}

    def stop_both(self):
        for child in self.children.values():
            child.process.send_signal(signal.SIGTERM)
        for child in self.children.values():
            self.assertEqual(child.stop(40), 0, child.output()[-2000:])

    def series(self, role):
        """Readings of each probe: {point: [(seconds, quality, text)]}, in order of time."""
        # To the end of all time: a clock may be ahead.
        done = harness.run("query", "probe-*", "--from", "-1h", "--to", "2099-01", "--json",
                           "--data", self.data[role], "--config", self.path, check=0)
        result = {}
        for line in done.stdout.splitlines():
            row = json.loads(line)
            time_of = datetime.datetime.fromisoformat(row["time"]).timestamp()
            result.setdefault(row["point"], []).append((time_of, row["quality"], row["value"]))
        return {point: sorted(rows) for point, rows in result.items()}

    def check_series(self, role, longest_gap, mixed=(0, 0)):
        """No reading is missing, none is there twice: of one time, or of two collectors. Between
        the times of `mixed` readings of both may stand beside each other."""
        series = self.series(role)
        self.assertEqual(len(series), 2 * len(UNITS), sorted(series))
        kept = {}
        for point, rows in series.items():
            times = [t for t, _, _ in rows]
            self.assertEqual(len(times), len(set(times)), "%s %s" % (role, point))
            kept[point] = {t: v for t, quality, v in rows if quality == "good"}
            times = sorted(kept[point])
            steps = [(b - a, b) for a, b in zip(times, times[1:])]
            self.assertLessEqual(max(steps)[0], longest_gap, "%s %s" % (role, point))
            # Twice within half an interval is one reading too many.
            close = [b for step, b in steps if step < INTERVAL / 2]
            self.assertEqual([b for b in close if not mixed[0] < b < mixed[1]], [],
                             "%s %s" % (role, point))
        return kept

    def compare(self, kept):
        """Both have the same readings at the same times, but for what came in the last seconds."""
        count = 0
        for point in kept["primary"]:
            a, b = (kept[role][point] for role in ("primary", "standby"))
            start, end = max(min(a), min(b)), min(max(a), max(b)) - 5
            a, b = ({t: v for t, v in rows.items() if start <= t <= end} for rows in (a, b))
            self.assertEqual(a, b, point)
            count += len(a)
        return count

    def posts(self, device, status=None):
        """What receivers were told of a probe that is hot and not acknowledged."""
        with self.receiver.lock:
            posts = list(self.receiver.posts)
        labels = ((p, p["body"]["alerts"][0]["labels"]) for p in posts)
        return [p for p, l in labels if l["device"] == device and status in (None, p["status"])
                and p["body"]["status"] == "firing" and l.get("ack_state", "UNACK") == "UNACK"]


class Death(Pair):
    def test_the_second_takes_over_and_gives_back_and_nothing_is_there_twice(self):
        self.start_both()
        self.probes.celsius[1] = 35
        for role in self.children:
            harness.wait_for("the %s knows the alarm" % role,
                             lambda: HOT_1 in self.alarms(role), 20, self.children[role])
        harness.wait_for("it is announced", lambda: self.posts("probe-1", 200), 20)
        # The standby polls nothing: all requests are the primary's.
        self.check_one_polls()
        # Nobody listens when the second alarm is raised.
        self.receiver.refusing = 1_000_000
        self.probes.celsius[2] = 36
        harness.wait_for("the standby knows the alarm that no receiver does", lambda: (
            self.posts("probe-2", 500) and HOT_2 in self.alarms("standby")), 20)

        killed = time.time()
        self.children["primary"].kill()
        self.receiver.refusing = 0
        self.wait_for_state("standby", "leading", "broken", TAKEOVER_SECONDS)
        self.assertEqual(self.alarms("standby")[HOT_1]["state"], "UNACK")
        harness.wait_for("the standby announces what the primary could not",
                         lambda: self.posts("probe-2", 200), 20)
        # What happens while it leads: an acknowledgement, and another alarm.
        harness.run("alarms", "ack", HOT_1, "--by", "li.wei", "--comment", "on my way",
                    "--socket", self.sockets["standby"], check=0)
        self.probes.celsius[3] = 37
        harness.wait_for("the standby raises an alarm", lambda: self.posts("probe-3", 200), 20)

        back = time.time()
        self.launch("primary")
        self.wait_for_state("primary", "leading", "whole", 90)
        self.wait_for_state("standby", "following", "whole", 90)
        gave_back = time.time() - back
        alarms = self.alarms("primary")
        self.assertEqual((alarms[HOT_1]["state"], alarms[HOT_1]["acknowledgedBy"]),
                         ("ACKED", "li.wei"))
        self.assertIn(HOT_3, alarms)
        # An acknowledgement at the one that follows goes to the one that leads.
        harness.run("alarms", "ack", HOT_3, "--by", "wang", "--socket",
                    self.sockets["standby"], check=0)
        self.assertEqual(self.alarms("primary")[HOT_3]["acknowledgedBy"], "wang")
        time.sleep(8)
        self.stop_both()
        for device in ("probe-1", "probe-2", "probe-3"):
            keys = {p["headers"]["Idempotency-Key"] for p in self.posts(device)}
            self.assertEqual(len(keys), 1, device)
            if device != "probe-2":
                self.assertEqual(len(self.posts(device)), 1, device)
        kept = {role: self.check_series(role, TAKEOVER_SECONDS) for role in self.data}
        count = self.compare(kept)
        outage = [t for rows in kept["primary"].values() for t in rows if killed < t < back]
        self.assertGreater(len(outage), len(UNITS))
        print("redundancy: %.1f s without readings, %.1f s until all was given back, "
              "%d readings the same in both" % (min(outage) - killed, gave_back, count))


class Cut(Pair):
    def test_a_cut_line_and_a_leader_that_stood_still_leave_no_reading_twice(self):
        self.start_both()
        for line in self.lines.values():
            line.set(True)
        self.wait_for_state("standby", "leading", "broken")
        self.assertEqual(self.pair("primary")["state"], "leading")
        self.probes.celsius[1] = 35
        harness.wait_for("both raise the alarm", lambda: all(
            self.alarms(role) for role in self.data), 20)
        harness.run("alarms", "ack", HOT_1, "--by", "li.wei", "--socket",
                    self.sockets["standby"], check=0)
        time.sleep(3 * INTERVAL)
        for line in self.lines.values():
            line.set(False)
        self.wait_for_state("standby", "following", "whole")
        self.wait_for_state("primary", "leading", "whole")
        harness.wait_for("the acknowledgement is at the primary", lambda: self.alarms("primary")[
            HOT_1]["state"] == "ACKED", 20)

        # The leader stands still, as a virtual machine that is moved, and never knows.
        primary = self.children["primary"].process
        stopped = time.time()
        primary.send_signal(signal.SIGSTOP)
        try:
            self.wait_for_state("standby", "leading", "broken", TAKEOVER_SECONDS)
            time.sleep(4 * INTERVAL)
        finally:
            primary.send_signal(signal.SIGCONT)
        continued = time.time()
        # It says what it knows of the other, which is old.
        time.sleep(3)
        self.wait_for_state("standby", "following", "whole")
        self.wait_for_state("primary", "leading", "whole")
        # A question that no clock can mean is refused, and nothing ends.
        for value in ("-9223372036854775808", "9223372036854775807"):
            for query in ("feed?since=", "feed?after=", "alarms?from=",
                          "history?to=1&device=0&from="):
                self.assertIsNotNone(
                    harness.ask(self.sockets["primary"], "/api/v1/collector/" + query + value))
        time.sleep(2 * INTERVAL)
        self.stop_both()
        kept = {role: self.check_series(role, TAKEOVER_SECONDS) for role in self.data}
        for point, rows in kept["standby"].items():
            # What either had under way when the lead changed is not meant.
            taken = {t: v for t, v in rows.items() if stopped + 3 < t < continued - 2}
            self.assertGreater(len(taken), 1, point)
            there = kept["primary"][point]
            self.assertEqual(taken, {t: there.get(t) for t in taken}, point)
        first = min(t for t in kept["standby"]["probe-1/ambient.temperature"]
                    if t > stopped + 0.5)
        print("redundancy: %.1f s without readings after the leader stood still"
              % (first - stopped))


# A clock that is wrong: what asks for the time of day is told another.
SKEWED_CLOCK = """
#define _GNU_SOURCE
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = syscall(SYS_clock_gettime, clock, time);
    if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += SKEW;
    return result;
}
"""
# Far enough to be told, near enough that readings of both fall into one time.
SKEW = 8


class TwoPrimaries(Pair):
    def test_two_that_were_both_started_as_primary_say_so_and_one_collects(self):
        self.launch("primary")
        # The second knows where the first is, and was not told that it is the second.
        self.launch("standby", "--peer", os.path.join(self.folder, "primary-line.sock"))
        for role in self.data:
            harness.wait_for("the %s says what is wrong" % role, lambda: (
                self.pair(role)["condition"] == "misconfigured"), 150, self.children[role])
            self.assertIn("both were started as primary", self.pair(role)["note"])
        harness.wait_for("one leads and the other follows", lambda: (
            sorted(str(self.pair(role)["state"]) for role in self.data)
            == ["following", "leading"]), 30)
        self.check_one_polls()
        self.stop_both()
        kept = {role: self.check_series(role, TAKEOVER_SECONDS) for role in self.data}
        self.compare(kept)


@contextlib.contextmanager
def stuck_thread(process, name):
    """Holds one thread of a child still, as a call that never returns does; the others go on."""
    seize, interrupt, detach = 0x4206, 0x4207, 17
    folder = "/proc/%d/task" % process.pid
    threads = []
    for thread in os.listdir(folder):
        with open("%s/%s/comm" % (folder, thread)) as f:
            if f.read().strip() == name:
                threads.append(int(thread))
    if len(threads) != 1:
        raise AssertionError("%d threads are called %s" % (len(threads), name))
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    ptrace.restype = ctypes.c_long
    if ptrace(seize, threads[0], None, None) != 0:
        raise unittest.SkipTest("skipped: this system lets nobody hold a thread (ptrace: %s)"
                                % os.strerror(ctypes.get_errno()))
    try:
        if ptrace(interrupt, threads[0], None, None) != 0:
            raise AssertionError("the thread cannot be held: " + os.strerror(ctypes.get_errno()))
        all_threads = 0x40000000
        os.waitpid(threads[0], all_threads)
        yield
    finally:
        ptrace(detach, threads[0], None, None)


class Disorder(Pair):
    def wrong_clock(self):
        """What gives a child a clock that is ahead."""
        compiler = shutil.which("cc")
        if not compiler:
            raise unittest.SkipTest("skipped: a wrong clock is made with a C compiler, cc")
        library = os.path.join(self.folder, "clock.so")
        subprocess.run([compiler, "-shared", "-fPIC", "-DSKEW=%d" % SKEW, "-x", "c", "-", "-o",
                        library], input=SKEWED_CLOCK, text=True, check=True, timeout=60)
        return {"LD_PRELOAD": library}

    def test_a_stuck_poller_is_no_leader_and_a_wrong_clock_is_told_and_bounded(self):
        self.launch("primary")
        self.launch("standby", env=self.wrong_clock())
        self.wait_for_state("primary", "leading", "whole", 150)
        self.wait_for_state("standby", "following", "whole")
        for role, difference in (("primary", SKEW), ("standby", -SKEW)):
            note = self.pair(role)["note"] or ""
            self.assertIn("the clocks of the two differ by", note, role)
            milliseconds = int(note.split("differ by ")[1].split(" ms")[0])
            self.assertAlmostEqual(milliseconds / 1000, difference, delta=2, msg=role)

        stopped = time.time()
        with stuck_thread(self.children["primary"].process, "poller"):
            self.wait_for_state("standby", "leading", "broken", TAKEOVER_SECONDS)
            took = time.time() - stopped
            # It answers all the same.
            self.assertIsNotNone(self.pair("primary")["state"])
            time.sleep(2 * INTERVAL)
        released = time.time()
        self.wait_for_state("standby", "following", "whole")
        self.wait_for_state("primary", "leading", "whole")
        given_back = time.time()
        time.sleep(2 * SKEW)
        self.stop_both()
        # Readings keep the time of who read them. Those of the one whose clock is ahead reach past
        # the moment at which it stopped, by what the clocks differ, and no further.
        mixed = (released, given_back + SKEW + INTERVAL)
        for role in self.data:
            rows = self.check_series(role, TAKEOVER_SECONDS + SKEW, mixed)
            for point, times in rows.items():
                self.assertTrue([t for t in times if t < stopped], "%s %s" % (role, point))
                self.assertTrue([t for t in times if mixed[1] < t], "%s %s" % (role, point))
        print("redundancy: the second led %.1f s after the poller of the first was stuck" % took)


if __name__ == "__main__":
    harness.main()
