"""Time travel: the site at moments that have passed, over the API and in the console under tmux."""

import os
import re
import shutil
import subprocess
import unittest

import harness

HOUR = 3_600_000


class Past(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(harness.workspace())
        cls.folder = os.path.join(folder, "demo")
        cls.socket = os.path.join(cls.folder, "frostline.sock")
        cls.child = harness.Child(
            harness.BINARY, "demo", "--headless", "--racks", 4, "--history", "26h", "--dir",
            cls.folder)
        cls.addClassCleanup(cls.child.kill)
        harness.wait_for("all devices answer", cls.answers, 300, cls.child)

    @classmethod
    def answers(cls):
        view = harness.ask_json(cls.socket, "/api/v1/snapshot")
        return view and view["health"]["devicesAnswering"] == view["health"]["devicesTotal"]

    def now(self):
        return harness.ask_json(self.socket, "/api/v1/snapshot")["timeMS"]

    def test_snapshot_of_yesterday(self):
        at = self.now() - 25 * HOUR
        view = harness.ask_json(self.socket, "/api/v1/snapshot?at=%d" % at)
        self.assertEqual(view["timeMS"], at)
        live = harness.ask_json(self.socket, "/api/v1/snapshot")
        self.assertEqual(
            [r["name"] for row in view["rows"] for r in row["racks"]],
            [r["name"] for row in live["rows"] for r in row["racks"]])
        racks = [r for row in view["rows"] for r in row["racks"]]
        self.assertTrue(all(r["quality"] == "good" and r["watts"] > 0 for r in racks), racks)
        # The store's own series says what the site drew then: made by another way.
        series = harness.ask_json(
            self.socket, "/api/v1/series?points=site/total.power&from=%d&to=%d&step=300000" % (
                at - 300_000, at + 1))
        known = [v for v in series["lines"][0]["values"] if v is not None]
        self.assertTrue(
            any(abs(view["header"]["totalWatts"] - v) < 1 for v in known),
            (view["header"]["totalWatts"], known))
        self.assertGreater(view["header"]["pue"], 1)
        self.assertNotIn("readingsStored", view["health"])
        self.assertNotIn("polls", view["devices"][0])
        self.assertLess(view["past"]["oldestMS"], at)

    def test_points_of_a_moment(self):
        at = self.now() - 3 * HOUR
        view = harness.ask_json(self.socket, "/api/v1/snapshot?at=%d" % at)
        name = next(d["name"] for d in view["devices"] if d["name"].startswith("pdu"))
        device = harness.ask_json(self.socket, "/api/v1/devices/%s?at=%d" % (name, at))
        self.assertTrue(all(p.get("timeMS", at) <= at for p in device["points"]))
        power = next(p for p in device["points"] if p["name"] == "input.power")
        self.assertEqual(power["quality"], "good")
        self.assertTrue(power["origin"])
        last = harness.ask_json(
            self.socket, "/api/v1/last?glob=%s/input.power&at=%d" % (name, at))
        self.assertEqual([p["text"] for p in last], [power["text"]])

    def test_refusals(self):
        now = self.now()
        for query, status, text in [
                ("at=%d" % (now + 10 * HOUR), 400, "future"),
                ("at=%d" % (now - 400 * 24 * HOUR), 404, "first reading"),
                ("at=yesterday", 400, "milliseconds since 1970"),
                ("at=99999999999999999999", 400, "milliseconds since 1970"),
                ("at=-9007199254740000", 404, "first reading")]:
            for path in ["snapshot?", "last?glob=*&"]:
                answer = harness.ask(self.socket, "/api/v1/%s%s" % (path, query))
                self.assertEqual(answer[0], status, (path, query, answer))
                self.assertIn(text, answer[1])

    @unittest.skipUnless(shutil.which("tmux"), "skipped: tmux is not installed")
    def test_console_goes_back_and_returns(self):
        base = ["tmux", "-u", "-S", os.path.join(self.folder, "tmux"), "-f", "/dev/null"]

        def tmux(*arguments, check=True):
            return subprocess.run(
                [*base, *arguments], capture_output=True, text=True, timeout=20, check=check,
                env=dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")).stdout

        self.addCleanup(tmux, "kill-server", check=False)
        tmux("new-session", "-d", "-s", "past", "-x", "140", "-y", "40",
             "LC_ALL=C.UTF-8 %s top --socket %s --at -25h" % (harness.BINARY, self.socket))

        def screen():
            return tmux("capture-pane", "-p", "-t", "past")

        def wait(what, seen):
            try:
                harness.wait_for(what, lambda: seen(screen()), 30)
            except AssertionError as error:
                raise AssertionError("%s\n%s" % (error, screen()))

        wait("the past", lambda s: re.search(r"PAST \d\d-\d\d \d\d:\d\d", s))
        self.assertNotIn("live", screen())
        self.assertIn("1 d ago", screen())
        for key, text in [("2", "inlet"), ("5", "Power chain"), ("1", "Total power")]:
            tmux("send-keys", "-t", "past", key)
            wait(text, lambda s: text in s and "PAST" in s)
        tmux("send-keys", "-t", "past", "4")
        tmux("send-keys", "-t", "past", "a")
        wait("why nothing is acknowledged", lambda s: "the past cannot be changed" in s)
        tmux("send-keys", "-t", "past", "]", "]")
        wait("two hours later", lambda s: "23 h" in s and "loading" not in s)
        tmux("send-keys", "-t", "past", "t")
        tmux("send-keys", "-t", "past", "-l", "--", "-400d")
        tmux("send-keys", "-t", "past", "Enter")
        wait("why not so far", lambda s: "nothing is stored" in s and "PAST" in s)
        tmux("send-keys", "-t", "past", "Escape")
        wait("the present", lambda s: " live" in s and "PAST" not in s)
        tmux("send-keys", "-t", "past", "q")

    def test_a_time_that_is_none_is_refused_at_once(self):
        done = harness.run("top", "--socket", self.socket, "--at", "teatime")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("yesterday 14:00", done.stderr)


if __name__ == "__main__":
    harness.main()
