"""Many sites at one engine: three sites forward to VictoriaMetrics and to Prometheus, and what is
told of them together is what each says of itself; one that stops is silent, never as it was."""

import json
import os
import re
import shlex
import shutil
import subprocess
import time
import unittest

import harness
from test_remote import Prometheus, VictoriaMetrics, iso, needs


class Terminal:
    """The program in a terminal of tmux."""

    def __init__(self, test, *arguments):
        self.base = ["tmux", "-u", "-S", test.path("tmux"), "-f", "/dev/null"]
        self.name = "t%d" % harness.free_port()
        words = " ".join(shlex.quote(str(x)) for x in (harness.BINARY, *arguments))
        self.run("new-session", "-d", "-s", self.name, "-x", "120", "-y", "40",
                 # What it says when it ends stays to be read.
                 "LC_ALL=C.UTF-8 %s; echo ended with $?; sleep 120" % words)
        test.addCleanup(self.run, "kill-session", "-t", self.name)

    def run(self, *arguments):
        return subprocess.run(
            [*self.base, *arguments], capture_output=True, text=True, timeout=20,
            env=dict(os.environ, LC_ALL="C.UTF-8", TERM="xterm-256color")).stdout

    def keys(self, *keys):
        self.run("send-keys", "-t", self.name, *keys)

    def text(self):
        return self.run("capture-pane", "-p", "-t", self.name)

    def wait(self, what, pattern):
        try:
            harness.wait_for(what, lambda: re.search(pattern, self.text()), 90)
        except AssertionError as error:
            raise AssertionError("%s\n%s" % (error, self.text()))


