"""Faults of clocks and disks around the whole daemon, and damage by way of its commands."""

import contextlib
import errno
import json
import os
import random
import sqlite3
import sys
import time

import lab
from lab import Fault, Place

sys.path.insert(0, os.path.join(lab.ROOT, "Tests", "Integration"))
import harness
from devices import HOT, Probes

UNITS = range(1, 7)
HOUR = 3_600_000


class Site:
    """A daemon under preload.c, with probes to poll."""

    def __init__(self, place, extra=""):
        self.place, self.probes = place, Probes()
        self.sock = os.path.join(place.top, "sock")
        self.config = os.path.join(place.top, "site.yaml")
        with open(self.config, "w") as f:
            f.write(self.probes.site(UNITS, extra=extra))
        self.child = harness.Child(
            harness.BINARY, "serve", "--config", self.config, "--data", place.data, "--socket",
            self.sock, env={k: v for k, v in place.environment().items() if k not in os.environ})

    def __enter__(self):
        self.until("the daemon answers", lambda: self.view() is not None, 60)
        self.until("every probe is polled", lambda: self.polls() > 0, 30)
        return self

    def __exit__(self, *_):
        self.child.kill()
        self.probes.stop()

    def until(self, what, condition, seconds=30):
        try:
            harness.wait_for(what, condition, seconds, self.child)
        except AssertionError as error:
            raise Fault(str(error)[-400:])

    def view(self):
        with contextlib.suppress(OSError):
            return harness.ask_json(self.sock, "/api/v1/snapshot")

    def health(self):
        return self.view()["health"]

    def polls(self):
        return min(d["polls"] for d in self.view()["devices"])

    def alarms(self):
        return {a["rule"] for a in self.view()["alarms"] if a["state"] != "normal"}

    def goes_on(self, seconds=3):
        """Polls are made while the store is in trouble."""
        before, begun = self.polls(), time.monotonic()
        time.sleep(seconds)
        made = self.polls() - before
        if made < (time.monotonic() - begun) / 0.5 / 3:
            raise Fault("%d polls in %d s at 500 ms" % (made, seconds))

    def stop(self):
        code = self.child.stop()
        if code != 0:
            raise Fault("the daemon ended with %d: %s" % (code, self.child.output()[-500:]))


def stored(place, config):
    """Times of each probe's readings, as they are stored."""
    tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 2 * 86400))
    done = harness.run("query", "probe-*/ambient.temperature", "--from", "-2d", "--to", tomorrow,
                       "--json", "--data", place.data, "--config", config)
    if done.returncode != 0:
        raise Fault("query: %s" % done.stderr[-300:])
    times = {}
    for line in done.stdout.splitlines():
        row = json.loads(line)
        times.setdefault(row["point"], []).append(row["time"])
    return times


def verify(place):
    done = harness.run("store", "verify", "--data", place.data)
    if done.returncode != 0:
        raise Fault("store verify: %s" % (done.stdout + done.stderr)[-400:])


def clock_steps(result):
    """An hour forward and back, an hour back and forward: every poll is made and stored."""
    with Place(70) as place, result.trial(place), Site(place) as site:
        for shift in (HOUR, 0, -HOUR, 0):
            place.control.set(clock=shift)
            site.goes_on(3 if lab.QUICK else 6)
            view = site.view()
            age = view["timeMS"] - max(d["lastAnswerMS"] for d in view["devices"])
            if not 0 <= age < 5000:
                raise Fault("the newest answer is %d ms old after a shift of %d" % (age, shift))
        polls = site.polls()
        for words in ("set forward by 3600 s", "set back by 3600 s"):
            if site.child.output().count(words) != 2:
                raise Fault("the log does not say twice that the clock was %s" % words)
        site.stop()
        verify(place)
        times = stored(place, site.config)
        fewest = min(len(set(x)) for x in times.values())
        if len(times) != len(UNITS) or fewest < polls:
            raise Fault("%d polls, %d readings stored of %d probes" % (polls, fewest, len(times)))
        result.count("polls, all stored", polls * len(UNITS))


