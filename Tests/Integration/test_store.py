"""The store: one writer, kill -9, damaged bytes, a full disk."""

import ctypes
import json
import os
import random
import shutil
import socket
import sqlite3
import time
import unittest

import harness
from devices import HOT, Probes

UNITS = range(1, 13)
KILLS = 10
# A start after a crash, until the API answers.
START_SECONDS = 3 if "/release/" in os.path.realpath(harness.BINARY) else 6


def readings(data, *points, config=None):
    """What is committed, as a set of lines without their order; and what was said of damage."""
    done = harness.run("query", *(points or ["*"]), "--from", "-3d", "--json", "--data", data,
                       *(["--config", config] if config else []))
    rows = set(done.stdout.splitlines())
    return rows, done


def healthz(path):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(path)
        s.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while part := s.recv(65536):
            answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), body.decode()


class SiteCase(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.probes = Probes()
        self.addCleanup(self.probes.stop)
        self.path = os.path.join(self.folder, "site.yaml")
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        with open(self.path, "w") as f:
            f.write(self.probes.site(UNITS, extra=HOT))


class OneWriter(SiteCase):
    def test_a_second_daemon_is_refused_with_a_clear_line(self):
        with harness.daemon(self.path, self.data) as first:
            begun = time.monotonic()
            second = harness.run("serve", "--config", self.path, "--data", self.data, "--socket",
                                 os.path.join(self.folder, "other.sock"), timeout=20)
            self.assertEqual(second.returncode, 3, second.stdout + second.stderr)
            line = [x for x in second.stderr.splitlines() if x.startswith("frostline:")]
            self.assertEqual(len(line), 1, second.stderr)
            self.assertIn(self.data, line[0])
            self.assertLess(time.monotonic() - begun, 5)
            self.assertTrue(first.running)
            harness.run("status", "--socket", first.socket, check=0)
            print("store: a second daemon is told `%s`" % line[0])

    def test_a_data_directory_that_cannot_be_is_refused(self):
        wrong = os.path.join(self.folder, "file")
        with open(wrong, "w") as f:
            f.write("not a folder")
        done = harness.run("serve", "--config", self.path, "--data", wrong, "--socket",
                           os.path.join(self.folder, "s.sock"), timeout=20)
        self.assertEqual(done.returncode, 3)
        self.assertIn(wrong, done.stderr)

    def test_a_foreign_database_is_refused_and_not_changed(self):
        path = os.path.join(self.data, "frostline.db")
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE other(a)")
        db.close()
        with open(path, "rb") as f:
            before = f.read()
        done = harness.run("serve", "--config", self.path, "--data", self.data, "--socket",
                           os.path.join(self.folder, "s.sock"), timeout=20)
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertIn("frostline.db", done.stderr)
        with open(path, "rb") as f:
            self.assertEqual(f.read(), before)


class Crashes(SiteCase):
    def test_kill_9_loses_nothing_that_was_committed(self):
        dice = random.Random(20_261_121)
        sock = os.path.join(self.data, "frostline.sock")
        seen, newest, starts, waits = set(), {}, [], []
        for attempt in range(KILLS + 1):
            begun = time.monotonic()
            child = harness.Child(harness.BINARY, "serve", "--config", self.path, "--data",
                                  self.data, "--socket", sock)
            try:
                harness.wait_for("the daemon answers", lambda: self.answers(sock), 30, child)
                starts.append(time.monotonic() - begun)
                rows, done = readings(self.data, config=self.path)
                self.assertEqual((done.returncode in (0, 1), done.stderr == "" or not rows),
                                 (True, True), done.stderr)
                lost = seen - rows
                self.assertEqual(sorted(lost)[:3], [], "attempt %d lost %d of %d readings"
                                 % (attempt, len(lost), len(seen)))
                self.check_last(newest)
                if attempt == KILLS:
                    break
                time.sleep(dice.uniform(0, 0.7))
                # Whatever a reader sees now was committed; the kill comes at a random moment.
                time.sleep(1.2)
                seen, _ = readings(self.data, config=self.path)
                newest = self.last()
                wait = dice.uniform(0, 0.5)
                waits.append(wait)
                time.sleep(wait)
            finally:
                child.kill()
        verify = harness.run("store", "verify", "--data", self.data)
        self.assertEqual(verify.returncode, 0, verify.stdout + verify.stderr)
        self.assertGreater(len(seen), 500)
        print("store: killed %d times, %d readings kept, slowest start %.2f s, verify clean"
              % (KILLS, len(seen), max(starts)))
        self.assertLess(max(starts), START_SECONDS)

    @staticmethod
    def answers(path):
        try:
            return healthz(path)[0] == 200
        except OSError:
            return False

    def last(self):
        points = harness.run_json("last", "*", "--data", self.data, "--config", self.path)
        return {(p["device"], p["name"]): p["timeMS"] for p in points if p.get("timeMS")}

    def check_last(self, newest):
        if newest:
            now = self.last()
            older = [key for key, time in newest.items() if now.get(key, 0) < time]
            self.assertEqual(older, [])


class Damage(unittest.TestCase):
    def test_damaged_chunks_are_named_and_the_rest_is_served(self):
        with harness.workspace() as folder:
            whole, broken = os.path.join(folder, "whole"), os.path.join(folder, "broken")
            harness.run("demo", "--headless", "--for", "3s", "--racks", "4", "--history", "2d",
                        "--dir", whole, check=0)
            harness.run("store", "verify", "--data", whole, check=0)
            self.merge_log(whole)
            shutil.copytree(whole, broken, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
            hurt = self.flip(os.path.join(broken, "frostline.db"))
            verify = harness.run("store", "verify", "--data", broken)
            self.assertEqual(verify.returncode, 1, verify.stdout + verify.stderr)
            named = harness.run("store", "verify", "--data", broken, "--json")
            self.assertEqual(named.returncode, 1)
            damage = json.loads(named.stdout)["damage"]
            self.assertEqual({d.get("device") for d in damage}, set(hurt), damage)
            for device in hurt:
                self.assertIn(device, verify.stdout)
            self.check_rest(whole, broken, hurt)

    @staticmethod
    def merge_log(folder):
        db = sqlite3.connect(os.path.join(folder, "frostline.db"))
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        db.close()

    @staticmethod
    def flip(path):
        """One bit of the data of one chunk of three devices."""
        db = sqlite3.connect(path)
        rows = db.execute(
            "SELECT device.name, chunk.data FROM chunk JOIN device ON device.id = chunk.device "
            "WHERE length(chunk.data) > 600 GROUP BY device.id ORDER BY device.id LIMIT 3"
        ).fetchall()
        db.close()
        with open(path, "rb") as f:
            content = bytearray(f.read())
        names = []
        for name, blob in rows:
            # Pieces stand apart on pages; devices polled together begin with the same times.
            at = next(at for at in range(len(blob) - 64, 0, -1)
                      if content.count(blob[at:at + 64]) == 1)
            content[content.index(blob[at:at + 64]) + 32] ^= 0x10
            names.append(name)
        with open(path, "wb") as f:
            f.write(content)
        return names

    def check_rest(self, whole, broken, hurt):
        rest = 0
        names = {p["device"] for p in harness.run_json("last", "*", "--data", whole)}
        self.assertTrue(set(hurt) < names)
        for name in sorted(names)[:6] + hurt:
            before, _ = readings(whole, name + "/*")
            after, done = readings(broken, name + "/*")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(after <= before, "%s: readings appeared" % name)
            if name in hurt:
                self.assertIn("not readable", done.stderr)
                self.assertLess(len(after), len(before))
                self.assertGreater(len(after), 0, "%s: nothing left" % name)
            else:
                self.assertEqual((after, done.stderr), (before, ""))
            rest += len(after)
        print("store: %d damaged chunks named, %d readings around them served"
              % (len(hurt), rest))


@unittest.skipUnless(os.geteuid() == 0, "skipped: mounting a small disk needs root")
class FullDisk(SiteCase):
    def setUp(self):
        super().setUp()
        libc = ctypes.CDLL(None, use_errno=True)
        result = libc.mount(b"tmpfs", self.data.encode(), b"tmpfs", 0, b"size=24m")
        if result != 0:
            self.skipTest("skipped: no tmpfs can be mounted here")
        # The data directory must be free of our own files before it can be let go.
        self.addCleanup(lambda: libc.umount2(self.data.encode(), 2))

    def test_a_full_disk_stops_nothing_and_loses_no_commit(self):
        self.probes.celsius[1] = 35
        sock = os.path.join(self.folder, "frostline.sock")
        child = harness.Child(harness.BINARY, "serve", "--config", self.path, "--data", self.data,
                              "--socket", sock)
        try:
            harness.wait_for("the alarm of the hot probe", lambda: self.alarms(sock), 20, child)
            time.sleep(2)
            before, _ = readings(self.data, config=self.path)
            self.fill()
            harness.wait_for("the store is full",
                             lambda: self.health(sock)["store"] == "disk-full", 30, child)
            self.while_full(child, sock)
            os.remove(os.path.join(self.data, "filler"))
            harness.wait_for("the store takes readings again",
                             lambda: self.health(sock)["store"] == "ok", 30, child)
            self.assertEqual(healthz(sock)[0], 200)
            freed = time.time()
            harness.wait_for("readings resume", lambda: self.newest() > freed + 1, 20, child)
            after, _ = readings(self.data, config=self.path)
            self.assertEqual(sorted(before - after)[:3], [])
            self.check_history(sock)
        finally:
            code = child.stop() if child.running else None
            child.kill()
        self.assertEqual(code, 0, child.output()[-2000:])
        verify = harness.run("store", "verify", "--data", self.data)
        self.assertEqual(verify.returncode, 0, verify.stdout + verify.stderr)
        print("store: disk full and freed again: %d readings before, all kept, %d after"
              % (len(before), len(after)))

    def while_full(self, child, sock):
        status, text = healthz(sock)
        self.assertEqual(status, 503)
        self.assertIn("disk-full", text)
        self.assertIn("hot:probe-1/ambient.temperature", [a["id"] for a in self.alarms(sock)])
        # Alarms go on: a new one, and an acknowledgement.
        self.probes.celsius[2] = 40
        harness.wait_for("a new alarm while the disk is full",
                         lambda: len(self.alarms(sock)) == 2, 20, child)
        polls = self.polls(sock)
        time.sleep(2)
        self.assertGreater(self.polls(sock), polls)
        self.assertEqual(self.health(sock)["devicesAnswering"], len(UNITS))
        # What was committed can still be asked for.
        harness.run("query", "probe-1/*", "--data", self.data, "--config", self.path, check=0)

    def check_history(self, sock):
        """The alarm that came while the disk was full is in the journal."""
        def raised():
            text = harness.run("alarms", "history", "--json", "--data", self.data, "--config",
                               self.path).stdout
            return {json.loads(x)["id"] for x in text.splitlines()}
        harness.wait_for("the journal has both", lambda: raised() >= {
            "hot:probe-1/ambient.temperature", "hot:probe-2/ambient.temperature"}, 10)

    def fill(self):
        with open(os.path.join(self.data, "filler"), "wb", buffering=0) as f:
            block = 1 << 20
            while block >= 512:
                try:
                    f.write(b"\0" * block)
                except OSError:
                    block //= 2

    def newest(self):
        points = harness.run_json("last", "probe-3/*", "--data", self.data, "--config", self.path)
        return max(p["timeMS"] for p in points) / 1000

    @staticmethod
    def health(sock):
        return harness.run_json("status", "--socket", sock)["health"]

    @staticmethod
    def polls(sock):
        return min(d["polls"] for d in harness.run_json("status", "--socket", sock)["devices"])

    @staticmethod
    def alarms(sock):
        """Those of the site's own rule: that the disk is full is an alarm too."""
        done = harness.run("alarms", "list", "--json", "--socket", sock)
        all_of_them = json.loads(done.stdout) if done.returncode == 0 else []
        return [a for a in all_of_them if a["id"].startswith("hot:")]


if __name__ == "__main__":
    harness.main()