class Fleet(unittest.TestCase):
    NAMES = ["datong", "lvliang", "taiyuan"]

    def setUp(self):
        self.folder = self.enterContext(harness.workspace())
        self.engines = [VictoriaMetrics(self.folder), Prometheus(self.folder)]
        for engine in self.engines:
            needs(engine.command()[0])
            self.addCleanup(engine.stop)
            engine.start()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def devices(self, with_past=True):
        """A demo whose devices the sites ask, and a store of two days of the same devices."""
        demo = ["demo", "--racks", 2, "--headless"]
        if with_past:
            harness.run(
                *demo, "--history", "2d", "--for", "1s", "--dir", self.path("past"), check=0)
        farm = harness.Child(
            harness.BINARY, *demo, "--history", "0d", "--for", "300s", "--dir", self.path("farm"))
        self.addCleanup(farm.kill)
        harness.wait_for("the devices", lambda: os.path.exists(
            self.path("farm", "frostline.sock")), 30, farm)

    def site(self, name, has_past):
        with open(self.path("farm", "site.yaml")) as f:
            lines = f.read().splitlines()
        at = next(i for i, x in enumerate(lines) if x.startswith("site:"))
        for index in range(at, at + 4):
            head, mark, rest = lines[index].partition("name: ")
            if mark:
                lines[index] = head + mark + name + rest[len(rest.split(",")[0].split("}")[0]):]
                break
        forward = ["forward:"] + [
            "  - {name: r%d, url: \"%s\", order: %s}" % (i, x.write, ("live", "time")[i])
            for i, x in enumerate(self.engines)]
        os.mkdir(self.path(name))
        if has_past:
            for file in os.listdir(self.path("past")):
                if file.startswith("frostline") or ".db" in file or ".sqlite" in file:
                    if not file.endswith(".sock"):
                        shutil.copy(self.path("past", file), self.path(name, file))
        with open(self.path(name, "site.yaml"), "w") as f:
            f.write("\n".join(lines + forward) + "\n")
        sock = self.path(name, "s.sock")
        child = harness.Child(
            harness.BINARY, "serve", "--config", self.path(name, "site.yaml"), "--data",
            self.path(name), "--socket", sock)
        child.socket = sock
        self.addCleanup(child.kill)
        return child

    def fleet(self, engine):
        path = self.path("fleet-%d.yaml" % engine.port)
        with open(path, "w") as f:
            f.write("remote: \"%s\"\nsites:\n  - {name: datong, displayName: 大同}\n  - lvliang\n"
                    "  - taiyuan\n  - yuncheng\n" % engine.base)
        return path

    def top(self, engine):
        done = harness.run("top", "--fleet", "--json", "--fleet-file", self.fleet(engine))
        return json.loads(done.stdout) if done.returncode in (0, 1) else None

    def states(self, engine):
        picture = self.top(engine)
        return {x["site"]: x["state"] for x in picture["sites"]} if picture else {}

    def here(self, name):
        """What the site itself says of this month."""
        done = harness.run("energy", "pue", "--month", self.month, "--json", "--config",
                           self.path(name, "site.yaml"), "--data", self.path(name))
        return json.loads(done.stdout)

    def there(self, engine):
        done = harness.run("energy", "pue", "--fleet", "--json", "--fleet-file",
                           self.fleet(engine), check=0)
        return json.loads(done.stdout)

    @property
    def month(self):
        return time.strftime("%Y-%m", time.gmtime(time.time() + 8 * 3600))

    def test_three_sites_are_told_together_and_one_that_stops_is_silent(self):
        begun = time.monotonic()
        self.devices()
        children = {n: self.site(n, has_past=n != "taiyuan") for n in self.NAMES}
        expected = dict.fromkeys(self.NAMES, "live")
        expected["yuncheng"] = "missing"
        for engine in self.engines:
            harness.wait_for("all sites are there", lambda: self.states(engine) == expected, 60)
            harness.wait_for("their months are known", lambda: sum(
                x.get("month", {}).get("totalWattHours", 0) > 0
                for x in self.top(engine)["sites"]) == 2, 30)
            harness.wait_for("their powers are known", lambda: sum(
                "pue" in x for x in self.top(engine)["sites"]) == 3, 30)
        live = [self.check_live(x, children) for x in self.engines]
        print(harness.run("top", "--fleet", "--once", "--fleet-file",
                          self.fleet(self.engines[0]), check=0).stdout)
        # One is cut off in the middle of a word; meanwhile the others are asked for their months.
        children["lvliang"].kill()
        stopped = time.time()
        months = [self.check_months(x) for x in self.engines]
        self.assertEqual(months[0], months[1])
        print("fleet: PUE now %s and of the month %s" % (live, months))
        expected["lvliang"] = "silent"
        for engine in self.engines:
            harness.wait_for("the one that stopped is silent",
                             lambda: self.states(engine) == expected, 60)
            self.check_silent(engine, stopped)
        print("fleet: %.1f s" % (time.monotonic() - begun))

    def check_live(self, engine, children):
        picture = self.top(engine)
        sites = {x["site"]: x for x in picture["sites"]}
        self.assertEqual(sites["datong"]["displayName"], "大同")
        self.assertNotIn("itWatts", sites["yuncheng"])
        for name, child in children.items():
            view = harness.run_json("status", "--socket", child.socket)
            site = sites[name]
            self.assertEqual(site["devicesTotal"], view["health"]["devicesTotal"])
            self.assertEqual(site["pueCategory"], view["header"]["pueCategory"])
            self.assertLess(site["ageMS"], 30_000)
            # Seconds lie between the two; loads of racks move slowly.
            self.assertAlmostEqual(
                site["itWatts"] / view["header"]["itWatts"], 1, delta=0.1, msg=name)
            self.assertAlmostEqual(site["pue"], view["header"]["pue"], delta=0.05, msg=name)
        known = [sites[n] for n in self.NAMES]
        self.assertEqual(picture["itWatts"], sum(x["itWatts"] for x in known))
        self.assertEqual(picture["devicesTotal"], sum(x["devicesTotal"] for x in known))
        category, = picture["categories"]
        self.assertEqual(category["sites"], 3)
        self.assertAlmostEqual(float(category["pue"]), sum(
            x["totalWatts"] for x in known) / sum(x["itWatts"] for x in known), places=4)
        return category["pue"]

    def check_months(self, engine):
        def same():
            fleet = {x["site"]: x for x in self.there(engine)["sites"]}
            return all(fleet[n]["figure"]["pairedQuarterHours"] == self.here(n)[
                "pairedQuarterHours"] for n in self.NAMES)
        # A quarter hour may end meanwhile.
        harness.wait_for("site and fleet know the same quarter hours", same, 40)
        answer = self.there(engine)
        fleet = {x["site"]: x for x in answer["sites"]}
        for name in self.NAMES:
            here, figure = self.here(name), fleet[name]["figure"]
            for key in ("totalKilowattHours", "itKilowattHours", "quarterHours"):
                self.assertEqual(figure.get(key), here.get(key), name)
            self.assertEqual(figure.get("pue"), here.get("pue"), name)
        self.assertEqual(fleet["yuncheng"]["state"], "missing")
        self.assertEqual(fleet["yuncheng"]["figure"]["pairedQuarterHours"], 0)
        self.assertNotIn("totalKilowattHours", fleet["yuncheng"]["figure"])
        self.assertGreater(fleet["datong"]["figure"]["pairedQuarterHours"], 100)
        total, = answer["totals"]
        kwh = [float(fleet[n]["figure"].get("totalKilowattHours", 0)) for n in self.NAMES]
        self.assertAlmostEqual(float(total["figure"]["totalKilowattHours"]), sum(kwh), places=3)
        return total["figure"]["pue"]

    def check_silent(self, engine, stopped):
        picture = self.top(engine)
        site = next(x for x in picture["sites"] if x["site"] == "lvliang")
        self.assertEqual([x for x in site if "atts" in x or "pue" in x or x == "month"], [])
        # It had sent what it had until some seconds before.
        self.assertGreater(site["ageMS"], 30_000)
        self.assertLess(site["ageMS"] / 1000, time.time() - stopped + 25)
        self.assertEqual(picture["categories"][0]["sites"], 2)
        row = next(x for x in self.there(engine)["sites"] if x["site"] == "lvliang")
        self.assertTrue(row["state"].startswith("silent"), row)

    @unittest.skipUnless(shutil.which("tmux"), "skipped: tmux is not installed")
    def test_the_console_shows_a_site_by_what_it_has_sent(self):
        self.devices(with_past=False)
        live = self.site("lvliang", has_past=False)
        harness.wait_for("the site answers", lambda: harness.run(
            "status", "--socket", live.socket).returncode == 0, 60, live)
        for index, engine in enumerate(self.engines):
            path = self.path("remote-%d.yaml" % index)
            with open(self.path("farm", "site.yaml")) as f:
                text = f.read()
            name = re.search(r"name: ([^,}\s]+)", text[text.index("site:"):]).group(1)
            with open(path, "w") as f:
                f.write(text.replace("name: " + name, "name: lvliang", 1)
                        + "store: {remote: \"%s\"}\n" % engine.base)
            screen = Terminal(self, "top", "--config", path)
            # All of its devices, and the same figure that it shows itself.
            total = harness.run_json("status", "--socket", live.socket)["health"]["devicesTotal"]
            screen.wait("all devices", "Devices %d of %d answering" % (total, total))
            screen.wait("its PUE", r"PUE \d\.\d\d cat 3")
            seen = float(re.search(r"PUE (\d\.\d\d) cat", screen.text()).group(1))
            view = harness.run_json("status", "--socket", live.socket)
            self.assertAlmostEqual(seen, view["header"]["pue"], delta=0.05)
            self.assertIn("live", screen.text())
            screen.keys("2")
            screen.wait("racks with temperatures", r"inlet +\d\d\.\d °C")
            screen.keys("3", "Enter")
            screen.wait("points of a device", r"alarm\.state|input\.power|cooling\.mode")
            screen.wait("which are good", r" good ")
            engine.stop()
            screen.wait("that nothing comes any more", r"OFFLINE: these figures are \d+ s old")
            screen.keys("q")
        # The site itself has gone on.
        self.assertEqual(
            harness.run_json("status", "--socket", live.socket)["health"]["store"], "ok")

    def test_files_and_words_that_are_wrong_are_told(self):
        path = self.path("fleet.yaml")
        with open(path, "w") as f:
            f.write("remote: metrics.example\nsites: [a, a]\nsite_s: 1\n")
        done = harness.run("check", path)
        self.assertEqual(done.returncode, 2)
        for text in ("fleet.yaml:1:9: ", "stands already", "no key `site_s`"):
            self.assertIn(text, done.stderr)
        with open(path, "w") as f:
            f.write("remote: https://metrics.example\nsites: [a, b]\n")
        self.assertIn("2 sites", harness.run("check", path, check=0).stdout)
        self.assertEqual(harness.run("top", "--once").returncode, 2)
        nobody = "http://127.0.0.1:%d" % harness.free_port()
        for command in (["top", "--fleet", "--once"], ["energy", "pue", "--fleet"]):
            self.assertEqual(harness.run(*command, "--remote", nobody).returncode, 3)
        done = harness.run("energy", "pue", "--fleet", "--remote", nobody, "--from", "today")
        self.assertEqual(done.returncode, 2)
        self.assertIn("by months", done.stderr)
        # An engine that no site forwards to.
        base = self.engines[0].base
        self.assertEqual(
            harness.run("top", "--fleet", "--once", "--remote", base).returncode, 1)
        self.assertEqual(
            harness.run("energy", "pue", "--fleet", "--remote", base).returncode, 1)


if __name__ == "__main__":
    harness.main()