def read_only(result):
    """The file system may not be written for a while: told, survived, and written when it may."""
    with Place(71) as place, result.trial(place), Site(place, HOT) as site:
        site.until("a commit", lambda: site.health().get("lastCommitMS"), 20)
        before = stored(place, site.config)
        place.control.set(mask=lab.CHANGES, calls=0, first=1, last=1 << 60, action=lab.FAIL,
                          error=errno.EROFS)
        site.until("the store is in trouble", lambda: site.health()["store"] != "ok")
        if harness.ask(site.sock, "/healthz")[0] != 503:
            raise Fault("/healthz is well")
        site.probes.celsius[1] = 40
        site.until("an alarm meanwhile", lambda: "hot" in site.alarms())
        calls = place.control.get("calls")
        site.goes_on(5)
        if place.control.get("calls") - calls > 500:
            raise Fault("%d tries in 5 s" % (place.control.get("calls") - calls))
        polls = site.polls()
        place.control.set(first=0)
        site.until("the store is well again", lambda: site.health()["store"] == "ok")
        time.sleep(2)
        site.stop()
        verify(place)
        after = stored(place, site.config)
        lost = [x for x in before if not set(before[x]) <= set(after.get(x, []))]
        if lost or min(len(x) for x in after.values()) < polls:
            raise Fault("lost of %s; %d polls, %d stored" % (
                lost, polls, min(len(x) for x in after.values())))
        result.count("readings of meanwhile, written afterwards", polls * len(UNITS))


def disk_ladder(result):
    """Less and less room: said, and alarmed, before it is gone."""
    whole = 1000 << 20
    with Place(72) as place, result.trial(place):
        place.control.set(quota=whole, used=whole // 2)
        with Site(place) as site:
            site.until("a figure of the room", lambda: site.health().get("diskFreeBytes"))
            if site.health().get("storeDetail") or site.alarms():
                raise Fault("half a disk is told as short")
            for permille, rule in ((40, "disk-short"), (5, "disk-nearly-full")):
                place.control.set(used=whole - whole * permille // 1000)
                site.until("%d per mille are told" % permille,
                           lambda: " % free" in (site.health().get("storeDetail") or ""), 20)
                site.until(rule, lambda: rule in site.alarms(), 30)
            place.control.set(used=whole)
            site.until("a full disk", lambda: site.health()["store"] == "disk-full")
            site.goes_on()
            place.control.set(used=whole // 2)
            site.until("room again", lambda: site.health()["store"] == "ok")
            site.until("nothing to tell", lambda: not site.health().get("storeDetail"), 20)
            polls = site.polls()
            time.sleep(2)
            site.stop()
        verify(place)
        if min(len(x) for x in stored(place, site.config).values()) < polls:
            raise Fault("readings are missing")


def damaged_by_command(result):
    """One flipped bit, by way of `frostline store verify` and `frostline query`."""
    with Place(73) as place:
        place.write(readings=240)
        path = os.path.join(place.data, "frostline.db")
        with open(path, "rb") as f:
            original = f.read()

        def answers(folder):
            done = harness.run("query", "d?/number", "d?/power", "d?/temperature", "d?/energy",
                               "--from", "-30d", "--json", "--data", folder)
            return done.stdout
        right = answers(place.data)
        if len(right) < 1000:
            raise Fault("the store has no readings to compare")
        dice = random.Random(73)
        for _ in range(20 if lab.QUICK else 300):
            bit = dice.randrange(len(original) * 8)
            with lab.folder() as folder, result.trial(None, "bit %d" % bit):
                changed = bytearray(original)
                changed[bit // 8] ^= 1 << bit % 8
                with open(os.path.join(folder, "frostline.db"), "wb") as f:
                    f.write(changed)
                code = harness.run("store", "verify", "--data", folder).returncode
                result.count("found" if code else "harmless")
                if code == 0 and answers(folder) != right:
                    raise Fault("a changed answer that verify does not know of")


def future_schema(result):
    """A store of a newer program: `serve` refuses it, and leaves every byte."""
    with Place(74) as place, result.trial(place):
        place.write(readings=60)
        path = os.path.join(place.data, "frostline.db")
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("PRAGMA user_version=99")
        db.commit()
        db.close()
        with open(path, "rb") as f:
            before = f.read()
        probes = Probes()
        config = os.path.join(place.top, "site.yaml")
        with open(config, "w") as f:
            f.write(probes.site(UNITS))
        for command in (("serve", "--config", config, "--socket", os.path.join(place.top, "s")),
                        ("store", "verify"), ("query", "*")):
            done = harness.run(*command, "--data", place.data, timeout=30)
            if done.returncode == 0 or "newer frostline" not in done.stderr:
                raise Fault("%s: %d %s" % (command[0], done.returncode, done.stderr[-300:]))
        probes.stop()
        with open(path, "rb") as f:
            if f.read() != before:
                raise Fault("the file has changed")


CASES = [
    ("daemon: clock ±1 h and back", clock_steps),
    ("daemon: a read-only file system for a while", read_only),
    ("daemon: less and less room", disk_ladder),
    ("daemon: one flipped bit, by command", damaged_by_command),
    ("daemon: a schema of the future", future_schema),
]
